import { KeyturnError } from '../../errors.ts'
import type { VaultClient } from './client.ts'
import { fault } from './faults.ts'
import { deletesBySelf } from './kv.ts'

/**
 * Which version of KV a mount is. Writing to one as if it were the other stores the wrapping as a value, so it is asked before anything.
 *
 * @throws KeyturnError STORE_UNAVAILABLE; CONFIG_INVALID for a mount of another kind.
 */
export async function kvVersionOf(client: VaultClient, mount: string): Promise<1 | 2> {
  const what = `looking at the mount ${mount}`
  const hint = 'check "mount" and "namespace" in secrets.yaml, and that the token’s policy names a path in it; docs/stores-vault.md has one that is enough'
  const reply = await client.ask({ method: 'GET', api: `sys/internal/ui/mounts/${mount}`, what, takes: [400, 403, 404], needs: '' })
  const asking = { store: client.store, what }
  // Vault does not tell a mount that is not there from one that is none of ours.
  if (reply.status !== 200) throw fault(asking, `it is not there, or the token has no right on any path of it (${reply.status})`, hint)
  const { type, path, options } = (reply.body as { data?: { type?: unknown; path?: unknown; options?: { version?: unknown } | null } }).data ?? {}
  if (typeof path !== 'string' || path.replace(/\/$/, '') !== mount) throw fault(asking, 'the answer is about another mount', hint)
  if (type !== 'kv' && type !== 'generic') {
    throw new KeyturnError('CONFIG_INVALID', `${client.store}: the mount ${mount} is no KV engine`, {
      hint: 'name a KV mount: vault secrets enable -path=secret kv-v2',
    })
  }
  return options?.version === '2' ? 2 : 1
}

/** A right that a rotation needs on a path of the API. */
export interface Right {
  readonly api: string
  readonly capability: string
}

/** Paths that are asked about at once. */
const AT_ONCE = 400

/**
 * Whether the token may do what will be needed, before a provider is told anything.
 *
 * @throws KeyturnError STORE_UNAVAILABLE naming the first right that is missing.
 */
export async function checkRights(client: VaultClient, rights: readonly Right[]): Promise<void> {
  const what = 'looking at the token’s rights'
  const paths = [...new Set(rights.map(({ api }) => api))]
  const had = new Map<string, readonly string[]>()
  for (let from = 0; from < paths.length; from += AT_ONCE) {
    const body = { paths: paths.slice(from, from + AT_ONCE) }
    const reply = await client.ask({ method: 'POST', api: 'sys/capabilities-self', body, what, takes: [403], needs: '' })
    // Without the default policy nobody can know before: the write will tell.
    if (reply.status === 403) return
    const data = (reply.body as { data?: Record<string, unknown> }).data ?? {}
    for (const path of body.paths) had.set(path, Array.isArray(data[path]) ? (data[path] as string[]) : [])
  }
  const missing = rights.filter(({ api, capability }) => !had.get(api)?.some((one) => one === capability || one === 'root'))
  const [first] = missing
  if (!first) return
  const more = missing.length > 1 ? ` (and ${missing.length - 1} more)` : ''
  throw fault({ store: client.store, what }, `"${first.capability}" on ${first.api} is missing${more}`, 'docs/stores-vault.md has a policy that is enough')
}

/**
 * Whether versions stay where they are put. A token that may not read the mount's configuration is told by the first write.
 *
 * @throws KeyturnError UNSUPPORTED.
 */
export async function checkKeeps(client: VaultClient, mount: string): Promise<void> {
  const what = `looking at the mount ${mount}`
  const reply = await client.ask({ method: 'GET', api: `${mount}/config`, what, takes: [403, 404, 405], needs: '' })
  const after = (reply.body as { data?: { delete_version_after?: unknown } } | undefined)?.data?.delete_version_after
  // Below nothing: switched off.
  if (typeof after === 'string' && /^[^-]*[1-9]/.test(after)) throw deletesBySelf(client.store, what, mount)
}
