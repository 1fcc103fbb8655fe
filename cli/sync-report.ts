import type { DriftKind } from '../src/rotation/compare.ts'
import type { Comparison } from '../src/rotation/deliver.ts'
import type { Engine } from '../src/rotation/engine.ts'
import type { CommandContext } from './context.ts'
import { hostFailures } from './follow.ts'

const MARKS: Readonly<Record<Exclude<DriftKind, 'same'>, string>> = { add: '+', change: '~', 'hand-edited': '!', gone: '-' }
const REMARKS: Readonly<Partial<Record<DriftKind, string>>> = { 'hand-edited': '   edited by hand', gone: '   no longer in the inventory' }

type Difference = Comparison['differences'][number]

const isDrift = (d: Difference): d is Difference & { kind: Exclude<DriftKind, 'same'> } => d.kind !== 'same'

/** Variables with a value that nobody of us wrote. */
export const editedIn = (found: readonly Comparison[]): readonly { readonly file: string; readonly name: string }[] =>
  found.flatMap((c) => c.differences.filter((d) => d.kind === 'hand-edited').map((d) => ({ file: c.file, name: d.name })))

/** `sync --check`: names only. Status 3 on drift. */
export function reportCheck(context: CommandContext, found: readonly Comparison[]): number {
  const differing = found.filter((c) => c.differences.some(isDrift))
  if (context.options.json) context.out.document({ schema: 'keyturn/sync@1', inSync: differing.length === 0, outputs: found.map(outputJson), failures: [] })
  else if (differing.length > 0) context.out.print(differing.flatMap(lines).join('\n'))
  else context.out.say(found.length === 0 ? 'no output is declared for this host' : 'every output holds what the store has')
  // Declared and not given yet is no drift: the file has nothing to differ from.
  for (const c of found) if (c.missing.length > 0) context.out.note(`${c.file}: no value in the store yet: ${c.missing.join(', ')}`)
  return differing.length === 0 ? 0 : 3
}

const lines = (c: Comparison): readonly string[] => [
  c.file,
  ...c.differences.filter(isDrift).map((d) => `  ${MARKS[d.kind]} ${d.name}${REMARKS[d.kind] ?? ''}`),
]

const outputJson = (c: Comparison) => ({ file: c.file, variables: c.differences.map(({ name, kind }) => ({ name, kind })), missing: c.missing })

/** What a sync wrote and what it could not. 1: something failed; 3: a file still differs. */
export async function reportSync(context: CommandContext, engine: Engine, before: readonly Comparison[], after: readonly Comparison[]): Promise<number> {
  const { out } = context
  const edited = editedIn(after)
  const inSync = !after.some((c) => c.differences.some((d) => d.kind !== 'same' && d.kind !== 'gone'))
  const failures = await hostFailures(engine)
  if (context.options.json) {
    const failed = failures.map(([on, { code, message, hint }]) => ({ on, code, message, hint }))
    out.document({ schema: 'keyturn/sync@1', inSync, outputs: after.map(outputJson), failures: failed })
  } else {
    if (after.length === 0) out.say('no output is declared for this host')
    for (const [i, c] of before.entries()) for (const line of writtenLines(c, after[i])) out.say(line)
    for (const c of after) for (const name of c.missing) out.note(`${c.file}: ${name} has no value in the store yet: secrets set ${name}`)
  }
  for (const one of edited) sayEdited(context, engine, one)
  for (const [on, f] of failures) out.warn(`${on}: ${f.message}`, f.hint)
  if (failures.length > 0) return 1
  return inSync ? 0 : 3
}

/** Warns of a value that somebody wrote by hand, with both ways on. */
export function sayEdited({ out }: CommandContext, engine: Engine, { file, name }: { readonly file: string; readonly name: string }): void {
  const discard = `secrets sync --discard ${name}   writes the stored value`
  const isTemplate = engine.inventory().outputs.some((o) => Object.hasOwn(o.vars, name))
  out.warn(`${file}: ${name} was edited by hand and is left as it is`, isTemplate ? discard : `secrets sync --import ${name}   keeps it;  ${discard}`)
}

/** The variables that differed before and no longer do. */
function writtenLines(before: Comparison, after: Comparison | undefined): readonly string[] {
  const written = before.differences.filter(isDrift).filter((d) => after?.differences.some((a) => a.name === d.name && a.kind === 'same'))
  if (written.length > 0) return [`${before.file}:`, ...written.map((d) => `  ${MARKS[d.kind]} ${d.name}`)]
  return after?.differences.some(isDrift) ? [] : [`${before.file}: nothing to write`]
}
