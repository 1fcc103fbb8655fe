import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Answer, type Call, data, errors, member, NO_ROUTE, NOTHING, PERMISSION_DENIED, text, UNSUPPORTED_OPERATION } from './call.ts'
import { type Kv2, kv2 } from './kv2.ts'
import type { Capability } from './policy.ts'
import { type Tokens, tokens } from './tokens.ts'

/** How the server is; others than `active` answer nothing but their health. */
export type VaultState = 'active' | 'sealed' | 'uninitialised' | 'standby' | 'performance-standby' | 'disaster-secondary'

/** Sent in place of an answer. `cut`: only so many bytes of the body, then the connection is closed. `hang`: nothing ever. */
export interface Fault extends Answer {
  readonly raw?: string
  readonly cut?: number
  readonly hang?: true
}

export interface VaultOptions {
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string; readonly requestCert?: boolean; readonly rejectUnauthorized?: boolean }
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** A stand-in for Vault and OpenBao in this process, as strict as they are, with its state in memory. */
export interface VaultServer {
  readonly address: string
  readonly rootToken: string
  readonly tokens: Tokens
  state: VaultState
  /** Asked before every request; what it gives is sent instead. */
  intercept: ((call: Call) => Fault | null) | null
  /** Connections that were opened so far. */
  readonly connections: number
  /** `GET secret/data/a 200`, in order. Never a value. */
  readonly log: readonly string[]
  mount(path: string, version: 1 | 2): void
  /** The settings of a KV version 2 mount. */
  kv2(path: string): Kv2['config']
  /** A request with the root token, for what a person would do. */
  ask(method: string, path: string, body?: object, namespace?: string): Promise<{ readonly status: number; readonly body: unknown }>
  close(): Promise<void>
}

const LARGEST = 32 * 1024 * 1024

export async function startVault({ tls, now = Date.now }: VaultOptions = {}): Promise<VaultServer> {
  const mounts = new Map<string, { readonly version: 1; readonly values: Map<string, object> } | { readonly version: 2; readonly kv: Kv2 }>()
  const log: string[] = []
  const held = tokens(now)
  let connections = 0
  let ticks = 0
  /** As Go writes times: nanoseconds without zeros at the end. */
  const stamp = (plusMs = 0) => {
    const nanos = `${new Date(now() + plusMs).toISOString().slice(20, 23)}${String(++ticks % 1_000_000).padStart(6, '0')}`
    return `${new Date(now() + plusMs).toISOString().slice(0, 19)}.${nanos}`.replace(/\.?0+$/, '').concat('Z')
  }

  const mountOf = (call: Call): readonly [string, string] | null => {
    const path = call.namespace + call.path
    const name = [...mounts.keys()].sort((a, b) => b.length - a.length).find((one) => path === one || path.startsWith(`${one}/`))
    return name === undefined ? null : [name, path.slice(name.length + 1)]
  }
  const capabilityOf = (call: Call): Capability => {
    if (call.method === 'GET') return 'read'
    if (call.method === 'LIST') return 'list'
    if (call.method === 'DELETE') return 'delete'
    if (call.method === 'PATCH') return 'patch'
    const [name, rest] = mountOf(call) ?? ['', '']
    const mount = mounts.get(name)
    return !mount || (mount.version === 2 ? mount.kv.exists(rest) : mount.values.has(rest)) ? 'update' : 'create'
  }

  const sys = (call: Call): Answer | null => {
    const [, named] = /^sys\/internal\/ui\/mounts\/(.+)$/.exec(call.path) ?? []
    if (named !== undefined) {
      const name = named.replace(/\/$/, '')
      const mount = mounts.get(call.namespace + name)
      if (!mount || !held.reaches(call.token ?? '', name))
        return errors(403, `preflight capability check returned 403, please ensure client's policies grant access to path "${name}/"`)
      return data({ path: `${name}/`, type: 'kv', options: { version: String(mount.version) } })
    }
    if (call.path === 'sys/capabilities-self') {
      const paths = (member(call.body, 'paths') ?? []) as string[]
      return data(Object.fromEntries(paths.map((path) => [path, capabilityNames(call.token ?? '', path)])))
    }
    const [, mountAt] = /^sys\/mounts\/(.+)$/.exec(call.path) ?? []
    if (mountAt === undefined) return null
    if (call.method === 'DELETE') mounts.delete(call.namespace + mountAt)
    else if (text(call.body, 'type') === 'kv') server.mount(call.namespace + mountAt, text(member(call.body, 'options'), 'version') === '2' ? 2 : 1)
    else return errors(400, `plugin not found in the catalog: ${text(call.body, 'type')}`)
    return NOTHING
  }
  const capabilityNames = (token: string, path: string): readonly string[] => {
    const found = held.capabilities(token, path)
    return found.length > 0 ? found : ['deny']
  }

  const kv1 = (values: Map<string, object>, call: Call, path: string): Answer => {
    switch (call.method) {
      case 'GET':
        return values.has(path) ? data(values.get(path), { lease_duration: 2764800 }) : errors(404)
      case 'POST':
      case 'PUT':
        if (typeof call.body !== 'object' || call.body === null || Object.keys(call.body).length === 0) return errors(400, 'missing data fields')
        values.set(path, call.body)
        return NOTHING
      case 'DELETE':
        values.delete(path)
        return NOTHING
      default:
        return UNSUPPORTED_OPERATION
    }
  }

  const answer = (call: Call): Answer => {
    if (call.path === 'sys/health') return call.namespace === '' ? healthOf(server.state) : errors(400, 'unavailable in a namespace')
    if (server.state === 'sealed' || server.state === 'uninitialised') return errors(503, 'Vault is sealed')
    if (server.state !== 'active') return { status: 307, headers: { location: `https://active.example.org:8200/v1/${call.path}` } }
    if ([...call.path].some((char) => /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char))) return errors(400, 'path cannot contain non-printable characters')
    if (call.path.split('/').includes('..')) return errors(400, 'path cannot contain parent references')
    const entered = held.login(call)
    if (entered) return entered
    if (call.path.startsWith('sys/wrapping/')) return held.answer(call) ?? NO_ROUTE(call.path)
    if (!held.allows(call, capabilityOf(call))) return PERMISSION_DENIED
    const own = held.answer(call) ?? sys(call)
    if (own) return own
    const found = mountOf(call)
    const mount = found && mounts.get(found[0])
    if (!found || !mount) return NO_ROUTE(call.path)
    return mount.version === 2 ? mount.kv.answer(call, found[1].replace(/\/$/, '')) : kv1(mount.values, call, found[1])
  }

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const call = await callOf(request)
    const faulty = call && server.intercept?.(call)
    const given: Fault = faulty ?? (call ? answer(call) : errors(413, 'http: request body too large'))
    log.push(`${call?.method ?? request.method} ${call?.path ?? ''} ${given.status}`)
    if (given.hang) return
    const body = given.raw ?? (given.body === undefined ? '' : `${JSON.stringify(given.body)}\n`)
    const type = given.raw === undefined && body !== '' ? { 'content-type': 'application/json' } : {}
    response.writeHead(given.status, { ...type, ...given.headers, 'content-length': String(Buffer.byteLength(body)) })
    if (given.cut === undefined) response.end(body)
    else response.write(body.slice(0, given.cut), () => request.socket.destroy())
  }
  const listener = (request: IncomingMessage, response: ServerResponse) => void handle(request, response).catch(() => request.socket.destroy())
  const http = tls ? createTlsServer(tls, listener) : createServer(listener)
  http.on(tls ? 'secureConnection' : 'connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const address = `${tls ? 'https://localhost' : 'http://127.0.0.1'}:${port}`

  const server: VaultServer = {
    ...{ address, rootToken: held.make({ root: true }), tokens: held, state: 'active', intercept: null, log },
    get connections() {
      return connections
    },
    mount: (path, version) => void mounts.set(path, version === 2 ? { version, kv: kv2({ stamp, now }) } : { version, values: new Map() }),
    kv2(path) {
      const mount = mounts.get(path)
      if (mount?.version !== 2) throw new Error(`${path} is no KV version 2 mount`)
      return mount.kv.config
    },
    async ask(method, path, body, namespace = '') {
      const header = (name: string) => (name === 'content-type' && method === 'PATCH' ? 'application/merge-patch+json' : undefined)
      const given = answer({ method, path, query: new URLSearchParams(), body, text: '', header, token: server.rootToken, namespace })
      return { status: given.status, body: given.body && JSON.parse(JSON.stringify(given.body)) }
    },
    async close() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
  server.mount('secret', 2)
  return server
}

/** `null`: the body is too large. */
async function callOf(request: IncomingMessage): Promise<Call | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > LARGEST) return null
    chunks.push(chunk as Buffer)
  }
  const [raw = '', search = ''] = (request.url ?? '').split('?')
  const query = new URLSearchParams(search)
  const header = (name: string) => {
    const value = request.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  const payload = Buffer.concat(chunks).toString('utf8')
  const listing = request.method === 'LIST' || (request.method === 'GET' && /^(1|true)$/.test(query.get('list') ?? ''))
  const path = decodeURIComponent(raw).replace(/^\/v1\//, '')
  const namespace = (header('x-vault-namespace') ?? '').replace(/^\/|\/$/g, '')
  return {
    // A list is asked for with a slash at its end, and rules are held against that.
    ...{ method: listing ? 'LIST' : (request.method ?? ''), path: listing ? path.replace(/\/?$/, '/') : path, query, header },
    ...{
      body: payload === '' ? undefined : JSON.parse(payload),
      text: payload,
      token: header('x-vault-token') ?? null,
      namespace: namespace === '' ? '' : `${namespace}/`,
    },
  }
}

function healthOf(state: VaultState): Answer {
  const status = { active: 200, standby: 429, 'disaster-secondary': 472, 'performance-standby': 473, uninitialised: 501, sealed: 503 }[state]
  const body = { initialized: state !== 'uninitialised', sealed: state === 'sealed' || state === 'uninitialised', standby: state === 'standby' }
  return { status, body: { ...body, performance_standby: state === 'performance-standby', version: '1.18.0' } }
}
