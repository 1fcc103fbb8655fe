import { rmSync, statSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { KeyturnError } from '../errors.ts'
import { makeEmptyFile } from './empty-file.ts'
import type { Owner } from './paths.ts'

export interface LockOptions {
  /** How long to wait for another holder before STORE_BUSY. */
  readonly waitMs: number
  readonly owner: Owner | null
  readonly signal?: AbortSignal | undefined
  /** Whoever held it takes the file away again; only a kill leaves it. Not where others look whether it is there. */
  readonly vanishes?: true
}

/** Two locks of one process on one file would poll each other: they queue here instead. */
const queues = new Map<string, Promise<void>>()

/**
 * Runs `work` while this process alone holds `file`. The lock is SQLite's on an empty database, so that the kernel gives it
 * back whenever and however the holder ends; nothing is ever written into the file. Not reentrant.
 *
 * @throws KeyturnError STORE_BUSY after `waitMs`, LEASE_LOST when the signal aborts while waiting, FILE_UNWRITABLE where the
 * file cannot be made; and what `work` throws.
 */
export async function locked<T>(file: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const before = queues.get(file) ?? Promise.resolve()
  const mine = before.then(() => holding(file, options, work))
  const settled = mine.then(
    () => {},
    () => {},
  )
  queues.set(file, settled)
  try {
    return await mine
  } finally {
    if (queues.get(file) === settled) queues.delete(file)
  }
}

async function holding<T>(file: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const release = await acquire(file, options)
  try {
    return await work()
  } finally {
    release()
  }
}

/** SQLite's SQLITE_BUSY and SQLITE_LOCKED. */
const BUSY = new Set([5, 6])

async function acquire(file: string, { waitMs, owner, signal, vanishes }: LockOptions): Promise<() => void> {
  const { DatabaseSync } = await import('node:sqlite')
  const deadline = performance.now() + waitMs
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
    if (signal?.aborted) throw new KeyturnError('LEASE_LOST', `${file}: the lease ended while waiting for the lock`)
    const inode = makeLockFile(file, owner)
    let db: InstanceType<typeof DatabaseSync> | null = null
    try {
      db = new DatabaseSync(file, { timeout: 0 })
      // Nothing is ever written, so no journal is needed: a kill would leave its file beside the lock.
      db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
      // `restore` swaps whole folders, and some locks vanish: a lock on a file that has lost its name protects nothing.
      if (inodeOf(file) === inode) {
        const held = db
        return () => {
          // Before it is let go: who waits for it sees that its name is gone, and makes a new one.
          if (vanishes) rmSync(file, { force: true })
          held.close()
        }
      }
      db.close()
    } catch (error) {
      db?.close()
      if (!BUSY.has((error as { errcode?: number }).errcode ?? 0)) throw broken(error, file)
    }
    if (performance.now() >= deadline) throw new KeyturnError('STORE_BUSY', `${file}: another process held the lock for more than ${waitMs / 1000} s`)
    await wait(pauseMs, undefined, signal ? { signal } : {}).catch(() => {})
  }
}

/** Makes the file if it is not there, and says which one it is. */
function makeLockFile(file: string, owner: Owner | null): number {
  makeEmptyFile(file, owner)
  return inodeOf(file)
}

function inodeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? -1
}

function broken(error: unknown, file: string): unknown {
  const code = (error as { errcode?: number }).errcode
  // SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_AUTH
  if (code !== undefined && [3, 8, 14, 23].includes(code & 0xff)) return new KeyturnError('FILE_UNWRITABLE', `${file}: cannot lock it (permission)`)
  // SQLITE_NOTADB, SQLITE_CORRUPT
  if (code !== undefined && [11, 26].includes(code & 0xff)) {
    return new KeyturnError('STORE_DAMAGED', `${file}: something was written into the lock file`, { hint: `It holds nothing: rm ${file}` })
  }
  return code === undefined ? error : new KeyturnError('STORE_UNAVAILABLE', `${file}: cannot lock it (SQLite error ${code})`)
}
