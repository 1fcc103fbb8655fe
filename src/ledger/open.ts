import { chmodSync, statSync } from 'node:fs'
import { fromFileSystem, KeyturnError } from '../errors.ts'
import type { Fold } from '../ports.ts'
import { makeEmptyFile } from '../state/empty-file.ts'
import { type Database, database } from './database.ts'
import { ledgerFault } from './faults.ts'
import { migrate } from './migrate.ts'
import { FORMAT, SQL, SQLITE, tables } from './schema.ts'

export interface OpenOptions {
  /** `:memory:` for tests. */
  readonly file: string
  readonly inventoryId: string
  readonly fold: Fold
  readonly readOnly: boolean
  /** Whether a missing file is made; else RESTORE_NEEDED. */
  readonly create: boolean
  /** Under sudo, the caller: a new file is theirs. SQLite gives its `-wal` and `-shm` the same owner. */
  readonly owner?: { readonly uid: number; readonly gid: number } | null
  /** How long one process waits for another before LEDGER_BUSY. */
  readonly timeoutMs: number
}

export const inMemory = (file: string): boolean => file === ':memory:'

/**
 * Opens the file and sees that it is this inventory's ledger, in the layout we know. Reading costs one look at `meta`;
 * tables are made, and an older layout migrated, only where they have to be.
 *
 * Throws RESTORE_NEEDED (not there), LEDGER_DAMAGED, LEDGER_NEWER, INVENTORY_ID_MISMATCH, LEDGER_BUSY, FILE_UNREADABLE, FILE_UNWRITABLE, DISK_FULL.
 */
export async function openDatabase(options: OpenOptions): Promise<Database> {
  const { file, readOnly, create, owner = null } = options
  if (!inMemory(file)) makeFile(file, create, owner)
  const db = await connect(file, readOnly, options.timeoutMs)
  try {
    const found = identify(db)
    if (found === null && !create) throw new KeyturnError('RESTORE_NEEDED', `ledger ${file}: the file is empty`)
    if (found) check(found, options)
    // Only now is it known to be ours, and may be changed.
    if (!readOnly && !inMemory(file)) await prepare(db, options.timeoutMs)
    const meta = found ?? initialise(db, options.inventoryId)
    check(meta, options)
    if (meta.format === FORMAT) return db
    if (readOnly) {
      // Older: reading it as it is could show wrong states, so this one time it is opened for writing.
      db.close()
      ;(await openDatabase({ ...options, readOnly: false })).close()
      return await openDatabase(options)
    }
    migrate(db, meta.format, options.fold)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** A connection without any look at what is in the file. */
export async function connect(file: string, readOnly: boolean, timeoutMs: number): Promise<Database> {
  const { DatabaseSync } = await import('node:sqlite')
  try {
    return database(new DatabaseSync(file, { readOnly, timeout: timeoutMs }), file)
  } catch (error) {
    throw ledgerFault(error, file)
  }
}

/** SQLite would make it with the mode of the umask; its `-wal` and `-shm` take the mode of this file. */
function makeFile(file: string, create: boolean, owner: OpenOptions['owner']): void {
  try {
    if (statSync(file).isDirectory())
      throw new KeyturnError('FILE_UNREADABLE', `ledger ${file}: it is a folder`, { hint: 'Move it away, then "secrets restore".' })
    return
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fromFileSystem(error, 'read', file)
  }
  if (!create) throw new KeyturnError('RESTORE_NEEDED', `ledger ${file}: the file is not there`)
  makeEmptyFile(file, owner ?? null)
}

async function prepare(db: Database, timeoutMs: number): Promise<void> {
  if ((statSync(db.file).mode & 0o077) !== 0) chmodSync(db.file, 0o600)
  // The switch of a new file does not wait for other openers as everything else does, so it is tried again.
  for (let waited = 0; ; waited += 20) {
    try {
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
      return
    } catch (error) {
      if (!(error instanceof KeyturnError) || error.code !== 'LEDGER_BUSY' || waited >= timeoutMs) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

interface Meta {
  readonly format: number
  readonly inventory: string
}

/** `null`: nothing in it yet (new, or the process that made it was killed before its first transaction). */
function identify(db: Database): Meta | null {
  const names = db.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'").map((row) => row.name)
  if (names.length === 0) return null
  if (!names.includes('meta')) throw new KeyturnError('LEDGER_DAMAGED', `ledger ${db.file}: it is an SQLite database, but no ledger of Keyturn`)
  const meta = new Map(db.all<{ name: string; value: string }>(SQL.meta).map((row) => [row.name, row.value]))
  const format = Number(meta.get('format') ?? Number.NaN)
  const inventory = meta.get('inventory')
  if (!Number.isSafeInteger(format) || inventory === undefined) throw new KeyturnError('LEDGER_DAMAGED', `ledger ${db.file}: it does not say whose it is`)
  return { format, inventory }
}

function initialise(db: Database, inventory: string): Meta {
  return db.transaction(() => {
    const found = identify(db)
    if (found !== null) return found // another process was first
    db.exec(tables(SQLITE))
    db.run(SQL.putMeta, 'format', String(FORMAT))
    db.run(SQL.putMeta, 'inventory', inventory)
    return { format: FORMAT, inventory }
  })
}

function check(meta: Meta, { file, inventoryId }: OpenOptions): void {
  if (meta.format > FORMAT) throw new KeyturnError('LEDGER_NEWER', `ledger ${file}: it has format ${meta.format}, this Keyturn knows ${FORMAT}`)
  if (meta.inventory !== inventoryId) {
    throw new KeyturnError('INVENTORY_ID_MISMATCH', `ledger ${file}: it belongs to inventory ${meta.inventory}, not to ${inventoryId}`)
  }
}
