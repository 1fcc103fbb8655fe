import { createHash } from 'node:crypto'
import { KeyturnError } from '../errors.ts'
import type { Fold } from '../ports.ts'
import type { StreamState } from '../terms.ts'
import { canonical, type EventRow, hashedText, type StreamRow, toRecorded } from './canonical.ts'
import { digester, type Head, headText, parseHead } from './head.ts'
import type { LedgerSnapshot } from './snapshot.ts'
import type { SqliteLedger } from './sqlite.ts'

export interface LedgerProblem {
  /** `null`: of the ledger as a whole. */
  readonly stream: string | null
  readonly seq: number | null
  readonly what: string
}

export interface LedgerVerdict {
  readonly intact: boolean
  readonly events: number
  readonly streams: number
  /** The first hundred. */
  readonly problems: readonly LedgerProblem[]
  readonly head: 'matches' | 'differs' | 'not given'
  /** What this look could not see; one sentence for the user. */
  readonly note: string
}

/** A head that was kept elsewhere, and the check of its signature. */
export interface KeptHead {
  readonly line: string
  verify(text: string, signature: string): boolean | Promise<boolean>
}

const MOST = 100

/**
 * Walks every chain of a ledger: numbers, order, hashes; refolds every row and compares. With a head that was kept
 * elsewhere it also sees what was cut off the end. Writes nothing; may be repeated.
 *
 * What it finds is in the result. Throws USAGE or INVENTORY_ID_MISMATCH for a head that is none of this ledger's.
 */
export async function verifyLedger(ledger: SqliteLedger, fold: Fold, kept?: KeptHead): Promise<LedgerVerdict> {
  const head = kept ? parseHead(kept.line) : null
  if (head && head.inventoryId !== ledger.inventoryId) {
    throw new KeyturnError('INVENTORY_ID_MISMATCH', `the head is of inventory ${head.inventoryId}, the ledger of ${ledger.inventoryId}`)
  }
  const problems: LedgerProblem[] = []
  const find = (what: string, stream: string | null = null, seq: number | null = null) => {
    if (problems.length < MOST) problems.push({ stream, seq, what })
  }
  const signed = head && kept ? await kept.verify(headText(head.inventoryId, head.pos, head.digest), head.signature) : false
  const snapshot = await ledger.snapshot()
  let counted = { events: 0, streams: 0, digest: '' }
  try {
    for (const fault of snapshot.faults()) find(fault)
    counted = walk(snapshot, fold, head, find)
  } catch (error) {
    // A file so damaged that it cannot be read to its end; anything else is a fault of ours.
    if (!(error instanceof KeyturnError)) throw error
    find(error.message)
  } finally {
    snapshot.close()
  }
  const matches = head !== null && signed && counted.digest === head.digest && head.pos <= snapshot.pos
  if (head && !signed) find("the head's signature was not made by this inventory's key")
  else if (head && head.pos > snapshot.pos) find(`events were cut off the end: the head was taken after event ${head.pos}, the ledger ends at ${snapshot.pos}`)
  else if (head && !matches) find('the head does not fit: what was recorded before it was taken has changed since')
  return {
    ...{ intact: problems.length === 0, events: counted.events, streams: counted.streams, problems },
    head: head === null ? 'not given' : matches ? 'matches' : 'differs',
    note: note(head, snapshot.pos),
  }
}

function note(head: Head | null, pos: number): string {
  if (head === null) {
    return 'Without a head kept elsewhere, events cut off the end cannot be seen: keep what "secrets history --head" prints, and verify against it.'
  }
  if (head.pos >= pos) return 'Everything up to the head is covered.'
  return `The head covers the first ${head.pos} of ${pos} events; events cut off after it cannot be seen.`
}

type Find = (what: string, stream?: string | null, seq?: number | null) => void

function walk(snapshot: LedgerSnapshot, fold: Fold, head: Head | null, find: Find): { events: number; streams: number; digest: string } {
  const sum = digester()
  const seen = { events: 0, streams: 0, largest: 0 }
  const rows = snapshot.rows()[Symbol.iterator]()
  let row = rows.next()
  let chain: Chain | null = null

  const end = (ended: Chain): void => {
    seen.streams++
    if (ended.covered) sum.add(ended.stream, ended.covered.seq, ended.covered.hash)
    // Both walks are in the order of the names.
    while (!row.done && before(row.value.stream, ended.stream)) row = without(row.value)
    if (row.done || row.value.stream !== ended.stream) {
      find('its row is missing', ended.stream)
    } else {
      compare(row.value, ended, find)
      row = rows.next()
    }
  }
  const without = (extra: StreamRow): IteratorResult<StreamRow> => {
    find('a row without events', extra.stream)
    return rows.next()
  }

  for (const event of snapshot.eventsByStream()) {
    seen.events++
    seen.largest = Math.max(seen.largest, event.pos)
    if (chain && chain.stream !== event.stream) {
      end(chain)
      chain = null
    }
    chain ??= { stream: event.stream, last: null, state: null, folds: true, covered: null }
    link(chain, event, fold, find)
    if (head && event.pos <= head.pos) chain.covered = event
  }
  if (chain) end(chain)
  while (!row.done) row = without(row.value)

  // Positions are distinct (a key of the table), so count, largest and counter agree only if none is missing.
  if (seen.events !== snapshot.pos || seen.largest !== snapshot.pos) {
    find(`${seen.events} events are here, the last is ${seen.largest}, but ${snapshot.pos} were counted`)
  }
  return { events: seen.events, streams: seen.streams, digest: sum.digest() }
}

/** One stream while it is walked. */
interface Chain {
  readonly stream: string
  last: EventRow | null
  state: StreamState | null
  /** False once an event could not be read: its state cannot be known. */
  folds: boolean
  /** The last event that the head covers. */
  covered: EventRow | null
}

function link(chain: Chain, event: EventRow, fold: Fold, find: Find): void {
  const { last } = chain
  const at = (what: string) => find(what, event.stream, event.seq)
  const expected = (last?.seq ?? 0) + 1
  if (event.seq !== expected) at(`event ${expected} is missing`)
  if (event.prev !== (last?.hash ?? '')) at('it does not follow the event before it')
  if (last && event.pos <= last.pos) at('it is out of order')
  if (createHash('sha256').update(hashedText(event)).digest('hex') !== event.hash) at('its content does not fit its hash')
  chain.last = event
  if (!chain.folds) return
  try {
    chain.state = fold(chain.state, toRecorded(event))
  } catch {
    chain.folds = false
    at('it cannot be read')
  }
}

function compare(row: StreamRow, { stream, last, state, folds }: Chain, find: Find): void {
  if (row.seq !== last?.seq || row.hash !== last.hash || row.pos !== last.pos) find('its row is not at its last event', stream, row.seq)
  if (folds && row.state !== canonical(state)) find('its row is not what its events say', stream, row.seq)
}

/** The database's order: by bytes of UTF-8, which is not the order of JavaScript's strings. */
const before = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0
