import { readFileSync } from 'node:fs'
import path from 'node:path'
import { COMMANDS } from '../cli/commands.ts'
import { type CommandDeclaration, GLOBAL_OPTIONS, type OptionDeclaration } from '../cli/declare.ts'

/** Moved by hand with a release: taken from a clock, the page would never be current. */
const REVISED = '2026-11-22'

/** Columns of the source: tools that check such pages complain beyond 80. */
const WIDTH = 76

const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, '..', 'package.json'), 'utf8')) as { version: string }

const STATUS: readonly (readonly [string, string])[] = [
  ['0', 'Done, also when there was nothing to do.'],
  ['1', 'Failed.'],
  ['2', 'Usage or configuration.'],
  ['3', 'Findings: "report --fail-on", "check", drift.'],
  ['4', 'Some of several rotations failed.'],
  ['130', 'Interrupted.'],
]

const VARIABLES: readonly (readonly [string, string])[] = [
  ['NO_COLOR', 'No colours, whatever it says.'],
  ['KEYTURN_DEBUG', 'With a fault of Keyturn itself, where in the code it was.'],
  ['KEYTURN_HOST', 'The name of this machine, where its own changes.'],
  ['KEYTURN_IDENTITY_FILE', 'Where the key of the embedded store is.'],
  ['XDG_STATE_HOME', 'Where the state of each project lies; ~/.local/state by default.'],
]

const FILES: readonly (readonly [string, string])[] = [
  ['secrets.yaml', 'The inventory of a project. It holds no values and is committed.'],
  ['secrets.NAME.yaml', 'The inventory of another environment, for "-e NAME".'],
  ['~/.local/state/keyturn/ID', 'Store and record of the project with that id; for root, /var/lib/keyturn/ID.'],
]

/** `man/secrets.1`: every command and option, from the declarations that the program itself reads its command line by. */
export function renderManPage(): string {
  const shown = COMMANDS.filter(({ later }) => !later)
  return `${[
    '.\\" Generated from cli/declarations by "npm run docs".',
    `.TH SECRETS 1 "${REVISED}" "Keyturn ${version}" "User Commands"`,
    // No justified lines and no hyphens at their ends: what is to be typed must stay as it is.
    '.ad l',
    '.nh',
    ...['.SH NAME', 'secrets, keyturn \\- manage and rotate the secrets of applications that you host'],
    ...['.SH SYNOPSIS', '.B secrets', '.RI [ options ]', '.I command', '.RI [ arguments ]', '.br', '.B secrets help', '.RI [ command ]'],
    '.SH DESCRIPTION',
    ...prose(
      'Keyturn keeps an inventory of the secrets of a project with their true age, says what is due, weak or shared, and replaces secrets without an outage: it creates, proves, promotes, delivers, proves again, and only then revokes the old value.',
    ),
    '.PP',
    ...prose(
      'Without a command it says where you stand, and the next command. No command takes a value as an argument: values come from stdin, a file or a hidden prompt.',
    ),
    ...['.SH COMMANDS', ...shown.flatMap(commandPart)],
    ...['.SH OPTIONS', 'Of every command, before or after its name:', ...GLOBAL_OPTIONS.flatMap(optionPart)],
    ...optionPart({ flags: '-h, --help', text: 'help for a command' }),
    ...optionPart({ flags: '-V, --version', text: 'the version of this program' }),
    ...['.SH EXIT STATUS', ...STATUS.flatMap(([status, means]) => tagged(`.B ${status}`, means))],
    ...['.SH ENVIRONMENT', ...VARIABLES.flatMap(([name, means]) => tagged(`.B ${name}`, means))],
    ...['.SH FILES', ...FILES.flatMap(([name, means]) => tagged(`.I ${literal(name)}`, means))],
    ...['.SH SEE ALSO', '.BR age (1),', '.BR docker (1),', '.BR systemd.timer (5)'],
  ].join('\n')}\n`
}

/** `man keyturn` shows the same page. */
export const renderAlias = (): string => '.so man1/secrets.1\n'

function commandPart({ name, operands, summary, text, options, examples }: CommandDeclaration): string[] {
  const usage = operands.split(' ').filter(Boolean).map(operand)
  return [
    `.SS ${name}`,
    `.B secrets ${name}`,
    ...(options.length > 0 ? ['.RI [ options ]'] : []),
    ...usage,
    '.PP',
    ...prose(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`),
    ...(text ?? []).flatMap((paragraph) => ['.PP', ...prose(paragraph)]),
    ...options.flatMap(optionPart),
    ...(examples.length > 0 ? ['.PP', examples.length === 1 ? 'Example:' : 'Examples:'] : []),
    ...examples.flatMap(([line, does]) => tagged(`.B ${literal(`secrets ${line}`)}`, does)),
  ]
}

/** `NAME`, `[NAME...]`: what stands for something is in italics. */
function operand(shape: string): string {
  const [, open = '', word = '', dots = ''] = /^(\[?)([A-Z]+)(\.{3})?\]?$/.exec(shape) ?? []
  return open === '' ? `.IR ${word}${dots === '' ? '' : ` ${dots}`}` : `.RI [ ${word} ${dots}]`
}

function optionPart({ flags, text, required, many }: OptionDeclaration): string[] {
  const [, names = '', value = ''] = /^(.*?)(?: (\[?[A-Z]+\]?))?$/.exec(flags) ?? []
  const notes = [required && 'needed', many && 'may be repeated'].filter(Boolean).join(', ')
  const tag = value === '' ? `.B ${literal(names)}` : `.BI "${literal(names)} " ${literal(value)}`
  return tagged(tag, notes === '' ? text : `${text} (${notes})`)
}

const tagged = (tag: string, text: string): string[] => ['.TP', tag, ...prose(text)]

/** What is typed: its dashes and quotes are these signs and no typographic ones. */
const literal = (text: string): string =>
  text.replace(/[\\"'`^~-]/g, (sign) => ({ '\\': '\\e', '"': '\\(dq', "'": '\\(aq', '`': '\\(ga', '^': '\\(ha', '~': '\\(ti', '-': '\\-' })[sign] ?? sign)

/** Text in lines that are short enough, none of which begins like a request. */
function prose(text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').map(inText)) {
    if (line !== '' && line.length + word.length >= WIDTH) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((one) => (/^[.']/.test(one) ? `\\&${one}` : one))
}

/** An option keeps its dashes; those within a word are hyphens. */
const inText = (word: string): string =>
  word
    .replace(/\\/g, '\\e')
    .replace(/[`^~]/g, (sign) => literal(sign))
    .replace(/(?<![A-Za-z0-9])-+[a-z-]*/g, (dashes) => literal(dashes))
