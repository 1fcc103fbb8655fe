/**
 * The glossary, as types and plain data. Every other file uses these words and no others for these things.
 *
 * inventory  one `secrets.yaml` of one environment, with an id that never changes
 * secret     a named thing with fields; its immutable id names its stream
 * version    one immutable write of a secret's own fields with its handle, addressed by its token
 * current    the one version that readers get
 * store      where versions live        provider  the service that accepts the credential
 * rotator    code that can create, set, test and revoke at one provider
 * overlap    old and new can both be accepted; without it the old value dies at `set`
 * handle     non-secret data that lets us revoke later
 * rotation   one run of the steps for one secret
 * claim      the right to do one step until a time (the lease)
 * ledger     the append-only record; one stream a secret and one a host; also the lock and the audit log
 * grace      the time in which both are accepted after all consumers proved
 * output     a generated or merged file      dialect  one way to write env entries
 * consumer   a running thing that reads an output; it can `refresh` and `prove`
 * rule       one check                       finding  what it found
 */

/** Plain data: what may stand in the ledger, in a handle, in `--json`. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/** Milliseconds since 1970, by the ledger's clock. */
export type Millis = number

/** `hmac:<key id>:<hex>`. Two with different key ids are incomparable. */
export type Fingerprint = string

/** `<inventory id>.<secret id>.<random>`: names a version, and marks at the provider what a claim made. */
export type Token = string

/** A secret's own fields by name. Values are strings; binary is refused. */
export type Fields = Readonly<Record<string, string>>

export type Step = 'create' | 'set' | 'test' | 'promote' | 'revoke'
export type HostStep = 'write' | 'refresh' | 'prove'

/** Non-secret data that lets us revoke later: the provider's id with the rotator kind and params that made it. */
export interface Handle {
  readonly rotator: string
  readonly params: Json
  /** What the provider calls it; the shape is the rotator's own. `null`: nothing is known there. */
  readonly id: Json
}

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

// ---------------------------------------------------------------- inventory

export interface RotatorRef {
  readonly kind: string
  readonly params: { readonly [key: string]: Json | undefined }
  /** Name of the secret that holds the admin credential, if the rotator needs one. */
  readonly admin?: string
}

/** A dated exception to one rule; counted in every report. */
export interface Acceptance {
  readonly rule: string
  readonly until: Millis
  readonly reason: string
  readonly by: string
}

export interface Secret {
  /** Names the stream for ever: the first name it was declared under (`renamed_from` keeps it). */
  readonly id: string
  readonly name: string
  /** Variable to field. Empty for a secret that only Keyturn itself uses, such as an admin key. */
  readonly env: Readonly<Record<string, string>>
  /** The fields of this secret at its path, without those of its neighbours there. */
  readonly fields: readonly string[]
  readonly store: string
  readonly path: string
  readonly rotator: RotatorRef
  /** True where the inventory names the rotator; false where it was found from the variable's name. */
  readonly rotatorDeclared: boolean
  /** Why it is not rotated; required with rotator `none`. */
  readonly reason?: string
  readonly owner?: string
  readonly policy: Policy
  readonly accept: readonly Acceptance[]
}

export interface ConsumerSpec {
  /** Stable within its output: kind and a number or name. */
  readonly key: string
  readonly kind: string
  readonly params: { readonly [key: string]: Json | undefined }
  /** The user's own word for going on without proof once the grace is over. */
  readonly unproven: 'hold' | 'grace'
  readonly timeoutMs: number
}

export type DialectName = 'compose' | 'docker' | 'dotenv' | 'node' | 'python' | 'shell' | 'systemd' | 'json' | 'files'

export interface Output {
  /** As written in the inventory: relative to its folder. Names the output in the ledger. */
  readonly file: string
  /** Absolute. */
  readonly target: string
  readonly dialect: DialectName
  readonly perm: number
  readonly host: string
  /** Names of the secrets whose variables it holds; `null`: all. */
  readonly only: readonly string[] | null
  /** Template variables: `"postgres://{db.username|url}:..."`. */
  readonly vars: Readonly<Record<string, string>>
  readonly consumers: readonly ConsumerSpec[]
  /** What becomes of old values when no consumer can prove anything. */
  readonly unproven: 'hold' | 'grace'
}

export interface StoreRef {
  readonly name: string
  readonly kind: string
  readonly params: { readonly [key: string]: Json | undefined }
}

export interface Window {
  readonly days: readonly string[]
  readonly from: string
  readonly to: string
}

export interface Inventory {
  readonly id: string
  readonly project: string
  readonly environment: string
  /** Absolute path of the file it was read from. */
  readonly file: string
  /** Absolute path of the folder that relative paths in it start from. */
  readonly dir: string
  /** SHA-256 of the file's bytes (with those it extends), hex. */
  readonly hash: string
  /** The state folder, when the inventory overrides the default. */
  readonly state: string | null
  readonly policy: Policy
  readonly stores: readonly StoreRef[]
  /** age recipients of the local store (`age1...`): every one of them can read it. */
  readonly recipients: readonly string[]
  readonly secrets: readonly Secret[]
  readonly outputs: readonly Output[]
  readonly rules: readonly { readonly when: Readonly<Record<string, string>>; readonly require: readonly string[] }[]
  readonly schedule: { readonly zone: string | null; readonly sweep: string; readonly report: string | null; readonly window: Window | null }
  readonly ledger: { readonly kind: 'sqlite' | 'postgres' }
}

// ---------------------------------------------------------------- facts and findings

/** What policy needs to know of one field's value, recorded once so that status never reads a value. */
export interface FieldFacts {
  readonly length: number
  readonly entropyBits: number
  /** Fingerprint of the bare value: equal under two names means that it is reused. */
  readonly value: Fingerprint
  /** Why it is known to be weak (`published default`, `dictionary word`, ...), or absent. */
  readonly weak?: string
  /** Why it cannot be what its name says, or absent. */
  readonly shape?: string
  /** True for user names and other fields that are no secrets: no strength is asked of them. */
  readonly identifier?: boolean
}
export type Facts = Readonly<Record<string, FieldFacts>>

export type AgeSource = 'rotation' | 'provider' | 'store' | 'file' | 'claimed' | 'first-seen' | 'unknown'

export type Severity = 'attention' | 'violation' | 'overdue' | 'due' | 'info'

export interface Finding {
  readonly rule: string
  readonly severity: Severity
  readonly message: string
  /** The next command. */
  readonly hint: string
}

// ---------------------------------------------------------------- events

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
  readonly gate: readonly GateOutput[]
  readonly policy: Policy
}

/** One output that must hold the new value, and the consumers that must prove it, before the old one may die. */
export interface GateOutput {
  readonly host: string
  readonly file: string
  readonly unproven: 'hold' | 'grace'
  readonly consumers: readonly { readonly key: string; readonly unproven: 'hold' | 'grace' }[]
}

/** A version as the ledger knows it: never a value. */
export interface VersionRef {
  readonly token: Token
  readonly handle: Handle | null
  readonly fingerprint: Fingerprint
  readonly facts: Facts
}

export type DidResult =
  | { readonly step: 'create'; readonly version: VersionRef }
  | { readonly step: 'set' }
  | { readonly step: 'test'; readonly restricted?: string }
  | { readonly step: 'promote' }
  | { readonly step: 'revoke'; readonly broke?: readonly string[]; readonly note?: string }
  | { readonly step: 'write'; readonly vars: Readonly<Record<string, HeldVar>> /** Nothing was written. */; readonly looked?: true }
  | { readonly step: 'refresh' }
  | { readonly step: 'prove'; readonly vars: Readonly<Record<string, Fingerprint | null>> }

/** A variable of an output: the fingerprint of its value, and which versions it was made from (by secret id). */
export interface HeldVar {
  /** `null`: the file does not have it. */
  readonly value: Fingerprint | null
  readonly from: Readonly<Record<string, Token>>
  /** Written by hand: left as it is until `sync --import` or `--discard`. Its secrets stand in `from` with an empty token. */
  readonly edited?: true
}

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
  | {
      /** evidence of age, handle or owner (`adopt`) */ readonly kind: 'adopted'
      readonly bornAt?: Millis
      readonly handle?: Handle
      readonly evidence: string
      /** Which version; absent: the current one. */
      readonly token?: Token
    }
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

// ---------------------------------------------------------------- folded states

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
  readonly last: { readonly rotation: string; readonly outcome: 'rotated' | 'back'; readonly at: Millis; readonly note: string | null } | null
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

export interface ConsumerRecord {
  readonly refresh: { readonly claimPos: number; readonly at: Millis } | null
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

/** Variables that hold our own credentials, or unlock stores: no program that we start inherits them unless it is listed. */
export const OWN_CREDENTIALS = /^(?:KEYTURN|VAULT|BAO|AWS)_/

export const secretStream = (inventory: string, secret: string): string => `${inventory}/secret/${secret}`
export const hostStream = (inventory: string, host: string): string => `${inventory}/host/${host}`
