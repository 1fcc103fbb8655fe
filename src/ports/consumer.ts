import type { ZodType } from 'zod'
import type { Sensitive } from '../sensitive.ts'
import type { Fields, Fingerprint, HealthState, Millis } from '../terms.ts'
import type { Entry } from './output.ts'
import type { Clock, Fingerprinter, Random } from './world.ts'

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
