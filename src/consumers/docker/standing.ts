import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConsumerContext } from '../../ports.ts'
import { Sensitive } from '../../sensitive.ts'

/**
 * The same context with the values that stand in the output itself in the place of the store's: a value that somebody edited there
 * is what a new container gets, and must not keep the others from being delivered and proved. What it is worth is the engine's to judge.
 */
export async function asItStands<C extends ConsumerContext<unknown>>(ctx: C): Promise<C> {
  const standing = new Map<string, Sensitive<string>>()
  if (ctx.target.endsWith('/')) {
    for (const name of ctx.vars) {
      const text = await textOf(join(ctx.target, name))
      if (text) standing.set(name, text)
    }
  } else {
    const text = await textOf(ctx.target)
    for (const { name, value } of (text && entriesOf(ctx, text)) ?? []) standing.set(name, value)
  }
  const expected = Object.entries(ctx.expected).map(([name, value]) => [name, standing.get(name) ?? value] as const)
  return { ...ctx, expected: Object.fromEntries(expected) }
}

async function textOf(file: string): Promise<Sensitive<string> | null> {
  try {
    return new Sensitive(await readFile(file, 'utf8'))
  } catch {
    return null
  }
}

/** A file that cannot be read says nothing here; the engine says so when it writes it. */
function entriesOf(ctx: ConsumerContext<unknown>, text: Sensitive<string>) {
  try {
    return ctx.parse?.(text)
  } catch {
    return undefined
  }
}
