import { KeyturnError } from '../errors.ts'
import type { Append, Appended, Clock, Fold, Ledger } from '../ports.ts'
import type { Actor, StreamState } from '../terms.ts'
import { canonical, type EventRow, hashedText, toRecorded } from './canonical.ts'
import { ledgerFault } from './faults.ts'
import { copyTo } from './migrate.ts'
import { openDatabase } from './open.ts'
import { SQL } from './schema.ts'
import { type LedgerSnapshot, takeSnapshot } from './snapshot.ts'

/** Where a fault can be injected into an append: after each of its statements, and after the commit. */
export type AppendPoint = 'begun' | 'counted' | 'event' | 'row' | 'committed'

export interface SqliteLedgerOptions {
  /** The database file, or `:memory:`. Its folder has to exist. */
  readonly file: string
  /** Pure; called inside the append's transaction. */
  readonly fold: Fold
  readonly clock: Clock
  readonly actor: Actor
  /** Keyturn's version. */
  readonly tool: string
  /** SHA-256 of the inventory in force; a function where it may change while the ledger is open. */
  readonly inventoryHash: string | (() => string)
  readonly inventoryId: string
  /** For `status` and `report`: nothing is made, written or migrated (but an older format once). */
  readonly readOnly?: boolean
  /** Whether a missing file is made; default: unless `readOnly`. */
  readonly create?: boolean
  /** Under sudo, the caller: a new file is theirs. */
  readonly owner?: { readonly uid: number; readonly gid: number } | null
  /** Default 5000. */
  readonly timeoutMs?: number
  /** Tests only: called at each point, and may kill the process. */
  readonly fault?: (point: AppendPoint) => void
}

export interface SqliteLedger extends Ledger {
  readonly file: string
  readonly inventoryId: string
  /** All rows as they were at one moment, for verify, head and export; others may append meanwhile. Close it. */
  snapshot(): Promise<LedgerSnapshot>
  /** A consistent copy in a new file of mode 0600. */
  copyTo(target: string): void
}

/** Rows fetched at once: an open cursor over them all would make appends on the same connection fail. Few, so that their texts are let go soon. */
const PAGE = 64

/**
 * The ledger in one SQLite file, for all processes of one machine.
 *
 * Throws RESTORE_NEEDED, LEDGER_DAMAGED, LEDGER_NEWER, INVENTORY_ID_MISMATCH, LEDGER_BUSY, FILE_UNREADABLE, FILE_UNWRITABLE, DISK_FULL.
 */
export async function openSqliteLedger(options: SqliteLedgerOptions): Promise<SqliteLedger> {
  const { file, fold, clock, inventoryId, readOnly = false, timeoutMs = 5000, fault = () => {} } = options
  const db = await openDatabase({ file, inventoryId, fold, readOnly, create: options.create ?? !readOnly, timeoutMs, owner: options.owner ?? null })
  const inventoryHash = (): string => (typeof options.inventoryHash === 'string' ? options.inventoryHash : options.inventoryHash())
  const parse = (text: string): StreamState => {
    try {
      return JSON.parse(text) as StreamState
    } catch (error) {
      throw ledgerFault(error, file)
    }
  }

  const appendAll = async (appends: readonly Append[]): Promise<readonly Appended[]> => {
    // Reading never needs it, and `status` counts every module.
    const { createHash } = await import('node:crypto')
    const { tool } = options
    const [inventory, actor] = [inventoryHash(), canonical(options.actor)]
    /** Inside the transaction. */
    const append = ({ stream, seq, event, policy }: Append): Appended => {
      const old = db.get<{ seq: number; hash: string; state: string }>(SQL.row, stream)
      if ((old?.seq ?? 0) + 1 !== seq) throw moved(stream, seq)
      const pos = db.get<{ pos: number }>(SQL.count)?.pos
      if (pos === undefined) throw new KeyturnError('LEDGER_DAMAGED', `ledger ${file}: its counter is missing`)
      fault('counted')
      const [text, inForce, at, prev] = [canonical(event), canonical(policy), clock.now(), old?.hash ?? '']
      const unhashed = { pos, stream, seq, at, event: text, actor, tool, inventory, policy: inForce, prev }
      const hash = createHash('sha256').update(hashedText(unhashed)).digest('hex')
      // From the text, so that a refold years later sees exactly the same.
      const recorded = toRecorded({ ...unhashed, hash })
      const state = fold(old ? parse(old.state) : null, recorded)
      db.run(SQL.insertEvent, pos, stream, seq, at, text, actor, tool, inventory, inForce, prev, hash)
      fault('event')
      const changed = db.run(old ? SQL.updateRow : SQL.insertRow, stream, seq, pos, hash, canonical(state))
      if (changed !== 1) throw moved(stream, seq)
      fault('row')
      return { recorded, state }
    }
    const appended = db.transaction(() => {
      fault('begun')
      return appends.map(append)
    })
    fault('committed')
    return appended
  }

  return {
    file,
    inventoryId,

    async append(stream, seq, event, { policy }) {
      const [appended] = await appendAll([{ stream, seq, event, policy }])
      return appended as Appended
    },

    appendAll,

    async read(stream) {
      try {
        return db.all<EventRow>(SQL.read, stream).map(toRecorded)
      } catch (error) {
        throw ledgerFault(error, file)
      }
    },

    async state(stream) {
      const row = db.get<{ state: string }>(SQL.state, stream)
      return row ? parse(row.state) : null
    },

    async *states() {
      let after = ''
      for (;;) {
        const page = db.all<{ stream: string; state: string }>(SQL.states, after, PAGE)
        for (const row of page) yield parse(row.state)
        const last = page.at(-1)
        if (!last || page.length < PAGE) return
        after = last.stream
      }
    },

    now: () => clock.now(),
    snapshot: () => takeSnapshot(db, inventoryId, timeoutMs),
    copyTo: (target) => copyTo(db, target),
    async close() {
      db.close()
    },
  }
}

const moved = (stream: string, seq: number): KeyturnError => new KeyturnError('STREAM_MOVED', `stream ${stream}: event ${seq} is not the next one`)
