import type { Sensitive } from '../sensitive.ts'
import type { Fields, Fingerprint, Millis } from '../terms.ts'

export interface Clock {
  now(): Millis
}

/** Randomness: the system's CSPRNG, or a seeded one in tests. */
export interface Random {
  /** `n` unbiased random bytes. */
  bytes(n: number): Uint8Array
}

/** The right to write until a time. Checked right before every write to a provider, store or file (failure rule 1). */
export interface Lease {
  readonly until: Millis
  /** Aborts at `until`, or when the user interrupts. */
  readonly signal: AbortSignal
}

export interface Fingerprinter {
  readonly keyId: string
  /** Of a set of fields, in whatever order. */
  of(fields: Sensitive<Fields>): Fingerprint
  /** Of one bare value: equal under two names means reuse. */
  ofValue(value: Sensitive<string>): Fingerprint
}
