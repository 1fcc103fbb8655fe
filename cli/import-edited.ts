import { KeyturnError } from '../src/errors.ts'
import { compareOutput } from '../src/rotation/deliver.ts'
import type { Engine } from '../src/rotation/engine.ts'
import { openRotation } from '../src/rotation/open.ts'
import type { Sensitive } from '../src/sensitive.ts'
import type { Fields, Output, Secret } from '../src/terms.ts'
import type { CommandContext } from './context.ts'
import type { Options } from './declare.ts'
import { isFailed, outcomeJson, sayOutcome, sayRestarts, settleOne } from './follow.ts'
import { requireStrong } from './value.ts'

/** A name given to `sync`, and the variables that it means. */
export interface Named {
  readonly name: string
  /** `null`: a variable that a template makes. */
  readonly secret: Secret | null
  readonly variables: readonly string[]
}

/** `sync --import`: a value edited by hand becomes the next version, by a rotation whose new value is given. */
export async function importValues(
  context: CommandContext,
  engine: Engine,
  outputs: readonly Output[],
  named: readonly Named[],
  options: Options,
): Promise<number> {
  const given = new Map<Secret, { readonly fields: Sensitive<Fields>; readonly names: readonly string[] }>()
  const made = named.find((n) => n.secret === null)
  if (made) {
    throw new KeyturnError('USAGE', `${made.name} is made by a template, so its value is no secret's`, {
      hint: `set the secrets that it is made from, then: secrets sync --discard ${made.name}`,
    })
  }
  // Two variables of one secret are one version.
  for (const secret of new Set(named.flatMap((n) => n.secret ?? []))) {
    const own = named.filter((n) => n.secret === secret)
    const fields = await editedFields(
      engine,
      outputs,
      secret,
      own.flatMap((n) => n.variables),
    )
    await requireStrong(engine, secret, fields, options)
    given.set(secret, { fields, names: own.map((n) => n.name) })
  }
  const results = []
  for (const [secret, { fields, names }] of given) {
    const opened = await openRotation(engine, secret, { given: fields, reason: `secrets sync --import ${names.join(' ')}` })
    const outcome = await settleOne(context, engine, secret, opened.rotation?.id ?? null, 'sync --import')
    sayOutcome(context, engine, secret, outcome)
    results.push({ secret, outcome })
  }
  if (context.options.json) context.out.document({ schema: 'keyturn/import@1', results: results.map(({ secret, outcome }) => outcomeJson(secret, outcome)) })
  const failed = results.filter(({ outcome }) => isFailed(outcome)).length
  if (failed === 0) {
    sayRestarts(
      context,
      engine,
      results.map(({ secret }) => secret),
    )
    return 0
  }
  return failed === results.length ? 1 : 4
}

async function editedFields(engine: Engine, outputs: readonly Output[], secret: Secret, variables: readonly string[]): Promise<Sensitive<Fields>> {
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
  // Seen a moment ago: somebody has edited the file again.
  throw new KeyturnError('ANSWER_STALE', `${secret.name}: the value edited by hand is no longer there`)
}
