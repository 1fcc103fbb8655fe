import type { HealthState, HostStep, Snapshot, Standing, Step } from './event.ts'
import type { AgeSource, Fingerprint, HeldVar, Millis, Token, VersionRef } from './value.ts'

/** What events fold to: the rows that are read. */

export interface Claim {
  readonly seq: number
  readonly pos: number
  readonly at: Millis
  readonly step: Step | HostStep
  readonly on: string
  readonly by: string
  readonly until: Millis
  readonly token?: Token
  readonly admin?: string
}

export interface Failure {
  readonly seq: number
  readonly step: Step | HostStep
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly at: Millis
  readonly retryAt: Millis | null
  /** How many in a row, of this step. */
  readonly attempts: number
  readonly standing?: Standing
}

/** A version with what became of it. */
export interface VersionState extends VersionRef {
  /** 1, 2, 3 ...: what people see as "version 3". */
  readonly n: number
  /** When the credential was born; `null`: nobody knows. */
  readonly bornAt: Millis | null
  readonly source: AgeSource
  readonly firstSeenAt: Millis
  /** Place in the ledger's order at which it last became current. */
  readonly pos: number
  /** When the provider refused it, or it was replaced where nothing at a provider can die. */
  readonly deadAt?: Millis
  readonly replacedAt?: Millis
  /** When the provider ends it by itself; absent: never, or nobody knows. */
  readonly expiresAt?: Millis
}

export interface RotationState {
  readonly id: string
  readonly openedAt: Millis
  readonly openedSeq: number
  readonly snapshot: Snapshot
  readonly given: Token | null
  readonly target: VersionRef | null
  readonly reason: string | null
  /** Tokens of all `create` claims so far: what may have been made (failure rule 3). */
  readonly tokens: readonly Token[]
  readonly made: VersionRef | null
  readonly retiring: VersionRef | null
  readonly done: readonly Step[]
  /** Steps that were claimed at least once: they may have taken effect, whatever was recorded then. */
  readonly claimed: readonly Step[]
  /** What a probe after an unconfirmed `set` last found. */
  readonly standing: Standing | null
  /** Refused for good before the point of no return; never cleared: revoke then makes dead what this rotation made. */
  readonly back: boolean
  /** `rollback`: target and retiring swapped. */
  readonly swapped: boolean
  /** Why it was turned round by itself: a consumer that fell ill on the new value. Stays when a person turns it again. */
  readonly unhealthy?: string
  readonly promote: { readonly pos: number; readonly at: Millis } | null
  readonly graceUntil: Millis | null
  readonly compromised: { readonly waitMs: number; readonly at: Millis } | null
  /** What a person vouched for instead of its proof: files and consumers, by `missingKey`. */
  readonly vouched: readonly string[]
  /** Since when it waits for a person, because it comes out of a backup and may have ended since. */
  readonly reverted?: Millis
  /** The clock of `ask_after` starts here: opening, grace's end, or the last `retry`. */
  readonly askFrom: Millis
}

/** The folded state of a secret's stream: the row that `status` reads. */
export interface SecretState {
  readonly kind: 'secret'
  readonly v: 1
  readonly stream: string
  readonly secret: string
  readonly seq: number
  readonly pos: number
  readonly lastAt: Millis
  readonly hash: string
  readonly count: number
  /** Tokens of all `create` claims ever: a stored version of ours with another one means that the ledger is behind. */
  readonly tokens: readonly Token[]
  readonly current: VersionState | null
  /** Former versions that may still be gone back to or looked for, newest first. */
  readonly former: readonly VersionState[]
  readonly rotation: RotationState | null
  readonly claim: Claim | null
  readonly failure: Failure | null
  /** Closed less than 24 h ago: late orphans of these tokens are looked for again (failure rule 4). */
  readonly late: {
    readonly rotation: string
    readonly snapshot: Snapshot
    readonly tokens: readonly Token[]
    readonly closedAt: Millis
    readonly sweptAt: Millis
  } | null
  readonly last: {
    readonly rotation: string
    readonly outcome: 'rotated' | 'back'
    readonly at: Millis
    readonly note: string | null /** Went back since a consumer fell ill: not begun again without a person. */
    readonly unhealthy?: true
  } | null
  readonly removed: boolean
  /** Tokens of rotations that were given up after a restore: what was stored under them may be in use, and stays. */
  readonly held?: readonly Token[]
}

/** What an output held when it was last written or looked at. */
export interface WriteRecord {
  readonly claimPos: number
  readonly claimAt: Millis
  readonly at: Millis
  /** The first look at what was there before us. */
  readonly looked?: true
  readonly vars: Readonly<Record<string, HeldVar>>
  /** A write was claimed since and never recorded: it may have changed the file. */
  readonly unsure?: true
  /** pos of the claim of the last write that changed a variable: consumers refreshed before it are stale. 0: none yet. */
  readonly changedPos: number
}

/** What a consumer said of its health. */
export interface HealthRecord {
  /** Right before the last delivery. */
  readonly before?: {
    readonly claimPos: number
    readonly state: HealthState
    readonly why: string /** How often in a row nothing was told. */
    readonly times: number
  }
  /** After it. `times`: answers in a row that it is not healthy, since it was refreshed last. */
  readonly last?: {
    readonly claimPos: number
    readonly claimAt: Millis
    readonly at: Millis
    readonly state: HealthState
    readonly why: string
    readonly times: number
    /** When it was refreshed, or asked first after that, by the clock that was behind. */
    readonly since: Millis
  }
}

export interface ConsumerRecord {
  readonly refresh: { readonly claimPos: number; readonly at: Millis /** Its health can be asked. */; readonly watched?: true } | null
  readonly health?: HealthRecord
  /** Proofs in a row that found something else than the file holds. */
  readonly misses: number
  readonly proof: {
    readonly claimPos: number
    readonly claimAt: Millis
    readonly at: Millis
    readonly vars: Readonly<Record<string, Fingerprint | null>>
  } | null
}

/** The folded state of a host's stream. */
export interface HostState {
  readonly kind: 'host'
  readonly v: 1
  readonly stream: string
  readonly host: string
  readonly seq: number
  readonly pos: number
  readonly lastAt: Millis
  readonly hash: string
  /** By file. */
  readonly outputs: Readonly<Record<string, WriteRecord>>
  /** By `FILE consumer KEY`. */
  readonly consumers: Readonly<Record<string, ConsumerRecord>>
  readonly claim: Claim | null
  /** By what the claim was on. */
  readonly failures: Readonly<Record<string, Failure>>
}

export type StreamState = SecretState | HostState
