/** How young and strong secrets must be, and what a check found. */

/** How young secrets must be and how carefully they are replaced. All times in milliseconds. */
export interface Policy {
  /** No live credential gets older than this. */
  readonly maxAgeMs: number
  /** A rotation opens this long before `maxAgeMs`, so that the overlap ends before it, not after. */
  readonly rotateBeforeMs: number
  /** Old and new are both accepted for this long after all consumers proved. */
  readonly graceMs: number
  /** Then a person is asked, and nothing more is written at the provider. */
  readonly askAfterMs: number
  readonly minLength: number
  readonly minEntropyBits: number
  /** Revoked values stay in the store this long, so that guards can look for them. */
  readonly retainMs: number
}

export type Severity = 'attention' | 'violation' | 'overdue' | 'due' | 'info'

export interface Finding {
  readonly rule: string
  readonly severity: Severity
  readonly message: string
  /** The next command. */
  readonly hint: string
}
