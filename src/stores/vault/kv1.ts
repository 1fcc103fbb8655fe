import { KeyturnError } from '../../errors.ts'
import type { Document, SecretStore } from '../../ports.ts'
import { eachOf } from '../local/each.ts'
import { namesOf } from '../local/merge.ts'
import { AT_ONCE } from './client.ts'
import { fault } from './faults.ts'
import { absent } from './kv.ts'
import { encodePath, placesFor } from './paths.ts'
import type { VaultStoreOptions } from './store.ts'
import { exactData, fieldsOf } from './values.ts'

/** KV version 1, which knows no check-and-set, no versions and no dates: what is there can be read, and nothing can be rotated. */
export function readOnlyStore({ client, mount, inventoryId }: VaultStoreOptions): SecretStore {
  const places = placesFor(inventoryId)
  const refuse = async (): Promise<never> => {
    throw new KeyturnError(
      'UNSUPPORTED',
      `${client.store}: the mount ${mount} is KV version 1, which has no check-and-set: it is read, and nothing in it can be rotated`,
      {
        hint: `vault kv enable-versioning ${mount}, or name a KV version 2 mount`,
      },
    )
  }
  return {
    async read(paths) {
      const wanted = [...new Set(paths)].map((path) => [path, places.current(path)] as const)
      const found = new Map<string, Document>()
      await eachOf(wanted, AT_ONCE, async ([path, at]) => {
        const what = `reading ${path}`
        const reply = await client.ask({ method: 'GET', api: `${mount}/${encodePath(at)}`, what, takes: [404], needs: `"read" on ${mount}/${at}` })
        if (reply.status === 404) {
          absent(reply, client.store, what)
          return
        }
        const { data } = reply.body as { data?: unknown }
        if (typeof data !== 'object' || data === null || Array.isArray(data)) {
          throw fault(
            { store: client.store, what },
            'the answer is no secret of KV version 1',
            'something else than a Vault answers there: check "address" and "mount"',
          )
        }
        const fields = fieldsOf(data as Record<string, unknown>, () => exactData(reply.text, false))
        if (namesOf(fields).length > 0) found.set(path, { path, fields, changedAt: null })
      })
      return found
    },
    versions: async () => [],
    get: async () => [],
    put: refuse,
    promote: refuse,
    putCurrent: async (versions) => (versions.length === 0 ? undefined : refuse()),
    drop: refuse,
    withdraw: refuse,
    ready: refuse,
  }
}
