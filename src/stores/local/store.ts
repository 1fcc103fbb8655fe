import { KeyturnError } from '../../errors.ts'
import type { Clock, Document, Fingerprinter, Random, SecretStore } from '../../ports.ts'
import type { Sensitive } from '../../sensitive.ts'
import type { Fault } from '../../state/files.ts'
import { locked } from '../../state/lock.ts'
import type { Owner } from '../../state/paths.ts'
import type { Fields, Token } from '../../terms.ts'
import { eachOf } from './each.ts'
import { sealTo } from './envelope.ts'
import { filesOf, type StoreFile } from './inspect.ts'
import { type Keyring, openKeyring } from './keyring.ts'
import { NO_FIELDS, namesOf, sameFields, without } from './merge.ts'
import { checkPath, checkToken } from './names.ts'
import { promoted, putAllCurrent, refuseOther } from './put-current.ts'
import { recordReader } from './reader.ts'
import { checkReady } from './ready.ts'
import { encodeRecord, type StoreRecord } from './record.ts'
import { reencryptAll } from './reencrypt.ts'
import { findVersion, openShelf } from './shelf.ts'

export interface LocalStoreOptions {
  /** The store's folder; made at the first write. */
  readonly dir: string
  /** Bound into every file: a file of another inventory's store is refused by name. */
  readonly inventoryId: string
  /** The keys of this machine (`AGE-SECRET-KEY-1...`); asked for when a file is first opened or written. */
  readonly identity: () => Promise<readonly Sensitive<string>[]>
  /** Everyone who can read the store (`age1...`), this machine among them. */
  readonly recipients: readonly string[]
  /** Asked for only by a `promote` that expects something. */
  readonly fingerprints: () => Promise<Fingerprinter>
  readonly clock: Clock
  readonly random: Random
  /** Under sudo, the caller: what is made belongs to them. */
  readonly owner?: Owner | null
  /** How long to wait for another process's write. A write takes milliseconds; a minute means that something hangs. */
  readonly lockWaitMs?: number
  readonly fault?: Fault | undefined
}

/** The embedded store: age files in a folder of this machine. What SecretStore promises, and: */
export interface LocalStore extends SecretStore {
  /**
   * Encrypts every file to these recipients instead, and everything written from now on. Other processes go on meanwhile. A kill
   * leaves each file readable by the old or by the new recipients; run again, it goes on with those that are left.
   *
   * @returns how many files were changed.
   * @throws KeyturnError IDENTITY_WRONG where this machine would lock itself out; STORE_DAMAGED naming a file that cannot be
   * opened (the others are done first).
   */
  reencrypt(recipients: readonly string[]): Promise<number>
  /** Every file with what it is, who can read it, and what is wrong with it. */
  files(): Promise<readonly StoreFile[]>
}

/** Files opened at once: enough to hide the disk, few enough for memory. */
const AT_ONCE = 16

export function openLocalStore(options: LocalStoreOptions): LocalStore {
  const { dir, inventoryId, clock, random, fault, owner = null, lockWaitMs = 60_000 } = options
  const shelf = openShelf(dir, { random, owner, fault })
  let recipients = options.recipients
  /** Whose writing counts. */
  let trusted = recipients

  let keys: Promise<Keyring> | null = null
  const ring = () => {
    // A failure is not kept: the identity may be put back while this process runs.
    keys ??= options
      .identity()
      .then(openKeyring)
      .catch((error: unknown) => {
        keys = null
        throw error
      })
    return keys
  }
  const reader = recordReader({ shelf, inventoryId, ring, trusted: () => trusted })
  const seal = async (record: StoreRecord) => sealTo(encodeRecord(record), await ring(), recipients)

  const underLock = async <T>(signal: AbortSignal | undefined, work: (check: () => void) => Promise<T>): Promise<T> => {
    await shelf.prepare()
    return locked(shelf.lock, { waitMs: lockWaitMs, owner, signal }, async () => {
      await shelf.check()
      await shelf.clean()
      await fault?.('locked')
      return work(() => {
        if (signal?.aborted) throw new KeyturnError('LEASE_LOST', `${dir}: the lease ended before the write`)
      })
    })
  }

  const versionAt = async (path: string, token: Token) => {
    const found = findVersion(await shelf.versionFiles(path), token)
    return found ? reader.version(path, found.file) : null
  }

  return {
    async read(paths) {
      const wanted = [...new Set(paths)]
      for (const path of wanted) checkPath(path)
      const records = await eachOf(wanted, AT_ONCE, (path) => reader.current(path))
      const found = new Map<string, Document>()
      for (const record of records) if (record) found.set(record.path, { path: record.path, fields: record.fields, changedAt: record.changedAt })
      return found
    },

    async versions(path) {
      checkPath(path)
      const infos = await eachOf(await shelf.versionFiles(path), AT_ONCE, async ({ file }) => {
        const version = await reader.version(path, file)
        return version && { token: version.token, fields: namesOf(version.fields), handle: version.handle, createdAt: version.createdAt }
      })
      return infos.filter((info) => info !== null).reverse()
    },

    async get(path, tokens) {
      checkPath(path)
      for (const token of tokens) checkToken(token)
      const files = await shelf.versionFiles(path)
      const versions = await eachOf([...new Set(tokens)], AT_ONCE, async (token) => {
        const found = findVersion(files, token)
        return found ? reader.version(path, found.file) : null
      })
      return versions.filter((version) => version !== null).map(({ token, fields, handle, createdAt }) => ({ token, fields, handle, createdAt }))
    },

    async put(path, { token, fields, handle }, signal) {
      checkPath(path)
      checkToken(token)
      const sealed = (seq: number) => seal({ kind: 'version', inventory: inventoryId, path, token, seq, createdAt: clock.now(), handle, fields })
      const seqNow = async () => ((await shelf.versionFiles(path)).at(-1)?.seq ?? 0) + 1
      await shelf.prepare()
      // Encrypted before anybody has to wait for us; once more where somebody was faster.
      const expected = await seqNow()
      const early = await sealed(expected)
      await underLock(signal, async (check) => {
        const there = await versionAt(path, token)
        if (there) return refuseOther(path, there, { token, fields, handle })
        const seq = await seqNow()
        const bytes = seq === expected ? early : await sealed(seq)
        if (!(await shelf.writeNew(shelf.versionFile(path, seq, token), bytes, check))) {
          throw new KeyturnError('STAGE_CONFLICT', `${path}: version ${token} appeared while it was written`)
        }
      })
    },

    async promote(path, token, expect, signal) {
      checkPath(path)
      checkToken(token)
      await shelf.prepare()
      // Versions are never changed, so this one is read and decrypted before anybody has to wait for us; where there is no document yet,
      // it is encrypted before as well.
      const version = await versionAt(path, token)
      const sealed = (fields: Sensitive<Fields>) => seal({ kind: 'current', inventory: inventoryId, path, changedAt: clock.now(), fields })
      const early = version && (await reader.current(path)) === null ? await sealed(version.fields) : null
      await underLock(signal, async (check) => {
        if (!version) throw new KeyturnError('STORE_DAMAGED', `${path}: no version ${token} is stored, so it cannot become current`)
        const before = await reader.current(path)
        const document = await promoted(before?.fields ?? NO_FIELDS, { path, fields: version.fields, expect }, options.fingerprints)
        if (document === null) return
        const bytes = before === null && early !== null ? early : await sealed(document)
        await shelf.write(shelf.currentFile(path), bytes, check)
      })
    },

    async putCurrent(versions, signal) {
      for (const { path, token } of versions) {
        checkPath(path)
        checkToken(token)
      }
      const { fingerprints } = options
      await underLock(signal, (check) =>
        shelf.together((batch) => putAllCurrent(versions, { shelf: batch, reader, inventoryId, clock, fingerprints, seal, check, atOnce: AT_ONCE })),
      )
    },

    async drop(path, token) {
      checkPath(path)
      checkToken(token)
      if (!findVersion(await shelf.versionFiles(path), token)) return
      await underLock(undefined, async () => {
        const found = findVersion(await shelf.versionFiles(path), token)
        if (found) await shelf.remove(found.file)
      })
    },

    async withdraw(path, names) {
      checkPath(path)
      await underLock(undefined, async (check) => {
        const document = await reader.current(path)
        if (!document) return
        const left = without(document.fields, names)
        if (sameFields(left, document.fields)) return
        if (namesOf(left).length === 0) return shelf.remove(shelf.currentFile(path))
        const bytes = await seal({ kind: 'current', inventory: inventoryId, path, changedAt: clock.now(), fields: left })
        await shelf.write(shelf.currentFile(path), bytes, check)
      })
    },

    async ready() {
      await underLock(undefined, async () => checkReady({ dir, shelf, ring: await ring(), recipients }))
    },

    async reencrypt(next) {
      const before = recipients
      // Until the last file is done both lists count: a kill leaves a mixture.
      trusted = [...new Set([...before, ...next])]
      recipients = next
      try {
        const changed = await reencryptAll({ shelf, reader, ring: await ring(), recipients: next, underLock: (work) => underLock(undefined, work) })
        trusted = next
        return changed
      } catch (error) {
        recipients = before
        throw error
      }
    },

    files: () => filesOf(shelf, reader),
  }
}
