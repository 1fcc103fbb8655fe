import { readFile } from 'node:fs/promises'
import path from 'node:path'
import * as z from 'zod'
import { fromFileSystem, KeyturnError } from '../../errors.ts'
import type { RotatorContext } from '../../ports.ts'
import { Sensitive } from '../../sensitive.ts'
import type { Fields } from '../../terms.ts'
import { durationMs, durationSchema } from '../duration.ts'
import { secretField, userField } from '../fields.ts'
import { requirementSchema } from '../generate.ts'
import type { Host } from './change.ts'
import type { Credential } from './probe.ts'
import type { ReloadWay } from './reload.ts'

/** What stands in the inventory about an Asterisk, and what it comes to. */

/** As a section name, as the user of HTTP Basic (no colon), and readable in messages. */
const userName = z
  .string()
  .max(80)
  .regex(/^[A-Za-z0-9_.@+-]+$/, 'a user name holds letters, digits and _ . @ + -')
  .refine((name) => name.toLowerCase() !== 'general', '[general] is no user')

export const asteriskParams = z
  .strictObject({
    /** Address of ARI, with the prefix of http.conf if there is one. */
    url: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:8088/ari'),
    /** PEM file of the authority of an https address. */
    ca: z.string().optional(),
    /** The file that Asterisk reads, as this machine sees it. */
    config: z.string().min(1).default('/etc/asterisk/ari.conf'),
    /** Its folder as Asterisk sees it, for absolute includes. */
    etc: z.string().startsWith('/').default('/etc/asterisk'),
    /** One user: the old password dies when the new one is set. Default: what the user name field says. */
    user: userName.optional(),
    /** Two users in turn: both work during the overlap. */
    users: z.tuple([userName, userName]).optional(),
    reload: z
      .union([
        z.enum(['cli', 'ari']),
        z.strictObject({ cli: z.array(z.string().min(1)).min(1) }),
        z.strictObject({
          ami: z.strictObject({ host: z.string().default('127.0.0.1'), port: z.int().min(1).max(65535).default(5038), user: z.string().optional() }),
        }),
      ])
      .default('cli'),
    timeout: durationSchema.default('10s'),
    /** The field that holds the password, where its name does not say so. */
    field: z.string().optional(),
    /** What a new password looks like. */
    value: requirementSchema.optional(),
    /** Options in `[general]` that this Asterisk knows and Keyturn does not. */
    options: z.array(z.string()).default([]),
  })
  .superRefine((params, ctx) => {
    if (params.user !== undefined && params.users !== undefined) ctx.addIssue({ code: 'custom', message: 'give user or users, not both' })
    const [a, b] = params.users ?? []
    if (a !== undefined && a.toLowerCase() === b?.toLowerCase()) {
      ctx.addIssue({ code: 'custom', path: ['users'], message: 'two different users are needed; releases before 20.15 ignore case' })
    }
  })

export type AsteriskParams = z.output<typeof asteriskParams>
export type Context = RotatorContext<AsteriskParams>

/** Everything outside that the verbs work on. FILE_UNREADABLE for the authority's file; CONFIG_INVALID for a reload way without its admin secret. */
export async function hostOf(ctx: Context): Promise<Host> {
  const { params } = ctx
  const timeoutMs = durationMs(params.timeout)
  const ca = params.ca === undefined ? undefined : await readAuthority(path.resolve(ctx.dir, params.ca))
  return {
    config: path.resolve(ctx.dir, params.config),
    etc: params.etc,
    options: params.options,
    ari: {
      url: params.url.replace(/\/+$/, ''),
      timeoutMs,
      signal: ctx.signal,
      serverDate: (date) => ctx.serverDate(date),
      ...(ca !== undefined && { ca }),
    },
    way: wayOf(ctx, timeoutMs),
  }
}

async function readAuthority(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw fromFileSystem(error, 'read', file)
  }
}

function wayOf(ctx: Context, timeoutMs: number): ReloadWay {
  const { reload } = ctx.params
  if (reload === 'ari') return { by: 'ari' }
  if (reload === 'cli' || 'cli' in reload) {
    const argv = reload === 'cli' ? ['asterisk', '-rx'] : reload.cli
    return { by: 'cli', cli: { argv, dir: ctx.dir, env: ctx.env, timeoutMs, signal: ctx.signal } }
  }
  const user = reload.ami.user ?? ctx.admin[0]?.reveal()[userField(Object.keys(ctx.admin[0].reveal())) ?? '']
  if (ctx.admin.length === 0 || user === undefined) {
    throw new KeyturnError('CONFIG_INVALID', `asterisk-ari: a reload over AMI needs ${user === undefined ? 'the AMI user' : 'the password of the AMI user'}`, {
      hint: 'Declare a secret for it, name that as "admin:" of the rotator, and give "reload: { ami: { user: NAME } }".',
    })
  }
  return { by: 'ami', host: reload.ami.host, port: reload.ami.port, user, passwords: adminPasswords(ctx) }
}

const adminPasswords = (ctx: Context): readonly Sensitive<string>[] =>
  ctx.admin.map((fields) => fields.map((all) => all[secretField('asterisk-ari', Object.keys(all), undefined)] ?? ''))

/** An ARI user that was named as admin, for the reload over ARI. */
export function adminLogins(ctx: Context): readonly Credential[] {
  if (ctx.params.reload !== 'ari') return []
  return ctx.admin.flatMap((fields, i) => {
    const user = fields.reveal()[userField(Object.keys(fields.reveal())) ?? '']
    const password = adminPasswords(ctx)[i]
    return user === undefined || password === undefined ? [] : [{ user, password }]
  })
}

/** The fields that hold password and user name. CONFIG_INVALID where two users take turns and no field could say whose turn it is. */
export function rolesOf(ctx: Context): { readonly password: string; readonly user: string | null } {
  const password = secretField('asterisk-ari', ctx.fields, ctx.params.field)
  const user = userField(ctx.fields)
  if (ctx.params.users !== undefined && user === null) {
    throw new KeyturnError('CONFIG_INVALID', 'asterisk-ari: with two users in turn the user name changes too, and this secret has no field for it', {
      hint: 'Declare it: "env: { ASTERISK_ARI_USERNAME: username, ASTERISK_ARI_PASSWORD: password }".',
    })
  }
  return { password, user }
}

/** Whose password these fields are. CONFIG_INVALID where nothing says so, or where params and field differ. */
export function userOf(ctx: Context, fields: Fields): string {
  const { user: field } = rolesOf(ctx)
  const named = field === null ? undefined : fields[field]
  const { user, users } = ctx.params
  if (users !== undefined) {
    if (named !== undefined && users.includes(named)) return named
    throw new KeyturnError(
      'CONFIG_INVALID',
      `asterisk-ari: the secret is for the user "${named ?? ''}", and the rotator has ${users.map((one) => `"${one}"`).join(' and ')}`,
      {
        hint: 'Put the user that your application logs in with among "users:" of the rotator.',
      },
    )
  }
  if (user !== undefined && named !== undefined && user !== named) {
    throw new KeyturnError('CONFIG_INVALID', `asterisk-ari: the secret is for the user "${named}", and the rotator says "${user}"`, {
      hint: 'Take "user:" out of the rotator: the field says it.',
    })
  }
  const name = named ?? user
  if (name === undefined || !userName.safeParse(name).success) {
    throw new KeyturnError('CONFIG_INVALID', 'asterisk-ari: it is not known for which user of ari.conf the password is', {
      hint: 'Set "user: NAME" in the rotator (letters, digits and _ . @ + -).',
    })
  }
  return name
}

export const passwordOf = (ctx: Context, fields: Fields): string => fields[rolesOf(ctx).password] ?? ''

/** What logs in with these fields. */
export const credentialOf = (ctx: Context, fields: Fields): Credential => ({ user: userOf(ctx, fields), password: new Sensitive(passwordOf(ctx, fields)) })
