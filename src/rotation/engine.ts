import type { Clock, Consumer, Fingerprinter, Lease, Ledger, OutputFiles, Random, RotatorSpec, SecretStore } from '../ports.ts'
import type { Sensitive } from '../sensitive.ts'
import type { Facts, Fields, Inventory, Millis } from '../terms.ts'

/** Everything that the rotation touches of the world, through ports. Made by `app.ts`, or by a test. */
export interface Engine {
  /** As it is now: it may have been edited since a rotation opened. */
  inventory(): Inventory
  readonly ledger: Ledger
  store(name: string): Promise<SecretStore>
  readonly rotators: ReadonlyMap<string, RotatorSpec>
  readonly consumers: ReadonlyMap<string, Consumer>
  readonly files: OutputFiles
  fingerprints(): Promise<Fingerprinter>
  /** What policy needs to know of a value, taken once when a version is first seen. `env`: variable to field. */
  facts(fields: Sensitive<Fields>, env: Readonly<Record<string, string>>, fingerprints: Fingerprinter): Promise<Facts>
  readonly clock: Clock
  readonly random: Random
  /** Names this process in claims. */
  readonly worker: string
  /** Names this machine: its outputs are written here. */
  readonly host: string
  /** True when the process that holds a claim is known to have ended. */
  gone(worker: string): boolean
  /** The right to write until then; its signal also aborts when the user interrupts. */
  lease(until: Millis): Lease
  /** Throws INTERRUPTED once the user has asked to stop: no further step is begun. */
  stopIfInterrupted?(): void
  /** Resolves at that time, or rejects with INTERRUPTED. */
  pause(until: Millis): Promise<void>
  /** Environment of programs that rotators start, without our own credentials. */
  readonly programEnv?: Readonly<Record<string, string>>
  /** Environment of programs that consumers start; they take our own credentials out but for those that the inventory lists. */
  readonly consumerEnv?: Readonly<Record<string, string | undefined>>
  /** Called at every step boundary; test builds kill the process there. */
  fault?(point: string): void | Promise<void>
}

/** Longer than the timeouts of any secret step together (rotators give up after at most two minutes a call). */
export const STEP_LEASE_MS = 10 * 60_000
/** Beside a consumer's own timeout, for reading the store and writing the file. */
export const HOST_LEASE_MS = 2 * 60_000
/** A clock may be this far behind the last event without being suspect: time daemons step back by less. */
export const CLOCK_SLACK_MS = 1_000
/** HTTP dates have a resolution of a second and proxies cache for some; five minutes is what TLS and Kerberos allow too. */
export const CLOCK_DRIFT_MS = 5 * 60_000
