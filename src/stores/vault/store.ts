import { KeyturnError } from '../../errors.ts'
import { once } from '../../once.ts'
import type { Document, Fingerprinter, NewVersion, SecretStore, Version } from '../../ports.ts'
import { Sensitive } from '../../sensitive.ts'
import type { Fields, Fingerprint, Token } from '../../terms.ts'
import { eachOf } from '../local/each.ts'
import { NO_FIELDS, namesOf } from '../local/merge.ts'
import { promoted, refuseOther } from '../local/put-current.ts'
import { AT_ONCE, type VaultClient } from './client.ts'
import { type Found, openKv, PLACE_LABEL, type There } from './kv.ts'
import { readOnlyStore } from './kv1.ts'
import { checkKeeps, checkRights, kvVersionOf, type Right } from './mount.ts'
import { type Places, placesFor } from './paths.ts'
import { recordOf, versionIn } from './record.ts'

export interface VaultStoreOptions {
  readonly client: VaultClient
  readonly mount: string
  readonly inventoryId: string
  /** Paths that `ready` looks at. */
  readonly paths: readonly string[]
  readonly fingerprints: () => Promise<Fingerprinter>
}

/** Somebody else writes to the same path each time: far more than there are rotations of one path. */
const ROUNDS = 50

/** What SecretStore promises, on a Vault or OpenBao. The mount's version is asked for with the first call. */
export function vaultStore(options: VaultStoreOptions): SecretStore {
  const { client, mount } = options
  const inner = once(async () => ((await kvVersionOf(client, mount)) === 2 ? versionedStore(options) : readOnlyStore(options)))
  return {
    read: async (paths) => (await inner()).read(paths),
    versions: async (path) => (await inner()).versions(path),
    get: async (path, tokens) => (await inner()).get(path, tokens),
    put: async (path, version, signal) => (await inner()).put(path, version, signal),
    promote: async (path, token, expect, signal) => (await inner()).promote(path, token, expect, signal),
    putCurrent: async (versions, signal) => (await inner()).putCurrent(versions, signal),
    drop: async (path, token) => (await inner()).drop(path, token),
    withdraw: async (path, fields) => (await inner()).withdraw(path, fields),
    ready: async () => (await inner()).ready(),
  }
}

function versionedStore({ client, mount, inventoryId, paths: declared, fingerprints }: VaultStoreOptions): SecretStore {
  const kv = openKv(client, mount)
  const { store } = client
  const places = placesFor(inventoryId)
  const lease = (path: string, signal: AbortSignal | undefined) => {
    if (signal?.aborted) throw new KeyturnError('LEASE_LOST', `${store}: ${path}: the lease ended before the write`)
  }
  const inRounds = async <T>(path: string, round: () => Promise<T | 'again'>): Promise<T> => {
    for (let n = 0; n < ROUNDS; n++) {
      const end = await round()
      if (end !== 'again') return end
    }
    throw new KeyturnError('STORE_BUSY', `${store}: ${path}: somebody else wrote there each of ${ROUNDS} times`)
  }

  const versionAt = async (path: string, at: string, what = `reading a version of ${path}`): Promise<{ found: Found; version: Version | null }> => {
    const found = await kv.read(at, what)
    return { found, version: found.there ? versionIn(found, { path, inventory: inventoryId, store }) : null }
  }
  const versionOfToken = async (path: string, token: Token): Promise<Version | null> => {
    const { version } = await versionAt(path, places.version(path, token))
    if (version && version.token !== token)
      throw new KeyturnError('STORE_DAMAGED', `${store}: ${path}: the version of another token lies in the place of ${token}`)
    return version
  }

  /** Some fields changed, those of others as they are. `moved`: somebody wrote since. */
  const change = async (path: string, before: Found, changes: Sensitive<Readonly<Record<string, string | null>>>, signal?: AbortSignal) => {
    const [at, what] = [places.current(path), `writing ${path}`]
    if (before.there) {
      const end = await kv.patch(at, changes, before.cas, what, signal)
      if (end !== 'unable') return end
      lease(path, signal)
    }
    const all = before.there ? before.exact().with(changes, laidOver) : changes
    return kv.write(at, all, before.cas, what, signal)
  }

  const label = async (path: string, token: Token, before: Found) => {
    const secret = token.split('.')[1] ?? ''
    const labels = { keyturn: inventoryId, [PLACE_LABEL]: places.current(path), [`keyturn_${secret.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`]: token }
    // For people only, after what counts is done.
    await kv.label(places.current(path), labels, !before.there && before.cas === 0).catch(() => {})
  }

  const itself: SecretStore = {
    async read(paths) {
      const wanted = [...new Set(paths)].map((path) => [path, places.current(path)] as const)
      const found = new Map<string, Document>()
      await eachOf(wanted, AT_ONCE, async ([path, at]) => {
        const document = await kv.read(at, `reading ${path}`)
        if (document.there && namesOf(document.fields).length > 0) found.set(path, { path, fields: document.fields, changedAt: document.writtenAt })
      })
      return found
    },

    async versions(path) {
      const folder = places.versions(path)
      const names = await kv.list(folder, `listing the versions of ${path}`)
      const all = await eachOf(names, AT_ONCE, (name) => versionAt(path, `${folder}/${name}`))
      const there = all.flatMap(({ found, version }) => (version ? [{ written: (found as There).written, version }] : []))
      there.sort((a, b) => (a.written < b.written ? 1 : a.written > b.written ? -1 : 0))
      return there.map(({ version: { token, fields, handle, createdAt } }) => ({ token, fields: namesOf(fields), handle, createdAt }))
    },

    async get(path, tokens) {
      const found = await eachOf([...new Set(tokens)], AT_ONCE, (token) => versionOfToken(path, token))
      return found.filter((version) => version !== null)
    },

    async put(path, version, signal) {
      const at = places.version(path, version.token)
      await inRounds(path, async () => {
        lease(path, signal)
        // Blindly at first: it is new nearly always.
        const end = await kv.write(at, recordOf(version, path, inventoryId), 0, `writing a version of ${path}`, signal)
        if (end === 'written') return true
        const { found, version: there } = await versionAt(path, at)
        if (there) refuseOther(path, there, version)
        if (there) return true
        lease(path, signal)
        // Deleted by hand: its number stays.
        return (await kv.write(at, recordOf(version, path, inventoryId), found.cas, `writing a version of ${path}`, signal)) === 'written' ? true : 'again'
      })
      await kv.label(at, { keyturn: inventoryId, keyturn_token: version.token }, true).catch(() => {})
    },

    async promote(path, token, expect, signal) {
      const version = await versionOfToken(path, token)
      if (!version) throw new KeyturnError('STORE_DAMAGED', `${store}: ${path}: no version ${token} is stored, so it cannot become current`)
      await makeCurrent(path, version, expect, signal)
    },

    async putCurrent(all, signal) {
      await eachOf([...Map.groupBy(all, ({ path }) => path)], AT_ONCE, async ([path, mine]) => {
        for (const { expect, path: _, ...version } of mine) {
          await itself.put(path, version, signal)
          await makeCurrent(path, version, expect, signal)
        }
      })
    },

    async drop(path, token) {
      await kv.forget(places.version(path, token), `forgetting a version of ${path}`)
    },

    async withdraw(path, names) {
      await inRounds(path, async () => {
        const before = await kv.read(places.current(path), `reading ${path}`)
        if (!before.there) return true
        const gone = namesOf(before.fields).filter((name) => names.includes(name))
        if (gone.length === 0) return true
        const changes = new Sensitive(Object.fromEntries(gone.map((name) => [name, null])))
        return (await change(path, before, changes)) === 'moved' ? 'again' : true
      })
    },

    async ready() {
      await checkKeeps(client, mount)
      await checkRights(
        client,
        declared.flatMap((path) => rightsFor(mount, places, path)),
      )
    },
  }

  async function makeCurrent(path: string, version: NewVersion, expect: Fingerprint | null, signal: AbortSignal | undefined): Promise<void> {
    await inRounds(path, async () => {
      const before = await kv.read(places.current(path), `reading ${path}`)
      const fields: Sensitive<Fields> = before.there ? before.fields : NO_FIELDS
      if ((await promoted(fields, { path, fields: version.fields, expect }, fingerprints)) === null) return true
      lease(path, signal)
      if ((await change(path, before, version.fields, signal)) === 'moved') return 'again'
      await label(path, version.token, before)
      return true
    })
  }
  return itself
}

/** Entries, since a field may be named `__proto__`. `null` takes one away. */
const laidOver = (all: object, changes: Readonly<Record<string, string | null>>): object =>
  Object.fromEntries([...Object.entries(all), ...Object.entries(changes)].filter(([name]) => !(Object.hasOwn(changes, name) && changes[name] === null)))

/** What rotations do with a path. */
function rightsFor(mount: string, places: Places, path: string): readonly Right[] {
  const [current, folder] = [`${mount}/data/${places.current(path)}`, places.versions(path)]
  const version = `${mount}/data/${folder}/any`
  const needed = (api: string, ...capabilities: readonly string[]) => capabilities.map((capability) => ({ api, capability }))
  return [
    ...needed(current, 'read', 'create', 'update'),
    ...needed(version, 'read', 'create', 'update'),
    ...needed(`${mount}/metadata/${folder}/`, 'list'),
    ...needed(`${mount}/metadata/${folder}/any`, 'delete'),
  ]
}
