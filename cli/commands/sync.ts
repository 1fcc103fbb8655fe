import { KeyturnError } from '../../src/errors.ts'
import { findSecret } from '../../src/inventory/lookup.ts'
import { type Comparison, compareOutput, hostState } from '../../src/rotation/deliver.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import { noticeForeign, openRotation, stateOf } from '../../src/rotation/open.ts'
import { settle } from '../../src/rotation/settle.ts'
import type { Fields, Inventory, Output, Secret } from '../../src/terms.ts'
import type { CommandContext, Run } from '../context.ts'
import type { Options } from '../declare.ts'
import { follow } from '../follow.ts'
import { listOption } from '../options.ts'
import { requireStrong } from '../value.ts'

const PATIENCE_MS = 60_000
const MARKS = { add: '+', change: '~', 'hand-edited': '!', gone: '-' } as const

/** The host stream, now: this host's files and consumers in line with the store. Shows names, never values. */
export const run: Run = async (context, files, options) => {
  const app = await context.app()
  const engine = await app.engine()
  const outputs = chosen(engine, files)
  if (options.check === true) return check(context, engine, outputs)
  const imported = listOption(options, 'import')
  if (imported.length > 0) return importValues(context, engine, outputs, imported, options)
  const discard = listOption(options, 'discard').flatMap((name) => variablesOf(engine.inventory(), name))
  for (const secret of engine.inventory().secrets) await noticeForeign(engine, secret, await stateOf(engine, secret))
  const before = await Promise.all(outputs.map((o) => compareOutput(engine, o)))
  const open = []
  for (const secret of engine.inventory().secrets) if ((await stateOf(engine, secret))?.rotation) open.push(secret)
  await settle(engine, open, { patientUntil: engine.clock.now() + PATIENCE_MS, force: outputs.map((o) => o.file), discard })
  const after = await Promise.all(outputs.map((o) => compareOutput(engine, o)))
  return report(context, engine, before, after)
}

function chosen(engine: Engine, files: readonly string[]): readonly Output[] {
  const { outputs, file } = engine.inventory()
  const own = outputs.filter((o) => o.host === engine.host)
  const unknown = files.find((f) => !own.some((o) => o.file === f || o.target === f))
  if (unknown !== undefined) {
    throw new KeyturnError('NAME_UNKNOWN', `${unknown} is no output of this host (${engine.host}) in ${file}`, {
      hint: own.length > 0 ? `there are: ${own.map((o) => o.file).join(', ')}` : 'name it under "outputs:"',
    })
  }
  return files.length === 0 ? own : own.filter((o) => files.includes(o.file) || files.includes(o.target))
}

/** The variables of a secret, or the one variable named. */
function variablesOf(inventory: Inventory, name: string): readonly string[] {
  const secret = findSecret(inventory, name)
  return Object.hasOwn(secret.env, name) ? [name] : Object.keys(secret.env)
}

async function check(context: CommandContext, engine: Engine, outputs: readonly Output[]): Promise<number> {
  const found = await Promise.all(outputs.map((o) => compareOutput(engine, o)))
  const differing = found.filter((c) => c.differences.some(isDrift))
  if (context.options.json) context.out.document({ schema: 'keyturn/sync@1', inSync: differing.length === 0, outputs: found.map(documentOf) })
  else if (differing.length === 0) context.out.say('every output holds what the store has')
  else context.out.print(differing.flatMap(lines).join('\n'))
  // Declared and not given yet is no drift: the file has nothing to differ from.
  for (const c of found) if (c.missing.length > 0) context.out.note(`${c.file}: no value in the store yet: ${c.missing.join(', ')}`)
  return differing.length === 0 ? 0 : 3
}

const isDrift = (d: Comparison['differences'][number]): boolean => d.kind !== 'same'

const lines = (c: Comparison): readonly string[] => [
  c.file,
  ...c.differences
    .filter(isDrift)
    .map(
      (d) =>
        `  ${MARKS[d.kind as keyof typeof MARKS]} ${d.name}${d.kind === 'hand-edited' ? '   edited by hand' : d.kind === 'gone' ? '   no longer in the inventory' : ''}`,
    ),
]

const documentOf = (c: Comparison) => ({ file: c.file, variables: c.differences.map(({ name, kind }) => ({ name, kind })), missing: c.missing })

/** A value edited by hand becomes the next version: a rotation whose new value is given. */
async function importValues(context: CommandContext, engine: Engine, outputs: readonly Output[], names: readonly string[], options: Options): Promise<number> {
  let worst = 0
  for (const name of names) {
    const secret = findSecret(engine.inventory(), name)
    const fields = await editedFields(engine, outputs, secret, variablesOf(engine.inventory(), name))
    await requireStrong(engine, secret, fields, options)
    const opened = await openRotation(engine, secret, { given: fields, reason: `secrets sync --import ${name}` })
    worst = Math.max(worst, await follow(context, engine, secret, opened.rotation?.id ?? null, 'sync'))
  }
  return worst
}

async function editedFields(engine: Engine, outputs: readonly Output[], secret: Secret, variables: readonly string[]) {
  for (const output of outputs) {
    const { differences, entries } = await compareOutput(engine, output)
    const edited = differences.filter((d) => d.kind === 'hand-edited' && variables.includes(d.name))
    const [first, ...rest] = edited.flatMap((d) => {
      const field = secret.env[d.name]
      const value = entries.find((e) => e.name === d.name)?.value
      return field !== undefined && value ? [value.map((text): Fields => ({ [field]: text }))] : []
    })
    if (first) return rest.reduce((all, one) => all.with(one, (a, b) => ({ ...a, ...b })), first)
  }
  throw new KeyturnError('NOTHING_OPEN', `${secret.name}: no value edited by hand is in ${outputs.map((o) => o.file).join(', ') || 'any output'}`, {
    hint: 'secrets sync --check   lists what differs',
  })
}

async function report(context: CommandContext, engine: Engine, before: readonly Comparison[], after: readonly Comparison[]): Promise<number> {
  const { out } = context
  const edited = after.flatMap((c) => c.differences.filter((d) => d.kind === 'hand-edited').map((d) => ({ file: c.file, name: d.name })))
  const pending = after.flatMap((c) => c.differences.filter((d) => d.kind === 'add' || d.kind === 'change').map((d) => ({ file: c.file, name: d.name })))
  const failures = Object.entries((await hostState(engine))?.failures ?? {})
  if (context.options.json) {
    out.document({
      schema: 'keyturn/sync@1',
      inSync: edited.length + pending.length === 0,
      outputs: after.map(documentOf),
      failures: failures.map(([on, f]) => ({ on, code: f.code, message: f.message, hint: f.hint })),
    })
  } else {
    for (const [i, c] of before.entries()) {
      const written = c.differences.filter((d) => isDrift(d) && after[i]?.differences.some((a) => a.name === d.name && a.kind === 'same'))
      out.say(
        written.length === 0
          ? `${c.file}: nothing to write`
          : [`${c.file}:`, ...written.map((d) => `  ${MARKS[d.kind as keyof typeof MARKS]} ${d.name}`)].join('\n'),
      )
      for (const name of c.missing) out.warn(`${c.file}: ${name} has no value in the store`, `secrets set ${name}`)
    }
  }
  for (const { file, name } of edited)
    out.warn(
      `${file}: ${name} was edited by hand and is left as it is`,
      `secrets sync --import ${name}   keeps it;  secrets sync --discard ${name}   writes the stored value`,
    )
  for (const [on, f] of failures) out.warn(`${on}: ${f.message}`, f.hint)
  if (failures.length > 0) return 1
  return edited.length > 0 || pending.length > 0 ? 3 : 0
}
