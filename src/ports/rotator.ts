import type { ZodType } from 'zod'
import type { Sensitive } from '../sensitive.ts'
import type { Fields, Handle, Json, Millis, Policy, Token } from '../terms.ts'
import type { Version } from './store.ts'
import type { Clock, Random } from './world.ts'

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
