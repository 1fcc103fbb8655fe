/** How a command is declared: plain data, so that help, docs and completion need none of the commands' code. */

export interface OptionDeclaration {
  /** `--at DATE`, `--dry-run`, `--verify [HEAD]`, `--no-mask`. */
  readonly flags: string
  readonly text: string
  /** The only values allowed. */
  readonly choices?: readonly string[]
  /** The command refuses to start without it. */
  readonly required?: true
  /** May be given several times; the command gets a list. */
  readonly many?: true
}

export interface CommandDeclaration {
  readonly name: string
  /** `NAME` must be there, `[NAME...]` may be, any number of times. */
  readonly operands: string
  /** The only values of an operand, by its name without brackets and dots. */
  readonly values?: Readonly<Record<string, readonly string[]>>
  /** One line. */
  readonly summary: string
  /** What else a person should know, as paragraphs. */
  readonly text?: readonly string[]
  readonly options: readonly OptionDeclaration[]
  /** A command line without the leading `secrets`, and what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[]
  /** Not in this version: listed by `help --all` as such, and answers UNSUPPORTED. */
  readonly later?: true
}

/** What was given to a command: by flag, in camel case. */
export type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** Options that every command takes, before or after its name. */
export const GLOBAL_OPTIONS: readonly OptionDeclaration[] = [
  { flags: '--config FILE', text: 'the inventory (default: the nearest secrets.yaml upwards)' },
  { flags: '-e, --environment NAME', text: 'use secrets.NAME.yaml' },
  { flags: '--json', text: 'print one JSON document' },
  { flags: '--quiet', text: 'say nothing on success' },
  { flags: '--yes', text: 'answer every confirmation with yes' },
  { flags: '--no-color', text: 'no colours (also the variable NO_COLOR)' },
  { flags: '--log-level LEVEL', text: 'how much is told on stderr', choices: ['error', 'warn', 'info', 'debug'] },
]
