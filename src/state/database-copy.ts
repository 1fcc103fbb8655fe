import { lstat } from 'node:fs/promises'
import { KeyturnError } from '../errors.ts'

/** SQLite's SQLITE_CORRUPT and SQLITE_NOTADB. */
const DAMAGED = new Set([11, 26])
/** SQLITE_BUSY, SQLITE_LOCKED. */
const BUSY = new Set([5, 6])

/** How long to wait for a process that writes the ledger. */
const WAIT_MS = 10_000

/**
 * The bytes of a whole SQLite database as it is at this moment, others writing or not; `null` where there is none. It opens
 * without any file beside it.
 *
 * @throws KeyturnError LEDGER_DAMAGED, LEDGER_BUSY.
 */
export async function copyDatabase(file: string): Promise<Buffer | null> {
  if (!(await lstat(file).catch(() => null))) return null
  const { DatabaseSync } = await import('node:sqlite')
  try {
    const db = new DatabaseSync(file, { timeout: WAIT_MS })
    try {
      db.exec('BEGIN')
      // The transaction, and with it the moment, begins with the first read.
      db.prepare('SELECT count(*) FROM sqlite_schema').get()
      const bytes = Buffer.from(db.serialize())
      // 2 there says that there may be a write-ahead log beside the file (https://www.sqlite.org/fileformat2.html#the_database_header).
      if (bytes.length >= 100) bytes.fill(1, 18, 20)
      return bytes
    } finally {
      db.close()
    }
  } catch (error) {
    throw databaseFault(error, file)
  }
}

/**
 * Whether these bytes are a sound SQLite database.
 *
 * @returns what is wrong, or `null`.
 */
export async function faultOfDatabase(bytes: Uint8Array): Promise<string | null> {
  const { DatabaseSync } = await import('node:sqlite')
  const db = new DatabaseSync(':memory:')
  try {
    // It keeps the bytes and may change them.
    db.deserialize(Uint8Array.from(bytes))
    const row = db.prepare('PRAGMA integrity_check(1)').get() as { integrity_check: string }
    return row.integrity_check === 'ok' ? null : 'its pages do not fit together'
  } catch {
    return 'it is no database'
  } finally {
    db.close()
  }
}

/**
 * Puts the content of one database file in the place of another's, in one transaction of SQLite's own: processes that have
 * `target` open see all of the old or all of the new, and a kill leaves the old. Renaming a file over it would not do: its
 * log would then be taken for the new file's.
 *
 * @throws KeyturnError LEDGER_DAMAGED where `target` is no database any more; LEDGER_BUSY, DISK_FULL.
 */
export async function overwriteDatabase(source: string, target: string): Promise<void> {
  const { DatabaseSync, backup } = await import('node:sqlite')
  const from = new DatabaseSync(source, { readOnly: true })
  try {
    await backup(from, target, { rate: 1_000_000 })
  } catch (error) {
    throw databaseFault(error, target)
  } finally {
    from.close()
  }
}

function databaseFault(error: unknown, file: string): unknown {
  const code = (error as { errcode?: number }).errcode
  if (code === undefined) return error
  if (BUSY.has(code & 0xff)) return new KeyturnError('LEDGER_BUSY', `${file}: another process is writing it`)
  if (DAMAGED.has(code & 0xff)) return new KeyturnError('LEDGER_DAMAGED', `${file}: is no sound database (SQLite error ${code})`)
  // SQLITE_FULL
  if ((code & 0xff) === 13) return new KeyturnError('DISK_FULL', `${file}: no space left on the disk`)
  return new KeyturnError('FILE_UNREADABLE', `${file}: SQLite cannot use it (error ${code})`)
}
