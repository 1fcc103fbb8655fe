import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fromFileSystem, KeyturnError } from '../../errors.ts'
import { Sensitive } from '../../sensitive.ts'
import { fault, refused, saysThat } from './faults.ts'
import type { VaultAuth } from './params.ts'
import type { Reply } from './transport.ts'
import type { Wire } from './wire.ts'

/** A token, and for how long it is one. */
export interface Grant {
  readonly token: Sensitive<string>
  /** `null`: it does not end, or nobody has asked. */
  readonly ttlMs: number | null
  readonly renewable: boolean
  /** False for a token that was only read somewhere: the server can be asked about it. */
  readonly fresh: boolean
}

/** One way to get a token. May be repeated; what it reads is read again each time. */
export type Login = () => Promise<Grant>

export interface LoginContext {
  readonly wire: Wire
  readonly dir: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** No token, JWT or id is nearly as long. */
const LARGEST = 64 * 1024
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/** How the inventory says to log in. Nothing is read or asked before the login is called. */
export function loginOf(auth: VaultAuth, context: LoginContext): Login {
  switch (auth.kind) {
    case 'token':
      return async () => {
        const token = auth.file === undefined ? fromEnv(auth.env ?? 'VAULT_TOKEN', context) : await fromFile(auth.file, context)
        return { token, ttlMs: null, renewable: false, fresh: false }
      }
    case 'approle':
      return approle(auth, context)
    case 'kubernetes':
      return async () => {
        const jwt = await fromFile(auth.jwt_file ?? SERVICE_ACCOUNT, context)
        return enter(context.wire, auth.mount ?? 'kubernetes', { role: auth.role, jwt: jwt.reveal() })
      }
    case 'jwt':
      return async () => {
        const jwt = auth.jwt_env === undefined ? await fromFile(auth.jwt_file ?? '', context) : fromEnv(auth.jwt_env, context)
        return enter(context.wire, auth.mount ?? 'jwt', { jwt: jwt.reveal(), ...(auth.role !== undefined && { role: auth.role }) })
      }
  }
}

function approle(auth: Extract<VaultAuth, { kind: 'approle' }>, context: LoginContext): Login {
  const mount = auth.mount ?? 'approle'
  const given = (file: string | undefined, variable: string | undefined) => (file === undefined ? fromEnv(variable ?? '', context) : fromFile(file, context))
  /** By the wrapping token that it came in: that is good for one time, and the file may bring another. */
  let unwrapped: { readonly from: string; readonly secretId: Sensitive<string> } | null = null
  return async () => {
    const roleId = auth.role_id ?? (await given(auth.role_id_file, auth.role_id_env)).reveal()
    let secretId = await given(auth.secret_id_file, auth.secret_id_env)
    if (auth.wrapped) {
      const from = secretId.reveal()
      if (unwrapped?.from !== from) unwrapped = { from, secretId: await unwrap(context.wire, mount, secretId) }
      secretId = unwrapped.secretId
    }
    return enter(context.wire, mount, { role_id: roleId, secret_id: secretId.reveal() })
  }
}

async function enter(wire: Wire, mount: string, body: object): Promise<Grant> {
  const what = `logging in at auth/${mount}`
  // Not again where nobody knows whether it was done: a secret id may be good for one login.
  const reply = await wire.send({ method: 'POST', api: `auth/${mount}/login`, body, what, repeat: false, takes: [400, 404] }, null)
  if (reply.status !== 200) throw loginRefused(reply, wire, what)
  const grant = grantOf(reply)
  if (!grant) throw fault({ store: wire.store, what }, 'the answer holds no token', 'something else than a Vault answers there: check the address')
  return grant
}

function loginRefused(reply: Reply, wire: Wire, what: string): KeyturnError {
  const asking = { store: wire.store, what }
  if (reply.status === 404 || saysThat(reply, /no handler for route|unsupported path/)) {
    return fault(asking, 'no such login method there', 'check "mount" under "auth", and "namespace"')
  }
  if (saysThat(reply, /invalid role (or secret )?ID|invalid secret id/i)) return refused(reply, asking)
  return fault(asking, `the login was refused (${reply.status})`, 'check role and credential under "auth", and what the role is bound to')
}

/** A wrapped secret id. What wrapped it must be what makes secret ids, or somebody else put it there. */
async function unwrap(wire: Wire, mount: string, token: Sensitive<string>): Promise<Sensitive<string>> {
  const what = 'unwrapping the secret id'
  const asking = { store: wire.store, what }
  const looked = await wire.send({ method: 'POST', api: 'sys/wrapping/lookup', body: { token: token.reveal() }, what, takes: [400] }, null)
  const used = 'it was used already or has ended: if not by you, treat the secret id as known to others'
  if (looked.status !== 200) throw fault(asking, `the wrapping token is not valid (${looked.status})`, used)
  const path = (looked.body as { data?: { creation_path?: unknown } }).data?.creation_path
  if (typeof path !== 'string' || !path.startsWith(`auth/${mount}/role/`) || !/\/(custom-)?secret-id$/.test(path)) {
    throw fault(asking, 'what is wrapped was not made as a secret id of this login method', 'somebody may have put another one there: make a new one')
  }
  const reply = await wire.send({ method: 'POST', api: 'sys/wrapping/unwrap', body: {}, what, repeat: false, takes: [400] }, token)
  const secretId = (reply.body as { data?: { secret_id?: unknown } } | undefined)?.data?.secret_id
  if (reply.status !== 200 || typeof secretId !== 'string') throw fault(asking, `the wrapping token is not valid (${reply.status})`, used)
  return new Sensitive(secretId)
}

/** The token in an answer's `auth`; `null` where there is none. */
export function grantOf({ body }: Reply): Grant | null {
  const auth = (body as { auth?: { client_token?: unknown; lease_duration?: unknown; renewable?: unknown } | null } | undefined)?.auth
  if (typeof auth?.client_token !== 'string' || !isToken(auth.client_token)) return null
  const seconds = typeof auth.lease_duration === 'number' ? auth.lease_duration : 0
  return { token: new Sensitive(auth.client_token), ttlMs: seconds > 0 ? seconds * 1000 : null, renewable: auth.renewable === true, fresh: true }
}

/** What a header can carry. */
const isToken = (text: string): boolean => /^[\x21-\x7e]+$/.test(text)

function fromEnv(name: string, { env, wire }: LoginContext): Sensitive<string> {
  const text = env[name]?.trim() ?? ''
  if (text === '')
    throw new KeyturnError('STORE_UNAVAILABLE', `${wire.store}: ${name} is not set`, { hint: `set ${name}, or name another source under "auth"` })
  return checked(text, name, wire)
}

async function fromFile(name: string, { dir, wire }: LoginContext): Promise<Sensitive<string>> {
  const file = resolve(dir, name)
  let text: string
  try {
    // Links are followed: Kubernetes and agents put theirs behind one.
    text = (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw fromFileSystem(error, 'read', file)
  }
  if (text === '') throw new KeyturnError('STORE_UNAVAILABLE', `${wire.store}: ${file} is empty`, { hint: 'whatever writes it has not done so yet' })
  return checked(text, file, wire)
}

function checked(text: string, where: string, wire: Wire): Sensitive<string> {
  if (text.length > LARGEST || !isToken(text)) {
    throw new KeyturnError('STORE_UNAVAILABLE', `${wire.store}: ${where} holds more than one word of plain characters`, {
      hint: 'it must hold the bare credential',
    })
  }
  return new Sensitive(text)
}
