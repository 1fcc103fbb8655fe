import { KeyturnError } from '../../src/errors.ts'
import type { Clock, Document, Fingerprinter, NewVersion, SecretStore, Version } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Fields, Fingerprint, Millis } from '../../src/terms.ts'

/** What the store holds; several processes may each have their own view of it. */
export interface MemoryStorage {
  readonly documents: Map<string, { readonly fields: Fields; readonly changedAt: Millis }>
  /** Newest first. */
  readonly versions: Map<string, readonly Version[]>
}

export const emptyStorage = (): MemoryStorage => ({ documents: new Map(), versions: new Map() })

/**
 * Called right before and right after each thing that the store does, as `store.put:before` and `store.put:after`. It may
 * wait, never come back (a crash), or throw (an outage before the effect, a lost answer after it).
 */
export type Hook = (point: string) => Promise<void>

export interface MemoryStoreOptions {
  readonly storage?: MemoryStorage
  readonly clock: Clock
  readonly fingerprints: Fingerprinter
  readonly hook?: Hook
}

/** A store that keeps every promise of the port and forgets everything with the process. */
export function memoryStore({ storage = emptyStorage(), clock, fingerprints, hook = async () => {} }: MemoryStoreOptions): SecretStore {
  const { documents, versions } = storage
  const at = (path: string): readonly Version[] => versions.get(path) ?? []

  async function call<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    await hook(`store.${name}:before`)
    const result = await work()
    await hook(`store.${name}:after`)
    return result
  }

  const store: SecretStore = {
    read: (paths) =>
      call('read', () => {
        const found = new Map<string, Document>()
        for (const path of paths) {
          const document = documents.get(path)
          if (document) found.set(path, { path, fields: new Sensitive(document.fields), changedAt: document.changedAt })
        }
        return found
      }),

    versions: (path) =>
      call('versions', () =>
        at(path).map(({ token, fields, handle, createdAt }) => ({ token, fields: Object.keys(fields.reveal()).sort(), handle, createdAt })),
      ),

    put: (path, version, signal) =>
      call('put', () => {
        const same = at(path).find(({ token }) => token === version.token)
        if (same) return requireEqual(path, same, version)
        requireLease(signal)
        const fields = version.fields.map((values) => ({ ...values }))
        versions.set(path, [{ ...version, fields, createdAt: clock.now() }, ...at(path)])
      }),

    get: (path, tokens) => call('get', () => at(path).filter(({ token }) => tokens.includes(token))),

    async promote(path, token, expect, signal) {
      await hook('store.promote:before')
      for (;;) {
        const version = at(path).find((v) => v.token === token)
        if (!version) throw new KeyturnError('STORE_DAMAGED', `${path}: no version ${token} is stored`)
        const before = documents.get(path)
        const own = version.fields.reveal()
        const there = pick(before?.fields ?? {}, Object.keys(own))
        const found = there === null ? null : fingerprints.of(new Sensitive(there))
        if (found === fingerprints.of(version.fields)) break
        requireExpected(path, found, expect)
        // Somebody else may write here: the check-and-set below notices.
        await hook('store.promote:between')
        if (documents.get(path) !== before) continue
        requireLease(signal)
        documents.set(path, { fields: { ...before?.fields, ...own }, changedAt: clock.now() })
        break
      }
      await hook('store.promote:after')
    },

    async putCurrent(all, signal) {
      for (const { path, expect, ...version } of all) {
        await store.put(path, version, signal)
        await store.promote(path, version.token, expect, signal)
      }
    },

    drop: (path, token) =>
      call('drop', () => {
        versions.set(
          path,
          at(path).filter((v) => v.token !== token),
        )
      }),

    withdraw: (path, fields) =>
      call('withdraw', () => {
        const document = documents.get(path)
        if (!document) return
        const left = Object.entries(document.fields).filter(([name]) => !fields.includes(name))
        if (left.length === 0) documents.delete(path)
        else documents.set(path, { fields: Object.fromEntries(left), changedAt: clock.now() })
      }),

    ready: () => call('ready', () => {}),
  }
  return store
}

/** The fields of these names; `null` when none is there. */
function pick(fields: Fields, names: readonly string[]): Fields | null {
  const found = Object.entries(fields).filter(([name]) => names.includes(name))
  return found.length === 0 ? null : Object.fromEntries(found)
}

function requireEqual(path: string, stored: Version, given: NewVersion): void {
  const bytes = ({ fields, handle }: NewVersion): string => JSON.stringify([Object.entries(fields.reveal()).sort(), handle])
  if (bytes(stored) !== bytes(given)) throw new KeyturnError('STAGE_CONFLICT', `${path}: version ${given.token} is stored with other bytes`)
}

function requireExpected(path: string, found: Fingerprint | null, expect: Fingerprint | null): void {
  if (found !== expect) throw new KeyturnError('STORE_CHANGED', `${path}: the current value is not the one expected`)
}

function requireLease(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new KeyturnError('LEASE_LOST', 'the lease ended before the store was written')
}
