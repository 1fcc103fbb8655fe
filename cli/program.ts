import { VERSION } from '../src/build.ts'
import { isKeyturnError, KeyturnError } from '../src/errors.ts'
import { nearest } from '../src/inventory/nearest.ts'
import { checkArguments, parseArguments } from './arguments.ts'
import { COMMANDS, findCommand } from './commands.ts'
import type { GlobalOptions } from './context.ts'
import { type CommandDeclaration, GLOBAL_OPTIONS, type OptionDeclaration, type Options } from './declare.ts'
import { commandHelp, overview } from './help.ts'
import type { LogLevel } from './output.ts'

/** What the command line asks for. */
export type Request =
  | { readonly kind: 'run'; readonly command: string; readonly args: readonly string[]; readonly options: Options; readonly globals: GlobalOptions }
  | { readonly kind: 'text'; readonly text: string }

const HELP: OptionDeclaration = { flags: '-h, --help', text: 'this help' }
const VERSION_FLAG: OptionDeclaration = { flags: '-V, --version', text: 'the version of this program' }
const GLOBAL_KEYS: ReadonlySet<string> = new Set(['config', 'environment', 'json', 'quiet', 'yes', 'color', 'logLevel'])

/**
 * Reads a command line (without `node` and the script). Nothing is run and nothing is printed.
 *
 * @throws USAGE naming what is wrong and, for a mistyped command or option, the nearest one.
 */
export function parseCommandLine(argv: readonly string[]): Request {
  const at = commandAt(argv)
  const name = at === null ? null : (argv[at] as string)
  const command = name === null ? null : findCommand(name)
  if (name !== null && !command) throw unknownCommand(name)
  // "--version" means another thing to some commands, so it is one of the program alone.
  const declared = command ? [...command.options, ...GLOBAL_OPTIONS, HELP] : [...GLOBAL_OPTIONS, HELP, VERSION_FLAG]
  const words = at === null ? argv : [...argv.slice(0, at), ...argv.slice(at + 1)]
  if (command?.later) return { kind: 'run', command: command.name, args: [], options: {}, globals: toGlobals({ json: wantsJson(argv) }) }
  const parsed = explained(command ?? null, () => parseArguments(words, declared))
  const { operands } = parsed
  if (parsed.options.help) return { kind: 'text', text: command ? commandHelp(command) : overview() }
  if (parsed.options.version && !command) return { kind: 'text', text: `${VERSION}\n` }
  if (command) explained(command, () => checkArguments(command, parsed))
  const options = Object.fromEntries(Object.entries(parsed.options).filter(([key]) => !GLOBAL_KEYS.has(key)))
  return { kind: 'run', command: command?.name ?? '', args: operands, options, globals: toGlobals(parsed.options) }
}

/** The flag that decides how an error is printed, read without parsing: the command line may be the error. */
export const wantsJson = (argv: readonly string[]): boolean => {
  const end = argv.indexOf('--')
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json')
}

/** Where the name of the command is: the first word that is neither an option of the program nor the value of one. */
function commandAt(argv: readonly string[]): number | null {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string
    if (word === '--') return null
    if (!word.startsWith('-')) return i
    if (
      GLOBAL_OPTIONS.some(
        ({ flags }) =>
          / [A-Z]+$/.test(flags) &&
          flags
            .replace(/ [A-Z]+$/, '')
            .split(', ')
            .includes(word),
      )
    )
      i += 1
  }
  return null
}

function toGlobals(given: Options): GlobalOptions {
  const text = (key: string): string | undefined => (typeof given[key] === 'string' ? given[key] : undefined)
  return {
    config: text('config'),
    environment: text('environment'),
    json: given.json === true,
    quiet: given.quiet === true,
    yes: given.yes === true,
    color: given.color !== false,
    logLevel: (text('logLevel') ?? 'info') as LogLevel,
  }
}

/** Every USAGE error points to the help that fits, unless it knows better. */
function explained<T>(command: CommandDeclaration | null, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!isKeyturnError(error, 'USAGE') || error.hint.startsWith('did you mean')) throw error
    throw new KeyturnError('USAGE', error.message, { hint: command ? `secrets ${command.name} --help` : 'secrets --help' })
  }
}

/** @throws nothing: it makes the error */
export function unknownCommand(name: string): KeyturnError {
  const close = nearest(
    name,
    COMMANDS.map((command) => command.name),
  )
  return new KeyturnError('USAGE', `there is no command "${name}"`, {
    hint: close === null ? 'secrets help --all lists them' : `did you mean "secrets ${close}"?`,
  })
}
