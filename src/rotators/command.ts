import * as z from 'zod'
import { KeyturnError } from '../errors.ts'
import type { RotatorContext, Version } from '../ports.ts'
import { Sensitive } from '../sensitive.ts'
import type { Fields, Json } from '../terms.ts'
import { askProgram } from './command/ask.ts'
import { defineRotator } from './define.ts'
import { durationMs, durationSchema } from './duration.ts'
import { completeFields, secretField } from './fields.ts'
import { generate, requirementSchema } from './generate.ts'

const VERBS = ['create', 'set', 'test', 'revoke', 'orphans', 'describe'] as const
type Verb = (typeof VERBS)[number]

const params = z
  .strictObject({
    /** The program and its arguments; a relative path starts at the inventory's folder. No value ever goes here. */
    command: z.array(z.string().min(1)).min(1),
    /** The verbs that the program knows. */
    verbs: z.array(z.enum(VERBS)).default(['create', 'test', 'revoke']),
    /** Whether the provider accepts old and new at the same time. */
    overlap: z.boolean().default(true),
    timeout: durationSchema.default('30s'),
    /** Handed to the program as it is. */
    with: z.record(z.string(), z.json()).default({}),
    /** What the value looks like where Keyturn invents it (with `set` and without `create`). */
    value: requirementSchema.optional(),
    /** The field to invent, where its name does not say so. */
    field: z.string().optional(),
  })
  .superRefine(({ verbs }, ctx) => {
    const problem = !verbs.includes('test')
      ? 'without test nothing can be proved: the program has to know it'
      : !verbs.includes('create') && !verbs.includes('set')
        ? 'the program has to know create (the provider makes the value) or set (Keyturn makes it)'
        : verbs.includes('orphans') && verbs.includes('set')
          ? 'orphans are for values that the provider makes; with set there are none'
          : null
    if (problem !== null) ctx.addIssue({ code: 'custom', path: ['verbs'], message: problem })
  })
type Params = z.output<typeof params>
type Context = RotatorContext<Params>

/**
 * A provider that only a program of the user's knows. Each verb is one run of it: one JSON document on stdin, one on stdout,
 * `docs/rotators/command.md` has the contract. With `set` among its verbs Keyturn invents the value and the program tells the
 * provider; without, the provider makes it in `create`.
 */
export const command = defineRotator<Params>({
  name: 'command',
  params,
  summary: 'runs a program of yours for each step',
  how: ['command', 'verbs', 'timeout'],
  overlap: (given) => given.overlap,
  sets: (given) => given.verbs.includes('set'),
  revokes: (given) => given.verbs.includes('revoke'),
  lists: (given) => given.verbs.includes('orphans'),
  plan: (given) => [
    `runs ${given.command.join(' ')} for ${given.verbs.join(', ')}`,
    ...(given.overlap ? [] : ['the old value is refused as soon as the new one is set: consumers fail until they run with it']),
    ...(given.verbs.includes('revoke') ? [] : ['the program cannot revoke: the old value lives on at the provider']),
  ],

  create: async (ctx) => {
    if (!ctx.params.verbs.includes('create')) return { fields: invent(ctx), id: null }
    const { fields, id } = await ask(ctx, 'create', { given: ctx.given?.reveal() ?? null })
    if (fields === undefined) throw outOfContract(ctx, 'create', 'has no "fields"')
    const missing = ctx.fields.filter((name) => (fields[name] ?? ctx.current?.fields.reveal()[name]) === undefined)
    if (missing.length > 0) throw outOfContract(ctx, 'create', `lacks the field ${missing.map((name) => `"${name}"`).join(', ')}`)
    return { fields: completeFields(ctx, 'command', fields), id: id ?? null }
  },
  set: async (ctx, version) => {
    await ask(ctx, 'set', about(version))
  },
  test: async (ctx, version) => {
    const { restricted } = await ask(ctx, 'test', about(version))
    return restricted === undefined ? {} : { restricted }
  },
  revoke: async (ctx, handle, retiring) => {
    if (!ctx.params.verbs.includes('revoke')) return
    const { note } = await ask(ctx, 'revoke', { version: retiring === null ? null : shown(retiring), id: handle.id })
    if (note !== undefined) return { note }
  },
  orphans: async (ctx) => {
    if (!ctx.params.verbs.includes('orphans')) return []
    return (await ask(ctx, 'orphans', {})).ids ?? []
  },
  describe: async (ctx, version) => {
    if (!ctx.params.verbs.includes('describe')) return {}
    const { createdAt, lastUsedAt, expiresAt, id } = await ask(ctx, 'describe', about(version))
    return {
      ...(createdAt !== undefined && { createdAt }),
      ...(lastUsedAt !== undefined && { lastUsedAt }),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(id !== undefined && { id }),
    }
  },
})

function invent(ctx: Context): Sensitive<Fields> {
  if (ctx.given !== null) return completeFields(ctx, 'command', ctx.given.reveal())
  const field = secretField('command', ctx.fields, ctx.params.field)
  return completeFields(ctx, 'command', { [field]: generate(ctx.params.value ?? { format: 'token' }, ctx.policy, ctx.random).reveal() })
}

const shown = (version: Version): { fields: Fields; id: Json } => ({ fields: version.fields.reveal(), id: version.handle?.id ?? null })
const about = (version: Version): { version: Json; id: Json } => ({ version: shown(version), id: version.handle?.id ?? null })

function ask(ctx: Context, verb: Verb, more: Readonly<Record<string, Json>>): ReturnType<typeof askProgram> {
  const question = {
    keyturn: 'rotator@1',
    verb,
    token: ctx.token,
    with: ctx.params.with,
    fields: ctx.fields,
    policy: { minLength: ctx.policy.minLength, minEntropyBits: ctx.policy.minEntropyBits },
    current: ctx.current === null ? null : shown(ctx.current),
    admin: ctx.admin.map((fields) => fields.reveal()),
    ...more,
  }
  return askProgram({
    argv: ctx.params.command,
    verb,
    question: new Sensitive<Json>(question),
    dir: ctx.dir,
    env: ctx.env ?? {},
    timeoutMs: durationMs(ctx.params.timeout),
    signal: ctx.signal,
  })
}

const outOfContract = (ctx: Context, verb: Verb, what: string): KeyturnError =>
  new KeyturnError('COMMAND_FAILED', `command: ${ctx.params.command.join(' ')}: the answer to "${verb}" ${what}`)
