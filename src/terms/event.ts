import type { RotatorRef } from './inventory.ts'
import type { Policy } from './policy.ts'
import type { AgeSource, Facts, Fingerprint, Handle, HeldVar, Millis, Token, VersionRef } from './value.ts'

/** What is recorded: steps, events, and what they carry. */

export type Step = 'create' | 'set' | 'test' | 'promote' | 'revoke'

export type HostStep = 'write' | 'refresh' | 'prove' | 'health'

/** How a consumer says it is. */
export type HealthState = 'healthy' | 'starting' | 'unhealthy' | 'unknown'

/** What a rotation needs to know of the inventory, as it was when it opened (failure rule 2). */
export interface Snapshot {
  readonly name: string
  readonly store: string
  readonly path: string
  readonly fields: readonly string[]
  readonly rotator: RotatorRef
  readonly overlap: boolean
  /** The rotator has `set`: we invent the value and tell the provider. */
  readonly sets: boolean
  /** The rotator has `revoke`: something at a provider can die too early. */
  readonly revokes: boolean
  /** The provider can list what carries our tag: orphans of this rotation can be found. */
  readonly lists: boolean
  /** An output lists the old value beside the new one: it ends when it is taken out there. */
  readonly both?: true
  readonly gate: readonly GateOutput[]
  readonly policy: Policy
}

/** Stands in a proof for a variable that this consumer does not take from the file at all: it has nothing to prove about it. */
export const UNTAKEN: Fingerprint = 'hmac:untaken:0'

/** One output that must hold the new value, and the consumers that must prove it, before the old one may die. */
export interface GateOutput {
  readonly host: string
  readonly file: string
  readonly unproven: 'hold' | 'grace'
  readonly consumers: readonly {
    readonly key: string
    readonly unproven: 'hold' | 'grace'
    /** Absent in what was recorded before there was any: the default. */
    readonly probationMs?: Millis
  }[]
}

export type DidResult =
  | { readonly step: 'create'; readonly version: VersionRef }
  | { readonly step: 'set' }
  | { readonly step: 'test'; readonly restricted?: string }
  | { readonly step: 'promote' }
  | { readonly step: 'revoke'; readonly broke?: readonly string[]; readonly note?: string }
  | { readonly step: 'write'; readonly vars: Readonly<Record<string, HeldVar>> /** Nothing was written. */; readonly looked?: true }
  | { readonly step: 'refresh' /** Its health can be asked. */; readonly watched?: true }
  | { readonly step: 'prove'; readonly vars: Readonly<Record<string, Fingerprint | null>> }
  | { readonly step: 'health'; readonly state: HealthState; readonly why: string /** Before a delivery. */; readonly before?: true }

/** After an unconfirmed `set` without overlap: which of the two values a fresh login accepted (failure rule 6). */
export type Standing = 'old' | 'new' | 'both' | 'neither'

export type Event =
  | {
      readonly type: 'opened'
      readonly rotation: string
      readonly snapshot: Snapshot
      /** A version already in the store that `create` is to take: `set NAME`, `sync --import`, guided rotation. */
      readonly given?: Token
      /** A former version to go back to: `create` is skipped, it is set, tested and promoted again. */
      readonly target?: VersionRef
      /** The old value leaked: wait this long for proofs, then revoke anyway. */
      readonly compromisedWaitMs?: number
      readonly reason?: string
    }
  | {
      readonly type: 'claimed'
      readonly step: Step | HostStep
      /** What it is done on: the rotation id, or `FILE`, or `FILE consumer KEY`. */
      readonly on: string
      readonly by: string
      readonly until: Millis
      readonly token?: Token
      /** The admin secret that this claim uses (failure rule 11). */
      readonly admin?: string
    }
  | { readonly type: 'did' /** seq of the claim */; readonly claim: number; readonly result: DidResult }
  | {
      readonly type: 'failed'
      readonly claim: number
      readonly code: string
      readonly message: string
      readonly hint: string
      /** When to try again; `null`: never by itself. */
      readonly retryAt: Millis | null
      readonly standing?: Standing
    }
  | {
      readonly type: 'decided'
      /** seq of the event this answers; nothing may have been appended since. */
      readonly answers: number
      readonly what: 'approve' | 'rollback' | 'retry' | 'compromised'
      readonly reason: string
      /** With `approve`: the one thing that is stuck. */
      readonly step?: Vouched
      /** With `approve` of `proof`: what was missing then, and is vouched for. */
      readonly missing?: readonly string[]
      readonly waitMs?: number
    }
  | { readonly type: 'saw'; readonly facts: Saw }

/** What a person can vouch for. `clock`: the recorded time was the wrong one. `restore`: a rotation of a backup may go on. */
export type Vouched = Step | 'proof' | 'clock' | 'restore'

/** Observations: what is found rather than done. */
export type Saw =
  | {
      /** a value became or is current without a rotation of ours */ readonly kind: 'current'
      readonly version: VersionRef
      readonly bornAt: Millis | null
      readonly source: AgeSource
      readonly note?: string
    }
  | { readonly kind: 'proved'; readonly rotation: string; readonly graceUntil: Millis }
  | { /** a consumer fell ill on the new value: the rotation goes back */ readonly kind: 'unhealthy'; readonly rotation: string; readonly why: string }
  | {
      /** evidence of age, handle or owner (`adopt`) */ readonly kind: 'adopted'
      readonly bornAt?: Millis
      /** The provider ends it then by itself. */
      readonly expiresAt?: Millis
      readonly handle?: Handle
      readonly evidence: string
      /** Which version; absent: the current one. */
      readonly token?: Token
    }
  | { /** facts of versions, taken again with more knowledge; by token */ readonly kind: 'judged'; readonly facts: Readonly<Record<Token, Facts>> }
  | { /** the provider refused it, or somebody ended it */ readonly kind: 'dead'; readonly token: Token; readonly note: string }
  | {
      /** rebuilt after a lost ledger */ readonly kind: 'restored'
      readonly versions: readonly (VersionRef & { readonly createdAt: Millis })[]
      readonly current: Token | null
    }
  | { /** the orphans of a closed rotation were looked for once more */ readonly kind: 'swept'; readonly rotation: string; readonly removed: number }
  | { readonly kind: 'head'; readonly head: string }
  | { /** forgotten by the store after `retain` */ readonly kind: 'dropped'; readonly token: Token }
  | { /** the ledger was put back from a backup made then: what came after it is not in it */ readonly kind: 'reverted'; readonly backupAt: Millis }
  | { readonly kind: 'removed'; readonly reason?: string }

/** Who did it: the ledger writes it into every event. */
export interface Actor {
  readonly uid: number
  readonly user: string
  readonly sudo?: string
  readonly ci?: string
  readonly host: string
}

/** One event as it stands in the ledger. */
export interface Recorded {
  readonly stream: string
  /** 1, 2, 3 ... within its stream. */
  readonly seq: number
  /** Order over all streams of one ledger: a later append has a larger one, whatever the clock did. */
  readonly pos: number
  readonly at: Millis
  readonly event: Event
  readonly actor: Actor
  /** Keyturn's version. */
  readonly tool: string
  /** SHA-256 of the inventory in force. */
  readonly inventory: string
  /** The effective policy. */
  readonly policy: Policy | null
  readonly prev: string
  readonly hash: string
}

export const secretStream = (inventory: string, secret: string): string => `${inventory}/secret/${secret}`

export const hostStream = (inventory: string, host: string): string => `${inventory}/host/${host}`
