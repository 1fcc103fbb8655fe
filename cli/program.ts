import { Command, type CommanderError, Option } from 'commander'
import { VERSION } from '../src/build.ts'
import { KeyturnError } from '../src/errors.ts'
import { nearest } from '../src/inventory/nearest.ts'
import { COMMANDS } from './commands.ts'
import type { GlobalOptions } from './context.ts'
import { type CommandDeclaration, GLOBAL_OPTIONS, type OptionDeclaration, type Options } from './declare.ts'
import { commandHelp, overview } from './help.ts'

/** What the command line asks for. */
export type Request =
  | { readonly kind: 'run'; readonly command: string; readonly args: readonly string[]; readonly options: Options; readonly globals: GlobalOptions }
  | { readonly kind: 'text'; readonly text: string }

/**
 * Parses a command line (without `node` and the script). Nothing is run and nothing is printed.
 *
 * @throws USAGE naming what is wrong and, for a mistyped command or option, the nearest one.
 */
export async function parseCommandLine(argv: readonly string[]): Promise<Request> {
  // Not an option of the program: "revoke NAME --version N" means something else.
  if (argv[0] === '--version' || argv[0] === '-V') return { kind: 'text', text: `${VERSION}\n` }
  let request: Request | null = null
  const program = new Command('secrets').allowUnknownOption().allowExcessArguments().argument('[command...]')
  silence(program, overview)
  for (const option of GLOBAL_OPTIONS) program.addOption(toOption(option))
  program.helpCommand(false)
  program.action(() => {
    refuseUnknown(program.args)
    request = { kind: 'run', command: '', args: [], options: {}, globals: globals(program) }
  })
  for (const declaration of COMMANDS) {
    const command = program.command(declaration.name)
    silence(command, () => commandHelp(declaration))
    command.action(() => {
      request = { kind: 'run', command: declaration.name, args: command.args, options: command.opts(), globals: globals(program) }
    })
  }
  // Options are declared for the one command that is called: declaring all of them takes longer than parsing.
  program.hook('preSubcommand', (_, command) => {
    const declaration = COMMANDS.find(({ name }) => name === command.name())
    if (declaration) declare(command, declaration)
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    const shown = helpText(error, argv, program)
    if (shown !== null) return { kind: 'text', text: shown }
    throw asUsage(error, argv)
  }
  if (!request) throw new KeyturnError('USAGE', 'nothing to do', { hint: 'secrets --help' })
  return request
}

/** The flags that decide how an error is printed, read without parsing: the command line may be the error. */
export const wantsJson = (argv: readonly string[]): boolean => {
  const end = argv.indexOf('--')
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json')
}

function declare(command: Command, { operands, options, later }: CommandDeclaration): void {
  if (operands !== '') command.arguments(operands.split(' ').map(toArgument).join(' '))
  for (const option of options) command.addOption(toOption(option))
  if (later) command.allowUnknownOption().allowExcessArguments()
}

/** Commander wants `<name>` and `[name]`; people read `NAME` and `[NAME]`. */
const toArgument = (operand: string): string => (operand.startsWith('[') ? operand.toLowerCase() : `<${operand.toLowerCase()}>`)

function toOption({ flags, text, choices, required, many }: OptionDeclaration): Option {
  const option = new Option(flags.replace(/ ([A-Z]+)$/, ' <$1>'), text)
  if (choices) option.choices([...choices])
  if (required) option.makeOptionMandatory()
  if (many) option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value])
  return option
}

function globals(program: Command): GlobalOptions {
  const given = program.opts() as Partial<GlobalOptions>
  return {
    config: given.config,
    environment: given.environment,
    json: given.json ?? false,
    quiet: given.quiet ?? false,
    yes: given.yes ?? false,
    color: given.color ?? true,
    logLevel: given.logLevel ?? 'info',
  }
}

/** Nothing may print or end the process but we. */
function silence(command: Command, help: () => string): void {
  command.exitOverride()
  command.configureOutput({ writeOut: () => {}, writeErr: () => {}, outputError: () => {} })
  command.helpOption('-h, --help', 'this help')
  command.helpInformation = help
}

function refuseUnknown(args: readonly string[]): void {
  const [first] = args
  if (first === undefined) return
  if (first.startsWith('-') && first !== '-') throw new KeyturnError('USAGE', `unknown option ${first}`, { hint: 'secrets --help' })
  const close = nearest(
    first,
    COMMANDS.map(({ name }) => name),
  )
  throw new KeyturnError('USAGE', `there is no command "${first}"`, { hint: close ? `did you mean "secrets ${close}"?` : 'secrets help --all lists them' })
}

function helpText(error: unknown, argv: readonly string[], program: Command): string | null {
  const code = (error as CommanderError | null)?.code
  if (code !== 'commander.helpDisplayed' && code !== 'commander.help') return null
  const called = argv.map((arg) => program.commands.find((command) => command.name() === arg)).find(Boolean)
  return (called ?? program).helpInformation()
}

/** Commander's message as ours: no "error:", no capital, its suggestion as the hint. */
function asUsage(error: unknown, argv: readonly string[]): unknown {
  if (!(error as CommanderError | null)?.code?.startsWith('commander.')) return error
  const [first = '', ...rest] = (error as Error).message.replace(/^error: /, '').split('\n')
  const suggestion = /\(Did you mean (.*)\?\)/.exec(rest.join(' '))?.[1]
  const command = argv.find((arg) => COMMANDS.some(({ name }) => name === arg))
  const hint = suggestion ? `did you mean ${suggestion}?` : command ? `secrets ${command} --help` : 'secrets --help'
  return new KeyturnError('USAGE', first.replace(/\.$/, '').replaceAll(/<([A-Z]+)>/g, '$1'), { hint })
}
