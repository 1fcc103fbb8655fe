import { KeyturnError } from '../../errors.ts'
import { Sensitive } from '../../sensitive.ts'
import type { Fields, Millis } from '../../terms.ts'
import type { VaultClient } from './client.ts'
import { CAS_MISMATCH, fault, refused, saysThat } from './faults.ts'
import { encodePath } from './paths.ts'
import type { Reply } from './transport.ts'
import { type Exact, exactData, fieldsOf } from './values.ts'

/** A KV version 2 mount, a place at a time. Every call names what it is for in `what`, for messages. */
export interface Kv {
  /** @throws KeyturnError STORE_UNAVAILABLE, STORE_BUSY; STORE_DAMAGED for an answer that is another place's. */
  read(place: string, what: string): Promise<Found>
  /** Writes all of a place if its version is still `cas` (0: never written). `moved`: it is another one, and nothing was written. */
  write(place: string, data: Sensitive<object>, cas: number, what: string, signal?: AbortSignal): Promise<'written' | 'moved'>
  /** Changes some fields and leaves the others; `null` takes one away. `unable`: not permitted, or not known to this server. */
  patch(place: string, data: Sensitive<object>, cas: number, what: string, signal?: AbortSignal): Promise<'written' | 'moved' | 'unable'>
  /** Names in a folder; none where there is no folder. */
  list(folder: string, what: string): Promise<readonly string[]>
  /** Takes a place away with all its versions; one that is not there is fine. */
  forget(place: string, what: string): Promise<void>
  /** Notes for people, in custom metadata. `alone`: nobody else has any there. Not being permitted is fine. */
  label(place: string, labels: Readonly<Record<string, string>>, alone: boolean): Promise<void>
}

export type Found =
  /** `cas` is what the next write must name. `cause`: whether there were versions before. */
  { readonly there: false; readonly cas: number } | There

export interface There {
  readonly there: true
  readonly cas: number
  readonly fields: Sensitive<Fields>
  readonly plain: Sensitive<Readonly<Record<string, unknown>>>
  /** As it stands, to be written back. */
  exact(): Exact
  /** In nanoseconds' precision, to be compared. */
  readonly written: string
  readonly writtenAt: Millis | null
}

/** Kept with a current document: where it lies. An answer with another one is another place's. */
export const PLACE_LABEL = 'keyturn_path'

interface DataBody {
  readonly data?: {
    readonly data?: unknown
    readonly metadata?: { version?: unknown; created_time?: unknown; deletion_time?: unknown; custom_metadata?: unknown }
  }
}

export function openKv(client: VaultClient, mount: string): Kv {
  const asking = (what: string) => ({ store: client.store, what })
  const api = (kind: 'data' | 'metadata', place: string) => `${mount}/${kind}/${encodePath(place)}`

  const written = (reply: Reply, what: string): 'written' | 'moved' => {
    if (reply.status === 400 && saysThat(reply, CAS_MISMATCH)) return 'moved'
    if (reply.status !== 200 && reply.status !== 204) throw refused(reply, asking(what))
    return 'written'
  }
  /** A mount may be told to delete every version after some time; what `retain` promises would be lost. */
  const refuseDeletion = async (reply: Reply, place: string, what: string): Promise<void> => {
    const at = (reply.body as { data?: { deletion_time?: unknown } } | undefined)?.data?.deletion_time
    if (typeof at !== 'string' || at === '') return
    await kv.forget(place, what)
    throw deletesBySelf(client.store, what, mount)
  }

  /** Asked for once in vain, it is not asked for again. */
  let mayLabel = true

  const kv: Kv = {
    async read(place, what) {
      const reply = await client.ask({ method: 'GET', api: api('data', place), what, takes: [404], needs: `"read" on ${mount}/data/${place}` })
      if (reply.status === 404) return absent(reply, client.store, what)
      const { data, metadata } = (reply.body as DataBody).data ?? {}
      const cas = metadata?.version
      if (typeof data !== 'object' || data === null || Array.isArray(data) || typeof cas !== 'number') {
        throw fault(asking(what), 'the answer is no secret of KV version 2', 'something else than a Vault answers there: check "address" and "mount"')
      }
      const label = (metadata?.custom_metadata as Record<string, unknown> | null | undefined)?.[PLACE_LABEL]
      if (typeof label === 'string' && label !== place) {
        const hint = `if it was copied there on purpose: vault kv metadata patch -remove-custom-metadata=${PLACE_LABEL}`
        throw fault(asking(what), 'the answer is the secret of another path', hint, { code: 'STORE_DAMAGED' })
      }
      const time = typeof metadata?.created_time === 'string' ? metadata.created_time : ''
      const at = Date.parse(time)
      const exact = () => exactData(reply.text, true)
      const plain = new Sensitive(data as Record<string, unknown>)
      return { there: true, cas, fields: fieldsOf(plain.reveal(), exact), plain, exact, written: sortable(time), writtenAt: Number.isNaN(at) ? null : at }
    },

    async write(place, data, cas, what, signal) {
      const body = { options: { cas }, data: data.reveal() }
      const needs = `"${cas === 0 ? 'create' : 'update'}" on ${mount}/data/${place}`
      const reply = await client.ask({ method: 'POST', api: api('data', place), body, what, signal, takes: [400], needs })
      const end = written(reply, what)
      if (end === 'written' && cas === 0) await refuseDeletion(reply, place, what)
      return end
    },

    async patch(place, data, cas, what, signal) {
      const body = { options: { cas }, data: data.reveal() }
      const ask = { method: 'PATCH', api: api('data', place), body, what, signal, needs: '' } as const
      const reply = await client.ask({ ...ask, takes: [400, 403, 404, 405, 415] })
      // 404: deleted since it was read.
      if (reply.status === 404) return 'moved'
      if ([403, 405, 415].includes(reply.status) || saysThat(reply, /unsupported operation/)) return 'unable'
      return written(reply, what)
    },

    async list(folder, what) {
      const needs = `"list" on ${mount}/metadata/${folder}`
      const reply = await client.ask({ method: 'GET', api: api('metadata', folder), query: 'list=true', what, takes: [404], needs })
      if (reply.status === 404) {
        absent(reply, client.store, what)
        return []
      }
      const keys = (reply.body as { data?: { keys?: unknown } }).data?.keys
      if (!Array.isArray(keys)) throw fault(asking(what), 'the answer is no list', 'something else than a Vault answers there: check the address')
      return keys.filter((key): key is string => typeof key === 'string' && key !== '' && !key.endsWith('/'))
    },

    async forget(place, what) {
      const needs = `"delete" on ${mount}/metadata/${place}`
      const reply = await client.ask({ method: 'DELETE', api: api('metadata', place), what, takes: [404], needs })
      if (reply.status === 404) absent(reply, client.store, what)
    },

    async label(place, labels, alone) {
      if (!mayLabel) return
      const usable = Object.entries(labels).filter(([name, text]) => Buffer.byteLength(name) <= 128 && Buffer.byteLength(text) <= 512 && text !== '')
      const ask = { api: api('metadata', place), body: { custom_metadata: Object.fromEntries(usable) }, what: `labelling ${place}`, needs: '' }
      // Written whole, it would take the labels of others away.
      const reply = await client.ask({ ...ask, method: alone ? 'POST' : 'PATCH', takes: [400, 403, 404, 405, 415] })
      mayLabel = reply.status !== 403
    },
  }
  return kv
}

/**
 * What a 404 means. Never there: `{"errors":[]}`. Deleted: with a version. Everything else is an error, such as a mount that is not there.
 *
 * @throws KeyturnError STORE_UNAVAILABLE.
 */
export function absent(reply: Reply, store: string, what: string): Found {
  const body = reply.body as (DataBody & { errors?: unknown; warnings?: unknown }) | undefined
  const version = body?.data?.metadata?.version
  if (typeof version === 'number') return { there: false, cas: version }
  const warned = JSON.stringify(body?.warnings ?? '').includes('Invalid path for a versioned')
  if (Array.isArray(body?.errors) && body.errors.length === 0 && !warned) return { there: false, cas: 0 }
  throw refused(reply, { store, what })
}

export const deletesBySelf = (store: string, what: string, mount: string): KeyturnError =>
  new KeyturnError('UNSUPPORTED', `${store}: ${what}: the mount ${mount} deletes versions by itself (delete_version_after), also those that have to be kept`, {
    hint: `vault write ${mount}/config delete_version_after=0s, or use another mount`,
  })

/** RFC 3339 with as many digits as it has: texts in the order of the times. */
function sortable(time: string): string {
  const [, whole = '', part = ''] = /^([^.Z+]*)(?:\.(\d+))?/.exec(time) ?? []
  return `${whole}.${part.padEnd(9, '0')}`
}
