import type { Sensitive } from '../sensitive.ts'
import type { Fields, Fingerprint, Handle, Millis, Token } from '../terms.ts'

/** The current document at a path: all fields there, also those of neighbours and of others. */
export interface Document {
  readonly path: string
  readonly fields: Sensitive<Fields>
  /** When the document was last written, by the store's own record. */
  readonly changedAt: Millis | null
}

export interface NewVersion {
  readonly token: Token
  /** The secret's own fields only. */
  readonly fields: Sensitive<Fields>
  readonly handle: Handle | null
}

export interface Version extends NewVersion {
  readonly createdAt: Millis
}

export interface VersionInfo {
  readonly token: Token
  readonly fields: readonly string[]
  readonly handle: Handle | null
  readonly createdAt: Millis
}

/** A version that shall be current at once; `expect` as in `promote`. */
export interface CurrentVersion extends NewVersion {
  readonly path: string
  readonly expect: Fingerprint | null
}

/**
 * Where versions live. Versions lie beside the path, immutable and invisible to readers; the current document is what
 * readers get. Every method may be repeated. All throw STORE_UNAVAILABLE or STORE_BUSY (retryable), STORE_DAMAGED naming
 * the file or path, IDENTITY_MISSING or IDENTITY_WRONG; nothing is ever half written.
 *
 * A `signal` is checked right before each write; when it has aborted, nothing is written and LEASE_LOST is thrown.
 */
export interface SecretStore {
  /** The current documents; a path without one is absent from the map. */
  read(paths: readonly string[]): Promise<ReadonlyMap<string, Document>>
  /** Newest first, without values. */
  versions(path: string): Promise<readonly VersionInfo[]>
  /** Afterwards `get` finds it, on a disk that survives a power cut. Same token and same bytes: done. Same token and other bytes: STAGE_CONFLICT. */
  put(path: string, version: NewVersion, signal?: AbortSignal): Promise<void>
  /** Those of `tokens` that are stored, in one call. */
  get(path: string, tokens: readonly Token[]): Promise<readonly Version[]>
  /**
   * Makes a stored version current: merges its fields onto the document just read, check-and-set. `expect` is the fingerprint
   * of the version's own fields as they should be there now, `null` for none of them there; anything else there throws
   * STORE_CHANGED and changes nothing. Already current: done. Fields of neighbours stay.
   */
  promote(path: string, token: Token, expect: Fingerprint | null, signal?: AbortSignal): Promise<void>
  /**
   * `put` and `promote` of each with one wait for the disk: for the values of a new project, which nobody uses before all are there.
   * A kill leaves some done and others not, and each version is there before it is current; run again, it goes on with the others.
   * What is promised of power cuts holds when it has returned: before, some may be current whose version is not there.
   */
  putCurrent(versions: readonly CurrentVersion[], signal?: AbortSignal): Promise<void>
  /** Forgets a version; one that is absent is fine. The current document stays. */
  drop(path: string, token: Token): Promise<void>
  /** Takes fields out of the current document (`secrets rm`); the versions stay. */
  withdraw(path: string, fields: readonly string[]): Promise<void>
  /** Permission, space, health: throws what a `put` would throw, before a provider is told anything. */
  ready(): Promise<void>
}
