import { closeSync, constants, openSync, rmSync } from 'node:fs'
import { fromFileSystem } from '../errors.ts'
import type { Fold } from '../ports.ts'
import type { StreamState } from '../terms.ts'
import { canonical, type EventRow, toRecorded } from './canonical.ts'
import type { Database } from './database.ts'
import { FORMAT, SQL } from './schema.ts'

/** What changes the tables from one format to the next. Where only the folded rows differ there is none: they are always refolded. */
const STEPS: Readonly<Record<number, (db: Database) => void>> = {}

/**
 * Brings an older ledger to the present format: a copy beside it first (`FILE.format-N`), then everything in one
 * transaction. Killed in between, the next opening begins again.
 */
export function migrate(db: Database, from: number, fold: Fold): void {
  const copy = `${db.file}.format-${from}`
  rmSync(copy, { force: true })
  copyTo(db, copy)
  db.transaction(() => {
    const stored = db.get<{ value: string }>("SELECT value FROM meta WHERE name = 'format'")
    if (stored?.value !== String(from)) return // another process was first
    for (let format = from; format < FORMAT; format++) STEPS[format]?.(db)
    refold(db, fold)
    db.run(SQL.putMeta, 'format', String(FORMAT))
  })
}

function refold(db: Database, fold: Fold): void {
  let stream: string | null = null
  let state: StreamState | null = null
  const keep = () => stream !== null && db.run(SQL.refoldRow, stream, canonical(state))
  for (const row of db.each<EventRow>(SQL.eventsByStream)) {
    if (row.stream !== stream) {
      keep()
      stream = row.stream
      state = null
    }
    state = fold(state, toRecorded(row))
  }
  keep()
}

/** A whole and consistent copy in one file of mode 0600, while others read and write. Throws FILE_UNWRITABLE where `target` exists. */
export function copyTo(db: Database, target: string): void {
  try {
    closeSync(openSync(target, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600))
  } catch (error) {
    throw fromFileSystem(error, 'write', target)
  }
  try {
    db.run('VACUUM INTO $1', target)
  } catch (error) {
    rmSync(target, { force: true })
    throw error
  }
}
