import { KeyturnError } from '../errors.ts'
import { Sensitive } from '../sensitive.ts'
import { makeChange, type Proof, readHost } from './asterisk/change.ts'
import { type Conf, effective } from './asterisk/conf.ts'
import { addUser, checkPassword, type Edit, replacePassword, restUser, wakeUser } from './asterisk/edit.ts'
import { endNote, inUse, notTaken, stillAccepted, taken } from './asterisk/outcome.ts'
import { type Credential, tryLogin } from './asterisk/probe.ts'
import { readOnly } from './asterisk/reload.ts'
import { type AsteriskParams, adminLogins, asteriskParams, type Context, credentialOf, hostOf, rolesOf, userOf } from './asterisk/setup.ts'
import { findUser } from './asterisk/users.ts'
import { defineRotator } from './define.ts'
import { completeFields } from './fields.ts'
import { generate } from './generate.ts'

/**
 * Users of the Asterisk REST Interface, in `ari.conf`.
 *
 * Sources: `main/config.c` (grammar), `res/ari/config.c` (users) of Asterisk. Measured on 16.28 and 22.10, documented nowhere: a
 * reload does nothing while size and modification time are what they were; releases from 20.15 and 22.5 report success for a
 * broken file and keep the old password. So a reload is never believed: new accepted and old refused, by fresh logins.
 */
export const asteriskAri = defineRotator<AsteriskParams>({
  name: 'asterisk-ari',
  params: asteriskParams,
  summary: 'edits ari.conf, reloads Asterisk and proves both passwords by logging in',
  overlap: (params) => params.users !== undefined,

  plan: (params) => [
    params.users === undefined
      ? `sets the password in ${params.config} and reloads: the old one is refused at that moment, the consumers log in again when they run with the new one`
      : `users ${params.users[0]} and ${params.users[1]} take turns in ${params.config}: both work until the old one is put to rest`,
    'event websockets that are open stay open until the application connects again; requests over them (Asterisk 22) fail with 401',
  ],

  /** Invents only; before that it makes sure that the file can be edited, so that nothing is begun that cannot be ended. */
  create: async (ctx) => {
    const host = await hostOf(ctx)
    const conf = await readHost(host)
    const roles = rolesOf(ctx)
    const user = nextUser(ctx, conf)
    const given = ctx.given?.reveal()[roles.password]
    const password = given ?? generate(ctx.params.value ?? { format: 'token' }, ctx.policy, ctx.random).reveal()
    checkPassword(user, password)
    editFor(ctx, conf, user, password)
    const made = { ...ctx.given?.reveal(), [roles.password]: password, ...(roles.user !== null && { [roles.user]: user }) }
    return { fields: completeFields(ctx, 'asterisk-ari', made), id: ctx.params.users === undefined ? { user } : { user, token: ctx.token } }
  },

  set: async (ctx, version) => {
    const host = await hostOf(ctx)
    const wanted = credentialOf(ctx, version.fields.reveal())
    const password = wanted.password.reveal()
    checkPassword(wanted.user, password)
    await makeChange(
      host,
      {
        user: wanted.user,
        password,
        edit: (conf) => editFor(ctx, conf, wanted.user, password),
        logins: (conf) => [...loginsIn(ctx, conf, wanted.user), wanted],
        proofs: (conf) => [{ credential: wanted, wanted: 'accepted' }, ...othersAfterSet(ctx, conf, wanted)],
      },
      (failure) => notTaken(wanted.user, host.config, failure),
    )
  },

  test: async (ctx, version) => {
    const credential = credentialOf(ctx, version.fields.reveal())
    const verdict = await tryLogin((await hostOf(ctx)).ari, credential)
    if (verdict.login === 'refused') {
      throw new KeyturnError('CREDENTIAL_REJECTED', `asterisk-ari: Asterisk refused this password of the user "${credential.user}" (401)`)
    }
    return verdict.login === 'restricted' ? { restricted: verdict.why } : {}
  },

  revoke: async (ctx, _handle, retiring) => {
    const host = await hostOf(ctx)
    // Nothing is known of its value, so nothing can be told apart from a later one: the file is left as it is.
    if (retiring === null) return
    const old = credentialOf(ctx, retiring.fields.reveal())
    const conf = await readHost(host)
    const edits = restEdits(ctx, conf, old)
    if (edits.length === 0 && (await tryLogin(host.ari, old)).login === 'refused') return endNote(host, null)
    if (edits.length === 0 && holds(conf, old)) throw inUse(old.user, host.config)
    const sockets = await makeChange(
      host,
      {
        user: old.user,
        password: null,
        edit: (now) => restEdits(ctx, now, old),
        logins: (now) => [...loginsIn(ctx, now, old.user), old],
        proofs: (now) => [{ credential: old, wanted: 'refused' }, ...othersAfterRevoke(ctx, now, old)],
      },
      (failure) => stillAccepted(old.user, host.config, failure),
    )
    return endNote(host, sockets)
  },
})

/** The user that the new password is for: the only one, or the one that rests. NEEDS_PERSON where somebody seems to use that one. */
function nextUser(ctx: Context, conf: Conf): string {
  const { users } = ctx.params
  const roles = rolesOf(ctx)
  const given = ctx.given?.reveal() ?? {}
  const known = { ...ctx.current?.fields.reveal(), ...given }
  const active = userOf(ctx, known)
  if (users === undefined) return active
  // A pair that was set by hand and works already is taken as it is.
  const password = given[roles.password]
  if (password !== undefined && holds(conf, { user: active, password: new Sensitive(password) })) return active
  if (ctx.current === null) return active
  const now = userOf(ctx, ctx.current.fields.reveal())
  return users[0] === now ? users[1] : users[0]
}

/** What has to be changed so that this user has this password. Throws what stands in the way; nothing was written then. */
function editFor(ctx: Context, conf: Conf, name: string, password: string): readonly Edit[] {
  const user = findUser(conf, name)
  if (ctx.params.reload === 'ari' && ctx.admin.length === 0 && user.state === 'active' && user.readOnly) throw readOnly(name)
  if (user.state === 'active' && ofFile(user.password?.value) === password) return []
  if (ctx.params.users === undefined) {
    if (user.state === 'active') return replacePassword(name, user, password)
    if (user.state === 'resting') return wakeUser(name, user, password)
    throw new KeyturnError('PROVIDER_CONFIG', `asterisk-ari: ${conf.files[0]?.path} has no user "${name}"${hidden(conf)}`, {
      hint: 'Correct "user:" or the user name in the secret, or add the section to ari.conf.',
    })
  }
  if (user.state === 'resting') return wakeUser(name, user, password)
  if (user.state === 'active') throw taken(name, user.section)
  const other = ctx.params.users.find((one) => one !== name) ?? ''
  const like = findUser(conf, other)
  if (like.state === 'active') return addUser(name, like, password)
  throw new KeyturnError('PROVIDER_CONFIG', `asterisk-ari: ${conf.files[0]?.path} has neither "${name}" nor "${other}" as an active user${hidden(conf)}`, {
    hint: 'Add the section of the user that your application logs in with.',
  })
}

const hidden = (conf: Conf): string => (conf.execs.length === 0 ? '' : ` (what "#exec" in ${conf.execs[0]} gives cannot be seen)`)

/**
 * The user that this credential belongs to is put to rest, while the file still has this very password for it. An only user rests
 * only where its present credential is to end: a former one died when the present one was set.
 */
function restEdits(ctx: Context, conf: Conf, old: Credential): readonly Edit[] {
  const current = currentLogin(ctx)
  if (ctx.params.users === undefined && (current === null || !same(current, old))) return []
  const user = findUser(conf, old.user)
  return user.state === 'active' && ofFile(user.password?.value) === old.password.reveal() ? restUser(old.user, user) : []
}

/** After a set: former passwords of the user are refused, and another user that is in charge now goes on working. */
function othersAfterSet(ctx: Context, conf: Conf, wanted: Credential): readonly Proof[] {
  const current = currentLogin(ctx)
  const inFile = loginInFile(conf, wanted.user)
  const former = [current, inFile].filter((one) => one !== null && one.user === wanted.user && !same(one, wanted)) as Credential[]
  const needed = current !== null && current.user !== wanted.user && holds(conf, current) ? [current] : []
  return [...former.map((credential) => ({ credential, wanted: 'refused' as const })), ...needed.map(accepted)]
}

/** After a revoke: what is in charge now goes on working. */
function othersAfterRevoke(ctx: Context, conf: Conf, old: Credential): readonly Proof[] {
  const current = currentLogin(ctx)
  return current !== null && !same(current, old) && holds(conf, current) ? [accepted(current)] : []
}

const accepted = (credential: Credential): Proof => ({ credential, wanted: 'accepted' })

/** Everybody who may be accepted while the file is as it is, for a reload over ARI. */
function loginsIn(ctx: Context, conf: Conf, user: string): readonly Credential[] {
  const all = [...adminLogins(ctx), currentLogin(ctx), ...[user, ...(ctx.params.users ?? [])].map((name) => loginInFile(conf, name))]
  return all.filter((one) => one !== null).filter((one, i, list) => list.findIndex((other) => same(one, other)) === i)
}

const currentLogin = (ctx: Context): Credential | null => (ctx.current === null ? null : credentialOf(ctx, ctx.current.fields.reveal()))

/** The password that the file has for this user, if it is an active one. */
function loginInFile(conf: Conf, name: string): Credential | null {
  const section = conf.sections.find((one) => one.name === name && !one.template)
  const value = ofFile(section === undefined ? undefined : effective(section, 'password')?.value)
  return value === undefined || value === '' ? null : { user: name, password: new Sensitive(value) }
}

/** Whether the file has this very password for this user. */
function holds(conf: Conf, credential: Credential): boolean {
  const inFile = loginInFile(conf, credential.user)
  return inFile !== null && same(inFile, credential)
}

const same = (a: Credential, b: Credential): boolean => a.user === b.user && a.password.reveal() === b.password.reveal()

/** The file is read as one character a byte. */
const ofFile = (value: string | undefined): string | undefined => (value === undefined ? undefined : Buffer.from(value, 'latin1').toString())
