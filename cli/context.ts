import type { App } from '../src/app.ts'
import type { Options } from './declare.ts'
import type { LogLevel, Output } from './output.ts'
import type { Keyboard, Prompts } from './prompt.ts'

export interface GlobalOptions {
  readonly config: string | undefined
  readonly environment: string | undefined
  readonly json: boolean
  readonly quiet: boolean
  readonly yes: boolean
  readonly color: boolean
  readonly logLevel: LogLevel
}

/** What every command gets. It reads and writes the world through this alone. */
export interface CommandContext {
  readonly options: GlobalOptions
  readonly out: Output
  /** Aborts at the first Ctrl-C: stop at the next safe point and throw `signal.reason`. */
  readonly signal: AbortSignal
  /** From now on signals go to this and abort nothing: for a command that only passes them on. */
  takeSignals(take: (signal: NodeJS.Signals) => void): void
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Keyboard
  /** Questions to a person; every one throws NOT_A_TERMINAL where there is none. */
  readonly prompts: Prompts
  /** The project, opened once and closed when the command has ended. CONFIG_NOT_FOUND outside of one. */
  app(): Promise<App>
  /** The same after a change of the inventory: what was open before is closed. */
  reopen(): Promise<App>
}

/** A command: resolves to the exit status, throws a KeyturnError for everything that went wrong. */
export type Run = (context: CommandContext, args: readonly string[], options: Options) => Promise<number>

export interface CommandModule {
  readonly run: Run
}
