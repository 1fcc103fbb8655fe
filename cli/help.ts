import { COMMANDS, FIRST, findCommand } from './commands.ts'
import { type CommandDeclaration, GLOBAL_OPTIONS, type OptionDeclaration } from './declare.ts'

type Line = readonly [string, string]

const USAGE = 'Usage: secrets COMMAND [options]'

/** Two columns, the left one as wide as its widest entry. */
function columns(lines: readonly Line[], indent = '  '): string[] {
  const width = Math.max(...lines.map(([left]) => left.length))
  return lines.map(([left, right]) => `${indent}${left.padEnd(width)}  ${right}`.trimEnd())
}

const optionLine = (option: OptionDeclaration): Line => {
  const notes = [option.required ? 'needed' : '', option.many ? 'may be repeated' : ''].filter(Boolean).join(', ')
  return [option.flags, notes === '' ? option.text : `${option.text} (${notes})`]
}

const join = (lines: readonly string[]): string => `${lines.join('\n')}\n`

/** `secrets --help`: the eight commands that most people need; one that this version does not have yet says so. */
export function overview(): string {
  const first = FIRST.map((name) => findCommand(name)).filter((command): command is CommandDeclaration => command !== undefined)
  return join([
    USAGE,
    '',
    ...columns(first.map(({ name, summary, later }): Line => [name, later ? `${summary} (not in this version)` : summary])),
    '',
    'Go back: secrets rollback NAME. All commands: secrets help --all',
    '',
    'Examples:',
    ...columns([
      ['secrets init .env', 'start here: reads it, and leaves it as it is'],
      ['secrets', 'where you stand, and the next command'],
      ['secrets rotate --dry-run', 'what would be done'],
    ]),
  ])
}

/** `secrets help --all`. */
export function allCommands(): string {
  const line = ({ name, operands, summary, later }: CommandDeclaration): Line =>
    later ? [name, `${summary} (not in this version)`] : [`${name} ${operands}`.trim(), summary]
  return join([
    USAGE,
    '',
    ...columns([['(none)', 'where you stand, and the next command'], ...COMMANDS.map(line)]),
    '',
    'Options of every command:',
    ...columns([...GLOBAL_OPTIONS.map(optionLine), ['-V, --version', 'the version of this program'], ['-h, --help', 'help for a command']]),
    '',
    'Exit status: 0 done, 1 failed, 2 usage or configuration, 3 findings, 4 some of several rotations failed, 130 interrupted.',
    'Examples of a command: secrets help COMMAND',
  ])
}

/** `secrets COMMAND --help`. */
export function commandHelp(command: CommandDeclaration): string {
  if (command.later) return join([`secrets ${command.name}: ${command.summary}.`, 'It is not in this version.'])
  const usage = ['Usage: secrets', command.name, command.options.length > 0 ? '[options]' : '', command.operands].filter(Boolean).join(' ')
  return join([
    usage,
    '',
    `${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`,
    ...(command.text ?? []).flatMap((paragraph) => ['', paragraph]),
    ...(command.options.length > 0 ? ['', 'Options:', ...columns(command.options.map(optionLine))] : []),
    '',
    'Examples:',
    ...columns(command.examples.map(([line, does]): Line => [`secrets ${line}`, does])),
    '',
    'Options of every command: secrets help --all',
  ])
}
