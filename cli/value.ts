import { readFileSync } from 'node:fs'
import { fromFileSystem, KeyturnError } from '../src/errors.ts'
import { refusalOf } from '../src/policy/accept.ts'
import { isIdentifier } from '../src/policy/facts.ts'
import type { Engine } from '../src/rotation/engine.ts'
import { paramsOf } from '../src/rotation/guided.ts'
import { stateOf } from '../src/rotation/open.ts'
import type { Sensitive } from '../src/sensitive.ts'
import type { Fields, Secret } from '../src/terms.ts'
import type { CommandContext } from './context.ts'
import type { Options } from './declare.ts'
import { textOption } from './options.ts'
import { decodeValue, takeValue } from './stdin.ts'

/** Which field of a secret is meant: the one of the variable named, `--field`, or the only one that is no user name. USAGE otherwise. */
export function fieldOf(secret: Secret, name: string, options: Options): string {
  const wanted = textOption(options, 'field')
  if (wanted !== undefined) {
    if (secret.fields.includes(wanted)) return wanted
    throw new KeyturnError('USAGE', `${secret.name} has no field "${wanted}"`, { hint: `it has: ${secret.fields.join(', ')}` })
  }
  const byVariable = Object.hasOwn(secret.env, name) ? secret.env[name] : undefined
  if (byVariable !== undefined && (name !== secret.name || secret.fields.length === 1)) return byVariable
  const guarded = secret.fields.filter((f) => !isIdentifier(f))
  const [only] = guarded.length === 0 ? secret.fields : guarded
  if (only !== undefined && guarded.length <= 1) return only
  throw new KeyturnError('USAGE', `${secret.name} has several fields: ${secret.fields.join(', ')}`, {
    hint: `say which one with --field, or name its variable: ${Object.keys(secret.env).join(', ')}`,
  })
}

/** The value a person gives: `--file`, a pipe, or a hidden prompt. Never an argument. */
export async function valueFrom(context: CommandContext, options: Options, question: string): Promise<Sensitive<string>> {
  const file = textOption(options, 'file')
  if (file === undefined) return takeValue(context, question)
  try {
    return decodeValue(readFileSync(file), file)
  } catch (error) {
    throw fromFileSystem(error, 'read', file)
  }
}

/** Guided rotation: what a person must do, then the new value on a hidden prompt. NEEDS_PERSON where nobody is there to answer. */
export async function askForFields(context: CommandContext, engine: Engine, secret: Secret): Promise<Sensitive<Fields>> {
  const rotator = engine.rotators.get(secret.rotator.kind)
  const params = rotator?.params.safeParse(paramsOf(secret))
  const guide = params?.success ? rotator?.guide?.(params.data) : undefined
  const steps = guide?.instructions ?? []
  if (!context.prompts.possible) {
    throw new KeyturnError('NEEDS_PERSON', `${secret.name}: a person has to make the new value${guide?.url ? ` at ${guide.url}` : ' at the provider'}`, {
      hint: `give it with: secrets set ${secret.name} < FILE`,
      details: steps,
    })
  }
  for (const [i, step] of steps.entries()) context.out.note(`${i + 1}. ${step}`)
  const field = fieldOf(secret, secret.name, {})
  const value = await context.prompts.hidden(`New value of ${secret.name}: `, `secrets set ${secret.name}`)
  const fields = value.map((text) => ({ [field]: text }) as Fields)
  await requireStrong(engine, secret, fields, {}, `use another value; if you must: secrets set ${secret.name} --force`)
  return fields
}

/** VALUE_REFUSED for a value that the policy would report at once, unless `--force`. */
export async function requireStrong(
  engine: Engine,
  secret: Secret,
  fields: Sensitive<Fields>,
  options: Options,
  hint = 'use another value, or --force if you must',
): Promise<void> {
  if (options.force === true) return
  const fingerprints = await engine.fingerprints()
  const why = refusalOf(await engine.facts(fields, secret.env, fingerprints), secret.policy)
  if (why !== null) throw new KeyturnError('VALUE_REFUSED', `${secret.name}: ${why}`, { hint })
  const before = (await stateOf(engine, secret))?.former.find((v) => v.fingerprint === fingerprints.of(fields))
  if (before)
    throw new KeyturnError('VALUE_REFUSED', `${secret.name}: this is the value of version ${before.n}, which was replaced`, {
      hint: `secrets rollback ${secret.name} goes back to the previous one; else another value, or --force if you must`,
    })
}
