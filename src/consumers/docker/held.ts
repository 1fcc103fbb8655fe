import { KeyturnError } from '../../errors.ts'
import type { ConsumerContext } from '../../ports.ts'
import type { Fingerprint } from '../../terms.ts'
import { OTHER } from '../challenge.ts'
import { type Container, isRunning } from './containers.ts'
import { readInside, type Seen, seenThrough, writtenAt } from './inside.ts'
import { type Takes, textOf } from './takes.ts'
import { readHeld } from './template.ts'

/** By variable: what is held, in every place and container where it stands. */
type Held = ReadonlyMap<string, Fingerprint | null>

/**
 * Which values containers hold: what they were created with, and what stands in their mounted files. A variable that is in none
 * of these is not in the answer. One that is current in some places and another in others is the other.
 *
 * @param rereads the program reads a mounted file by itself when it changes; else what was written after its start counts for nothing
 */
export async function heldBy(ctx: ConsumerContext<unknown>, containers: readonly Container[], takes: Takes, rereads: boolean): Promise<Held> {
  const all = new Map<string, Fingerprint | null>()
  const add = (name: string, found: Fingerprint | null): void => {
    const expected = ctx.expected[name]
    const before = all.get(name)
    if (before === undefined || (expected && before === ctx.fingerprints.ofValue(expected))) all.set(name, found)
  }
  for (const container of containers) {
    for (const { place, template } of takes.texts) {
      // A file of Compose's own making is made with the container.
      if (place.in === 'file' && !isRunning(container)) continue
      const text = place.in === 'file' ? await readInside(ctx, container, { path: place.path, source: null }) : textOf(container, place)
      for (const [name, found] of readHeld(ctx, template, text)) add(name, found)
    }
    for (const seen of seenThrough(ctx, takes.mounts)) for (const [name, found] of await heldInFile(ctx, container, seen, rereads)) add(name, found)
  }
  return all
}

async function heldInFile(ctx: ConsumerContext<unknown>, container: Container, seen: Seen, rereads: boolean): Promise<Held> {
  const late = !rereads && isRunning(container) && container.startedAt < writtenAt(seen)
  const text = await readInside(ctx, container, seen)
  const names = seen.name === null ? ctx.vars : [seen.name]
  if (text === null) return new Map(names.map((name) => [name, null]))
  // It may have read the file before it was written.
  if (late) return new Map(names.map((name) => [name, OTHER]))
  if (seen.name !== null) return new Map([[seen.name, ctx.fingerprints.ofValue(text)]])
  if (!ctx.parse) throw new KeyturnError('CONSUMER_FAILED', `${container.name}: ${seen.path} cannot be read as an env file here`)
  const entries = new Map(ctx.parse(text).map(({ name, value }) => [name, value]))
  return new Map(
    names.map((name) => {
      const value = entries.get(name)
      return [name, value ? ctx.fingerprints.ofValue(value) : null]
    }),
  )
}

/** Whether every variable that is taken is the one of the file. */
export const isCurrent = (ctx: ConsumerContext<unknown>, held: Held): boolean =>
  [...held].every(([name, found]) => {
    const expected = ctx.expected[name]
    return expected !== undefined && found === ctx.fingerprints.ofValue(expected)
  })
