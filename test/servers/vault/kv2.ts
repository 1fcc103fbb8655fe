import { type Answer, type Call, data, errors, member, NOTHING, UNSUPPORTED_OPERATION } from './call.ts'

/** KV version 2, as strict as `hashicorp/vault-plugin-secrets-kv`. */

interface KvVersion {
  readonly created: string
  deletion: string
  /** Milliseconds; `null`: it stays. */
  deletedAt: number | null
  destroyed: boolean
  data: object | null
}

interface Entry {
  current: number
  oldest: number
  maxVersions: number
  casRequired: boolean
  deleteAfterMs: number
  readonly created: string
  updated: string
  custom: Record<string, string> | null
  readonly versions: Map<number, KvVersion>
}

export interface Kv2Options {
  /** RFC 3339 with nanoseconds, later each time. */
  readonly stamp: (plusMs?: number) => string
  readonly now: () => number
}

/** Kept where the mount says nothing else. */
const VERSIONS_KEPT = 10
/** A patch of what is not there is answered with nothing. */
const NOT_FOUND: Answer = { status: 404, headers: { 'content-type': 'application/json' } }
const MISMATCH = 'check-and-set parameter did not match the current version'

export interface Kv2 {
  /** `path` is below the mount. */
  answer(call: Call, path: string): Answer
  /** Whether a write there is an update. */
  exists(path: string): boolean
  /** The mount's configuration. */
  readonly config: { maxVersions: number; casRequired: boolean; deleteAfterMs: number; patch: boolean }
}

export function kv2({ stamp, now }: Kv2Options): Kv2 {
  const entries = new Map<string, Entry>()
  const config = { maxVersions: 0, casRequired: false, deleteAfterMs: 0, patch: true }
  const isDeleted = (version: KvVersion) => version.destroyed || (version.deletedAt !== null && version.deletedAt <= now())

  const describe = (entry: Entry, number: number, version: KvVersion) => ({
    ...{ created_time: version.created, custom_metadata: entry.custom, deletion_time: version.deletion },
    ...{ destroyed: version.destroyed, version: number },
  })
  const make = (): Entry => ({
    ...{ current: 0, oldest: 0, maxVersions: 0, casRequired: false, deleteAfterMs: 0 },
    ...{ created: stamp(), updated: stamp(), custom: null, versions: new Map() },
  })

  const add = (path: string, entry: Entry, content: object): Answer => {
    entries.set(path, entry)
    const afterMs = entry.deleteAfterMs || config.deleteAfterMs
    const version: KvVersion = {
      ...{ created: stamp(), destroyed: false, data: content },
      ...{ deletion: afterMs > 0 ? stamp(afterMs) : '', deletedAt: afterMs > 0 ? now() + afterMs : null },
    }
    entry.current += 1
    entry.versions.set(entry.current, version)
    entry.updated = version.created
    const kept = entry.maxVersions || config.maxVersions || VERSIONS_KEPT
    for (const number of entry.versions.keys()) if (number <= entry.current - kept) entry.versions.delete(number)
    entry.oldest = Math.min(...entry.versions.keys())
    return data(describe(entry, entry.current, version))
  }

  /** What `options.cas` forbids; `null`: nothing. */
  const casProblem = (body: unknown, entry: Entry | undefined): Answer | null => {
    const cas = member(member(body, 'options'), 'cas')
    if (cas === undefined) {
      return config.casRequired || entry?.casRequired ? errors(400, 'check-and-set parameter required for this call') : null
    }
    if (!Number.isInteger(cas)) return errors(400, 'error parsing check-and-set parameter')
    return cas === (entry?.current ?? 0) ? null : errors(400, MISMATCH)
  }

  const dataCall = (call: Call, path: string): Answer => {
    const entry = entries.get(path)
    const latest = entry?.versions.get(entry.current)
    switch (call.method) {
      case 'GET': {
        const number = Number(call.query.get('version') ?? 0) || entry?.current || 0
        const version = entry?.versions.get(number)
        if (!entry || !version) return errors(404)
        const body = { data: isDeleted(version) ? null : version.data, metadata: describe(entry, number, version) }
        return isDeleted(version) ? { ...data(body), status: 404 } : data(body)
      }
      case 'POST':
      case 'PUT': {
        const content = member(call.body, 'data')
        if (typeof content !== 'object' || content === null) return errors(400, 'no data provided')
        return casProblem(call.body, entry) ?? add(path, entry ?? make(), content)
      }
      case 'PATCH': {
        if (!config.patch) return UNSUPPORTED_OPERATION
        if (call.header('content-type') !== 'application/merge-patch+json') return errors(415, 'PATCH requires Content-Type application/merge-patch+json')
        const content = member(call.body, 'data')
        if (typeof content !== 'object' || content === null) return errors(400, 'no data provided')
        if (!entry) return NOT_FOUND
        const problem = casProblem(call.body, entry)
        if (problem) return problem
        if (!latest) return NOT_FOUND
        if (isDeleted(latest)) return { ...data(describe(entry, entry.current, latest)), status: 404 }
        return add(path, entry, merged(latest.data ?? {}, content))
      }
      case 'DELETE': {
        if (latest && !isDeleted(latest)) Object.assign(latest, { deletion: stamp(), deletedAt: now() })
        return NOTHING
      }
      default:
        return UNSUPPORTED_OPERATION
    }
  }

  const metadataCall = (call: Call, path: string): Answer => {
    const entry = entries.get(path)
    switch (call.method) {
      case 'LIST':
        return list(path)
      case 'GET':
        if (!entry) return errors(404)
        return data({
          ...{ current_version: entry.current, oldest_version: entry.oldest, max_versions: entry.maxVersions, cas_required: entry.casRequired },
          ...{
            delete_version_after: `${entry.deleteAfterMs / 1000}s`,
            created_time: entry.created,
            updated_time: entry.updated,
            custom_metadata: entry.custom,
          },
          versions: Object.fromEntries(
            [...entry.versions].map(([n, { created, deletion, destroyed }]) => [n, { created_time: created, deletion_time: deletion, destroyed }]),
          ),
        })
      case 'POST':
      case 'PUT':
      case 'PATCH': {
        if (call.method === 'PATCH' && !config.patch) return UNSUPPORTED_OPERATION
        if (call.method === 'PATCH' && !entry) return NOT_FOUND
        const custom = member(call.body, 'custom_metadata')
        const problem = custom === undefined ? null : problemOfCustom(custom)
        if (problem) return errors(400, problem)
        const target = entry ?? make()
        entries.set(path, target)
        if (custom !== undefined) {
          target.custom = (call.method === 'PATCH' ? merged(target.custom ?? {}, custom as object) : { ...(custom as object) }) as Record<string, string>
          const limits = problemOfCustom(target.custom)
          if (limits) return errors(400, limits)
        }
        const max = member(call.body, 'max_versions')
        if (typeof max === 'number') target.maxVersions = max
        const required = member(call.body, 'cas_required')
        if (typeof required === 'boolean') target.casRequired = required
        return NOTHING
      }
      case 'DELETE':
        entries.delete(path)
        return NOTHING
      default:
        return UNSUPPORTED_OPERATION
    }
  }

  const list = (folder: string): Answer => {
    const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`
    const names = new Set<string>()
    for (const path of entries.keys()) {
      if (!path.startsWith(prefix)) continue
      const [name = '', ...rest] = path.slice(prefix.length).split('/')
      names.add(rest.length > 0 ? `${name}/` : name)
    }
    return names.size === 0 ? errors(404) : data({ keys: [...names].sort() })
  }

  const versionsCall = (kind: string, call: Call, path: string): Answer => {
    if (!['POST', 'PUT'].includes(call.method)) return UNSUPPORTED_OPERATION
    const numbers = member(call.body, 'versions')
    if (!Array.isArray(numbers) || numbers.length === 0) return errors(400, 'no version number provided')
    for (const number of numbers) {
      const version = entries.get(path)?.versions.get(Number(number))
      if (!version) continue
      if (kind === 'delete') Object.assign(version, { deletion: stamp(), deletedAt: now() })
      if (kind === 'undelete' && !version.destroyed) Object.assign(version, { deletion: '', deletedAt: null })
      if (kind === 'destroy') Object.assign(version, { destroyed: true, data: null })
    }
    return NOTHING
  }

  return {
    config,
    exists: (path) => {
      const [, ...rest] = path.split('/')
      return entries.has(rest.join('/'))
    },
    answer(call, path) {
      const [kind = '', ...rest] = path.split('/')
      const at = rest.join('/')
      if (kind === 'config' && at === '') return configCall(call, config)
      if (at === '' && call.method !== 'LIST') return UNSUPPORTED_OPERATION
      if (kind === 'data') return dataCall(call, at)
      if (kind === 'metadata') return metadataCall(call, at)
      if (kind === 'subkeys' && call.method === 'GET') {
        const entry = entries.get(at)
        const latest = entry?.versions.get(entry.current)
        if (!entry || !latest || isDeleted(latest)) return errors(404)
        return data({
          subkeys: Object.fromEntries(Object.keys(latest.data ?? {}).map((name) => [name, null])),
          metadata: describe(entry, entry.current, latest),
        })
      }
      if (['delete', 'undelete', 'destroy'].includes(kind)) return versionsCall(kind, call, at)
      const hint = `Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use.`
      return { status: 404, body: { errors: [], warnings: [hint] } }
    },
  }
}

function configCall(call: Call, config: Kv2['config']): Answer {
  if (call.method === 'GET') {
    return data({ cas_required: config.casRequired, delete_version_after: `${config.deleteAfterMs / 1000}s`, max_versions: config.maxVersions })
  }
  const max = member(call.body, 'max_versions')
  if (typeof max === 'number') config.maxVersions = max
  const required = member(call.body, 'cas_required')
  if (typeof required === 'boolean') config.casRequired = required
  const after = member(call.body, 'delete_version_after')
  if (typeof after === 'string') config.deleteAfterMs = Number.parseInt(after, 10) * 1000
  return NOTHING
}

/** RFC 7396. Entries, since a field may be named `__proto__`. */
function merged(target: object, patch: object): object {
  const result = new Map<string, unknown>(Object.entries(target))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name)
    else if (typeof value === 'object' && !Array.isArray(value)) result.set(name, merged(Object(result.get(name)), value))
    else result.set(name, value)
  }
  return Object.fromEntries(result)
}

function problemOfCustom(custom: unknown): string | null {
  if (typeof custom !== 'object' || custom === null || Array.isArray(custom)) return 'custom_metadata validation failed: expected a map'
  const pairs = Object.entries(custom)
  const failed = 'custom_metadata validation failed:'
  if (pairs.length > 64) return `${failed} payload must contain at most 64 keys, provided ${pairs.length}`
  for (const [name, value] of pairs) {
    if (name === '' || Buffer.byteLength(name) > 128) return `${failed} length of key ${JSON.stringify(name)} is ${name.length} but must be 0 < len(key) <= 128`
    if (typeof value !== 'string' && value !== null) return `${failed} got unconvertible type for key`
    if (value !== null && (value === '' || Buffer.byteLength(value) > 512))
      return `${failed} length of value for key ${JSON.stringify(name)} is ${value.length} but must be 0 < len(value) <= 512`
    if (/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(`${name}${value ?? ''}`)) return `${failed} contains unprintable characters`
  }
  return null
}
