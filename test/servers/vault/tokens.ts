import { canary } from '../../support/canary.ts'
import { type Answer, type Call, data, errors, NOTHING, PERMISSION_DENIED, text } from './call.ts'
import { type Capability, capabilitiesAt, DEFAULT_POLICY, type Rule, rulesOf } from './policy.ts'

/** Tokens and the ways to get one. */

export interface TokenOptions {
  /** HCL. */
  readonly policy?: string
  readonly root?: boolean
  readonly ttlMs?: number
  readonly maxTtlMs?: number
  readonly renewable?: boolean
  readonly uses?: number
  /** Default: with the default policy. */
  readonly bare?: boolean
  readonly namespace?: string
}

export interface RoleOptions extends TokenOptions {
  readonly mount?: string
}

interface Token {
  readonly rules: readonly Rule[]
  readonly root: boolean
  readonly madeAt: number
  readonly ttlMs: number | null
  readonly maxTtlMs: number
  expiresAt: number | null
  readonly renewable: boolean
  uses: number | null
  readonly namespace: string
}

export interface Tokens {
  make(options: TokenOptions): string
  revoke(token: string): void
  /** Its role id. */
  approle(name: string, options: RoleOptions): string
  /** The id, or the token that wraps it. */
  secretId(role: string, options?: { readonly uses?: number; readonly wrapped?: boolean }): string
  /** A JWT that a login method takes for this role. */
  jwt(method: string, role: string, options: TokenOptions): string
  /** `null`: not one of ours, or denied. Counts the use. */
  allows(call: Call, capability: Capability): boolean
  capabilities(token: string, path: string): readonly Capability[]
  /** Whether any rule is about a path below the mount. */
  reaches(token: string, mount: string): boolean
  /** `null`: not for this part. */
  login(call: Call): Answer | null
  answer(call: Call): Answer | null
  /** Logins so far. */
  readonly logins: number
}

export function tokens(now: () => number): Tokens {
  const held = new Map<string, Token>()
  const roles = new Map<string, { readonly roleId: string; readonly options: RoleOptions }>()
  const secretIds = new Map<string, { readonly role: string; uses: number }>()
  const wrapped = new Map<string, { readonly path: string; readonly secretId: string }>()
  const jwts = new Map<string, { readonly method: string; readonly role: string; readonly options: TokenOptions }>()
  let logins = 0

  const make = (options: TokenOptions): string => {
    const token = `hvs.${canary()}`
    held.set(token, {
      ...{ rules: [...rulesOf(options.policy ?? ''), ...(options.bare ? [] : DEFAULT_POLICY)], root: options.root ?? false, madeAt: now() },
      ...{ ttlMs: options.ttlMs ?? null, maxTtlMs: options.maxTtlMs ?? Number.POSITIVE_INFINITY, renewable: options.renewable ?? false },
      ...{ expiresAt: options.ttlMs === undefined ? null : now() + options.ttlMs, uses: options.uses ?? null, namespace: options.namespace ?? '' },
    })
    return token
  }
  const live = (name: string | null, namespace: string): Token | null => {
    const token = name === null ? undefined : held.get(name)
    if (!token || (token.expiresAt !== null && token.expiresAt <= now())) return null
    return token.root || token.namespace === namespace ? token : null
  }
  const granted = (options: TokenOptions): Answer => {
    logins += 1
    const token = make(options)
    const auth = {
      client_token: token,
      accessor: 'a',
      policies: ['default'],
      lease_duration: (options.ttlMs ?? 0) / 1000,
      renewable: options.renewable ?? false,
    }
    return data(null, { auth })
  }

  return {
    make,
    revoke: (token) => void held.delete(token),
    get logins() {
      return logins
    },
    approle(name, options) {
      const roleId = `role-id-of-${name}`
      roles.set(name, { roleId, options })
      return roleId
    },
    secretId(role, { uses = Number.POSITIVE_INFINITY, wrapped: wrap = false } = {}) {
      const secretId = canary()
      secretIds.set(secretId, { role, uses })
      if (!wrap) return secretId
      const token = `hvs.${canary()}`
      wrapped.set(token, { path: `auth/${roles.get(role)?.options.mount ?? 'approle'}/role/${role}/secret-id`, secretId })
      return token
    },
    jwt(method, role, options) {
      const jwt = `ey.${canary()}.sig`
      jwts.set(jwt, { method, role, options })
      return jwt
    },
    reaches: (name, mount) => {
      const token = held.get(name)
      return token !== undefined && (token.root || token.rules.some(({ path }) => path.startsWith(`${mount}/`)))
    },
    capabilities: (name, path) => {
      const token = held.get(name)
      if (token?.root) return ['create', 'delete', 'list', 'patch', 'read', 'sudo', 'update']
      return token ? capabilitiesAt(token.rules, path) : []
    },
    allows(call, capability) {
      const token = live(call.token, call.namespace)
      if (!token || !call.token) return false
      if (token.uses !== null && --token.uses <= 0) held.delete(call.token)
      return token.root || capabilitiesAt(token.rules, call.path).includes(capability)
    },

    login(call) {
      const [, mount, end] = /^auth\/(.+)\/(login)$/.exec(call.path) ?? []
      if (mount === undefined || end === undefined || !['POST', 'PUT'].includes(call.method)) return null
      const secretId = secretIds.get(text(call.body, 'secret_id'))
      const role = [...roles].find(([, { roleId, options }]) => roleId === text(call.body, 'role_id') && (options.mount ?? 'approle') === mount)
      if ([...roles.values()].some(({ options }) => (options.mount ?? 'approle') === mount)) {
        if (!role || !secretId || secretId.role !== role[0] || secretId.uses <= 0) return errors(400, 'invalid role or secret ID')
        secretId.uses -= 1
        return granted(role[1].options)
      }
      if (![...jwts.values()].some(({ method }) => method === mount)) return errors(404, `no handler for route "${call.path}". route entry not found.`)
      const jwt = jwts.get(text(call.body, 'jwt'))
      if (jwt?.method !== mount) return mount === 'kubernetes' ? PERMISSION_DENIED : errors(400, 'error validating token: invalid signature')
      if (text(call.body, 'role') !== jwt.role) return errors(400, `role "${text(call.body, 'role')}" could not be found`)
      return granted(jwt.options)
    },

    answer(call) {
      const invalid = errors(400, 'wrapping token is not valid or does not exist')
      if (call.path === 'sys/wrapping/lookup') {
        const found = wrapped.get(text(call.body, 'token'))
        return found ? data({ creation_path: found.path, creation_time: '2026-01-01T00:00:00Z', creation_ttl: 60 }) : invalid
      }
      if (call.path === 'sys/wrapping/unwrap') {
        const name = call.token ?? text(call.body, 'token')
        const found = wrapped.get(name)
        wrapped.delete(name)
        return found ? data({ secret_id: found.secretId, secret_id_accessor: 'a', secret_id_ttl: 0, secret_id_num_uses: 0 }) : invalid
      }
      const token = live(call.token, call.namespace)
      if (call.path === 'auth/token/lookup-self' && token) {
        const ttl = token.expiresAt === null ? 0 : Math.floor((token.expiresAt - now()) / 1000)
        const times = { ttl, creation_ttl: (token.ttlMs ?? 0) / 1000, expire_time: token.expiresAt === null ? null : new Date(token.expiresAt).toISOString() }
        return data({ id: call.token, accessor: 'a', policies: ['default'], ...times, renewable: token.renewable, num_uses: token.uses ?? 0 })
      }
      if (call.path === 'auth/token/renew-self' && token) {
        if (!token.renewable || token.ttlMs === null) return errors(400, 'lease is not renewable')
        token.expiresAt = Math.min(now() + token.ttlMs, token.madeAt + token.maxTtlMs)
        const left = Math.floor((token.expiresAt - now()) / 1000)
        return data(null, { auth: { client_token: call.token, accessor: 'a', policies: ['default'], lease_duration: left, renewable: true } })
      }
      if (call.path === 'auth/token/revoke-self' && token && call.token) {
        held.delete(call.token)
        return NOTHING
      }
      return null
    },
  }
}
