import type { EventRow, StreamRow } from './canonical.ts'
import { type Database, database } from './database.ts'
import { ledgerFault } from './faults.ts'
import { connect, inMemory } from './open.ts'
import { SQL } from './schema.ts'

/** All rows of a ledger as they were at one moment. Streams come in the order of their names' bytes. */
export interface LedgerSnapshot {
  readonly inventoryId: string
  /** How many events were ever appended, by the ledger's own counter. */
  readonly pos: number
  eventsByStream(): Iterable<EventRow>
  eventsByPos(): Iterable<EventRow>
  rows(): Iterable<StreamRow>
  /** What the database itself finds wrong in its file; empty: nothing. */
  faults(): readonly string[]
  close(): void
}

/** A connection of its own inside a read transaction: what others append meanwhile does not show. */
export async function takeSnapshot(db: Database, inventoryId: string, timeoutMs: number): Promise<LedgerSnapshot> {
  const copy = inMemory(db.file) ? await duplicate(db) : await connect(db.file, true, timeoutMs)
  try {
    copy.exec('BEGIN')
    // The transaction begins with its first read.
    const pos = copy.get<{ pos: number }>(SQL.pos)?.pos ?? 0
    return {
      inventoryId,
      pos,
      eventsByStream: () => copy.each<EventRow>(SQL.eventsByStream),
      eventsByPos: () => copy.each<EventRow>(SQL.eventsByPos),
      rows: () => copy.each<StreamRow>(SQL.rows),
      faults: () =>
        copy
          .all<{ integrity_check: string }>('PRAGMA integrity_check(10)')
          .map((row) => row.integrity_check)
          .filter((text) => text !== 'ok'),
      close: () => copy.close(),
    }
  } catch (error) {
    copy.close()
    throw ledgerFault(error, db.file)
  }
}

async function duplicate(db: Database): Promise<Database> {
  const { DatabaseSync } = await import('node:sqlite')
  const raw = new DatabaseSync(':memory:')
  raw.deserialize(db.raw.serialize())
  return database(raw, db.file)
}
