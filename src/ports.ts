import type { ZodType } from 'zod'
import type { Sensitive } from './sensitive.ts'
import type { DialectName, Event, Fields, Fingerprint, Handle, HealthState, Json, Millis, Policy, Recorded, StreamState, Token } from './terms.ts'

/** The seams. Whoever implements one keeps what its comment promises; the contract suites in `test/contract/` check it. */

// ---------------------------------------------------------------- the world

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

// ---------------------------------------------------------------- store

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

// ---------------------------------------------------------------- rotators

export interface RotatorContext<P> {
  readonly params: P
  /** Folder of the inventory: relative file names in params start there. */
  readonly dir: string
  /** The secret's fields, so that a rotator knows which it has to fill. */
  readonly fields: readonly string[]
  readonly policy: Policy
  /** Tags what `create` makes (its claim's token). In `orphans`: the token looked for. */
  readonly token: Token
  /** A value that a person gave (`set NAME`): `create` takes it instead of inventing one. */
  readonly given: Sensitive<Fields> | null
  /** The version in charge now: `set` logs in with it where the new one is not accepted yet. */
  readonly current: Version | null
  /** The admin secret's current fields, newest first then the previous one. */
  readonly admin: readonly Sensitive<Fields>[]
  /** Check right before every write at the provider: `signal.throwIfAborted()`. */
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly random: Random
  /** Environment of programs that the rotator starts, without our own credentials. Absent: a plain PATH and nothing else. */
  readonly env?: Readonly<Record<string, string>>
  /** Report a server's `Date`: minutes away from our clock throws CLOCK_SUSPECT. */
  serverDate(date: Date): void
}

/** `restricted`: accepted, but the provider allows it less than asked (fine). */
export interface Accepted {
  readonly restricted?: string
}

/** What `revoke` has to add: what survives it (open sessions), for the record and the person. Never a value. */
export interface Ended {
  readonly note?: string
}

/**
 * What can be done at one provider. Verbs only: order, retry, undo and record are the engine's, once for all.
 *
 * Every verb may be repeated. A verb throws CREDENTIAL_REJECTED only if the provider said that this very credential is
 * wrong, ADMIN_REJECTED for the admin's, PROVIDER_CONFIG for a set-up that a person must mend, PROVIDER_UNAVAILABLE for
 * everything that decides nothing. Nothing of a request or response goes into an error.
 */
export interface RotatorSpec<P = unknown> {
  readonly name: string
  readonly params: ZodType<P>
  /** One line for docs and the plan, such as "edits ari.conf and reloads Asterisk". */
  readonly summary: string
  /** Names of the params that say how the provider is asked, not where: for a credential made earlier they count as they are now. */
  readonly how?: readonly string[]
  /** Old and new can both be accepted. */
  overlap(params: P): boolean
  /** What `rotate --dry-run` says about it: what restarts, what cannot overlap, what a person must do. */
  plan?(params: P): readonly string[]
  /** Whether a person has to give the value (guided rotation), and what to tell them. */
  guide?(params: P): { readonly instructions: readonly string[]; readonly url?: string }
  /** Whether it is never rotated (`none`). */
  readonly never?: true
  /** Whether `set` applies with these params. Absent: it does wherever it is there. */
  sets?(params: P): boolean
  /** Whether `revoke` applies with these params. Absent: it does wherever it is there. */
  revokes?(params: P): boolean
  /** Whether `orphans` applies with these params. Absent: it does wherever it is there. */
  lists?(params: P): boolean
  /** Makes the new value. With `set` it only invents; without, the provider mints it and it is tagged with `ctx.token`. `id` goes into the handle. */
  create(ctx: RotatorContext<P>): Promise<{ readonly fields: Sensitive<Fields>; readonly id: Json }>
  /** Tells the provider the invented value. Having it says that we invent it; it is stored before. Repeatable with the same bytes. */
  set?(ctx: RotatorContext<P>, version: Version): Promise<void>
  /** A fresh login with this version. */
  test(ctx: RotatorContext<P>, version: Version): Promise<Accepted>
  /**
   * Ends this credential; already ended: done. Absent where nothing at a provider can die (`random`).
   * With `set`, it acts only while `retiring` is still what the provider holds for that user (failure rule 7).
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: most have nothing to add, and return nothing.
  revoke?(ctx: RotatorContext<P>, handle: Handle, retiring: Version | null): Promise<Ended | void>
  /** What carries exactly `ctx.token` at the provider (failure rule 4). */
  orphans?(ctx: RotatorContext<P>): Promise<readonly Json[]>
  /** The true age, where the provider tells. */
  describe?(
    ctx: RotatorContext<P>,
    version: Version,
  ): Promise<{ readonly createdAt?: Millis; readonly lastUsedAt?: Millis; readonly expiresAt?: Millis; readonly id?: Json }>
}

// ---------------------------------------------------------------- ledger

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

// ---------------------------------------------------------------- outputs

export interface Entry {
  readonly name: string
  readonly value: Sensitive<string>
}

/** One way to write env entries, after the real reader it is named for. */
export interface Dialect {
  readonly name: DialectName
  /** A whole file of these entries. Throws ENV_NOT_REPRESENTABLE, naming the variable, rather than lose a byte. */
  render(entries: readonly Entry[]): Sensitive<string>
  /** What that reader would see; `$` references are resolved as it does, within the file. Throws ENV_UNREADABLE with the line. */
  parse(text: Sensitive<string>): readonly Entry[]
  /** One value as it stands after `NAME=`, in the quoting of `like` (the old right-hand side) if that can hold it. For the lossless merge. */
  encode(name: string, value: Sensitive<string>, like?: string): Sensitive<string>
}

/** A file that is written atomically, under a lock that the kernel releases (failure rule 8). */
export interface OutputFiles {
  /**
   * Holds the file's lock while `work` runs; OUTPUT_LOCKED if it cannot be had in time. A target that ends in `/` is a folder with
   * one file a secret: read and replaced as one text, in dialect `files`.
   */
  locked<T>(target: string, signal: AbortSignal, work: (file: LockedFile) => Promise<T>): Promise<T>
}

export interface LockedFile {
  /** `null`: not there. Throws ENV_UNREADABLE for what is no text. */
  read(): Promise<Sensitive<string> | null>
  /** New file beside it, fsync, rename, fsync of the folder. Refuses a target that git tracks (OUTPUT_TRACKED). A kill leaves the old or the new. */
  replace(text: Sensitive<string>, perm: number): Promise<void>
  /** Takes what is ours out of the arrangement and leaves plain files with this mode. Only a folder has something; absent: nothing to do. */
  leave?(perm: number): Promise<void>
  /** What a person should know about how it was written; grows with `replace`. Never a value. */
  readonly notes?: readonly string[]
}

// ---------------------------------------------------------------- consumers

export interface ConsumerContext<P> {
  readonly params: P
  /** Folder of the inventory: commands run there. */
  readonly dir: string
  /** Environment of programs that the consumer starts, before it takes our own credentials out. Absent: a plain PATH and nothing else. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The output that the consumer reads. */
  readonly target: string
  /** Names of the variables it holds. */
  readonly vars: readonly string[]
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly random: Random
  /** To tell what was started before a file was written. Absent: it cannot be told. */
  readonly clock?: Clock
  readonly fingerprints: Fingerprinter
  /** What the output's reader sees in a text of its dialect, as in a copy of the file. Throws ENV_UNREADABLE. Absent: not known here. */
  parse?(text: Sensitive<string>): readonly Entry[]
  /** The current values of the file's variables, for a challenge; never printed. */
  readonly expected: Readonly<Record<string, Sensitive<string>>>
  /** Further values that what a program says is searched for before it is shown: an old one may still be accepted. Absent: none. */
  concealed?(): Promise<readonly Sensitive<string>[]>
  /** Values of another secret by name, newest first then the previous (a bearer is tried as new, then previous). */
  secret(name: string): Promise<readonly Sensitive<Fields>[]>
}

/** What the running process holds: the fingerprint of each variable's bare value, `null` where it has none, `UNTAKEN` where it takes none of the file's. */
export interface Proof {
  readonly vars: Readonly<Record<string, Fingerprint | null>>
}

/** How a consumer is. */
export interface Health {
  /**
   * `healthy`: it says so itself, or its engine does. `starting`: it cannot say yet, as after a restart. `unhealthy`: it said so, or has
   * ended. `unknown`: nothing was said that decides anything; it is asked again.
   */
  readonly state: HealthState
  /** What was seen, in a few words: `GET http://127.0.0.1:15000/health: answered 503`. Never a value. */
  readonly why: string
}

/** One running part of a consumer, as it is now: a container, a process. */
export interface Sight {
  /** As a person calls it: `service ai_engine`, `container pbx`, `voice-agent.service`. Parts of one have the same. */
  readonly who: string
  readonly part: 'container' | 'process'
  /** When what it holds was fixed: the container was created, the process started. `null`: not known. */
  readonly since: Millis | null
  /** As in a {@link Proof}; a variable that is not in it, or is `UNTAKEN`, is none of its own. */
  readonly vars: Proof['vars']
  /** Variables of which nothing shows what it runs, and why. */
  readonly unsure?: { readonly names: readonly string[]; readonly why: string }
  /** It does not run, and this is how: then `vars` is what it would start with, as far as that is known. */
  readonly idle?: string
  /** What makes it take the file as it is now, or starts it: `run systemctl restart app.service`. */
  readonly mend: string
  /** Half a sentence on why another command would not do. */
  readonly trap?: string
}

/**
 * What a refresh does to what runs. `recreate`, `restart`: it is away for a moment. `reload`, `signal`, `request`: it is told and goes on.
 * `command`: a program of the user's decides. `nothing`: it has to notice by itself.
 */
export type Effect = 'recreate' | 'restart' | 'reload' | 'signal' | 'request' | 'command' | 'nothing'

/** A kind of running thing that reads an output. All verbs may be repeated; they throw CONSUMER_FAILED or COMMAND_FAILED. */
export interface Consumer<P = unknown> {
  readonly kind: string
  readonly params: ZodType<P>
  /** What it will do, for `rotate --dry-run`: "runs `systemctl restart app`". */
  describe(params: P): string
  /** The same in one word. Absent: `command`. */
  effect?(params: P): Effect
  /** Whether it can prove anything with these params. */
  proves(params: P): boolean
  /**
   * Whether all is here that it needs: tool, socket, right, file, unit. Changes nothing, and runs no program of the user's; throws
   * CONSUMER_FAILED with what is missing. Absent: that cannot be told before it is needed.
   */
  ready?(ctx: ConsumerContext<P>): Promise<void>
  refresh(ctx: ConsumerContext<P>): Promise<void>
  prove?(ctx: ConsumerContext<P>): Promise<Proof>
  /** What runs now, part by part, for `doctor`: like `prove`, but waits for nothing, and what does not run is told and not thrown. Absent: `prove` has to do. */
  look?(ctx: ConsumerContext<P>): Promise<readonly Sight[]>
  /** Whether its health can be asked with these params. Absent: it can wherever `health` is there. */
  tells?(params: P): boolean
  /** How it is now. What is thrown counts as `unknown`. */
  health?(ctx: ConsumerContext<P>): Promise<Health>
}
