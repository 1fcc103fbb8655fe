import type { Event, Millis, Policy, Recorded, StreamState } from '../terms.ts'

export interface AppendContext {
  readonly policy: Policy | null
}

/** An event for the end of its stream. */
export interface Append extends AppendContext {
  readonly stream: string
  readonly seq: number
  readonly event: Event
}

export interface Appended {
  readonly recorded: Recorded
  readonly state: StreamState
}

/**
 * The append-only record. `append` is the one primitive: it gives durability, history, mutual exclusion, and "one open
 * rotation a secret". The folded state is a row written in the same transaction; that row is the compare-and-set.
 */
export interface Ledger {
  /**
   * Succeeds only if `seq` is the next number of that stream (1 for the first), else STREAM_MOVED. Afterwards it survives a
   * power cut. LEDGER_BUSY when another process holds the file for too long. Not to be repeated blindly: read first.
   */
  append(stream: string, seq: number, event: Event, context: AppendContext): Promise<Appended>
  /** `append` of each in this order, all of them or none, with one wait for the disk. */
  appendAll(appends: readonly Append[]): Promise<readonly Appended[]>
  read(stream: string): Promise<readonly Recorded[]>
  state(stream: string): Promise<StreamState | null>
  states(): AsyncIterable<StreamState>
  /** The ledger's clock: the machine's for SQLite, the database's for PostgreSQL. */
  now(): Millis
  close(): Promise<void>
}

/** How an event changes a stream's state: the ledger calls it inside the append's transaction. Pure. */
export type Fold = (state: StreamState | null, recorded: Recorded) => StreamState
