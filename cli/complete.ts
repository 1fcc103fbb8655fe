import { type Flag, toFlag } from './arguments.ts'
import { COMMANDS, findCommand } from './commands.ts'
import { type CommandDeclaration, GLOBAL_OPTIONS, type OptionDeclaration } from './declare.ts'

/** What a word of a command line could become. */
export interface Candidate {
  readonly word: string
  /** What it is, in one line. */
  readonly text: string
}

/** What the shell can find by itself: a file, or a program. */
export type Completion = readonly Candidate[] | 'files' | 'programs'

/** A secret, as far as its name goes. */
export interface Nameable {
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  readonly fields: readonly string[]
}

/** What only the folder knows. Asked for when it is needed; empty outside of a project. */
export interface Known {
  secrets(where: { readonly config: string | undefined; readonly environment: string | undefined }): Promise<readonly Nameable[]>
  environments(): Promise<readonly string[]>
}

const HELP: OptionDeclaration = { flags: '-h, --help', text: 'help for a command' }

/**
 * What the last word of a command line could become, by the declarations of commands and options. Never throws for words that make no
 * sense: a person is still typing.
 *
 * @param words - everything behind the program's name; the last one is being typed and may be empty.
 */
export async function complete(words: readonly string[], known: Known): Promise<Completion> {
  const typed = words.at(-1) ?? ''
  const line = read(words.slice(0, -1))
  const { command, flags, waiting, ended } = line
  if (waiting && !(waiting.value === 'optional' && typed.startsWith('-'))) return begin(await valuesOf(waiting, line, typed, known), typed)
  if (!ended && typed.startsWith('--') && typed.includes('=')) {
    const name = typed.slice(0, typed.indexOf('='))
    const flag = flags.find(({ long, value }) => long === name && value !== 'none')
    if (!flag) return []
    const values = await valuesOf(flag, line, typed.slice(name.length + 1), known)
    return typeof values === 'string'
      ? values
      : begin(
          values.map(({ word, text }) => ({ word: `${name}=${word}`, text })),
          typed,
        )
  }
  if (!ended && typed.startsWith('-')) {
    const open = flags.filter(({ key, declaration }) => declaration.many || !line.given.has(key))
    return begin(
      open.map(({ long, declaration }) => ({ word: long, text: declaration.text })),
      typed,
    )
  }
  if (!command) return line.unknown ? [] : begin(commands(), typed)
  return begin(await operandsOf(command, line, typed, known), typed)
}

/** What stands before the word that is being typed. */
interface Line {
  readonly command: CommandDeclaration | null
  /** A word stands where a command should, and is none. */
  readonly unknown: boolean
  /** The options that may be given here. */
  readonly flags: readonly Flag[]
  /** Keys of those that are. */
  readonly given: ReadonlySet<string>
  readonly operands: readonly string[]
  /** The option whose value is being typed. */
  readonly waiting: Flag | null
  /** After `--`: no more options. */
  readonly ended: boolean
  readonly config: string | undefined
  readonly environment: string | undefined
}

const GLOBAL_FLAGS: readonly Flag[] = [...GLOBAL_OPTIONS, HELP].map(toFlag)
const PROGRAM_FLAGS: readonly Flag[] = [...GLOBAL_FLAGS, toFlag({ flags: '-V, --version', text: 'the version of this program' })]

function read(words: readonly string[]): Line {
  let command: CommandDeclaration | null = null
  let unknown = false
  let flags = PROGRAM_FLAGS
  let waiting: Flag | null = null
  let ended = false
  const given = new Set<string>()
  const operands: string[] = []
  const values: Record<string, string> = {}
  for (const word of words) {
    const isValue: boolean = waiting !== null && !(waiting.value === 'optional' && word.startsWith('-'))
    if (waiting && isValue) values[waiting.key] = word
    const before: Flag | null = waiting
    waiting = null
    if (before && isValue) continue
    if (!ended && word === '--') ended = true
    else if (!ended && word.startsWith('-') && word !== '-') {
      const [name = '', value] = word.startsWith('--') ? split(word) : [word]
      const flag = flags.find(({ long, short }) => name === long || name === short)
      if (!flag) continue
      given.add(flag.key)
      if (value !== undefined) values[flag.key] = value
      else if (flag.value !== 'none') waiting = flag
    } else if (!command && !unknown) {
      command = findCommand(word) ?? null
      unknown = command === null
      if (command) flags = [...command.options.map(toFlag), ...GLOBAL_FLAGS]
    } else operands.push(word)
  }
  return { command, unknown, flags, given, operands, waiting, ended, config: values.config, environment: values.environment }
}

const split = (word: string): readonly [string, string?] => {
  const at = word.indexOf('=')
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)]
}

const commands = (): readonly Candidate[] => COMMANDS.filter(({ later }) => !later).map(({ name, summary }) => ({ word: name, text: summary }))

/** By what its declaration calls the value: `--output FILE`, `--import NAME`. */
async function valuesOf({ declaration, long }: Flag, line: Line, typed: string, known: Known): Promise<Completion> {
  const { choices, flags } = declaration
  if (choices) return choices.map((word) => ({ word, text: '' }))
  if (long === '--environment') return (await known.environments()).map((word) => ({ word, text: 'environment' }))
  return named(/\[?([A-Z]+)\]?$/.exec(flags)?.[1] ?? '', line, typed, known)
}

async function operandsOf(command: CommandDeclaration, line: Line, typed: string, known: Known): Promise<Completion> {
  const places = command.operands === '' ? [] : command.operands.split(' ')
  const at = Math.min(line.operands.length, places.length - 1)
  const place = places[at]
  if (place === undefined || (line.operands.length >= places.length && !place.includes('...'))) return []
  const name = place.replace(/[[\].]/g, '')
  const values = command.values?.[name]
  if (values) return values.map((word) => ({ word, text: '' }))
  if (name === 'COMMAND') return commands()
  // What follows the program is the program's own business; mostly files.
  if (name === 'CMD') return line.operands.length === 0 ? 'programs' : 'files'
  const found = await named(name, line, typed, known)
  return typeof found === 'string' ? found : found.filter(({ word }) => !line.operands.includes(word))
}

async function named(what: string, line: Line, typed: string, known: Known): Promise<Completion> {
  if (what === 'FILE' || what === 'PATH') return 'files'
  if (what !== 'NAME' && what !== 'FIELD') return []
  const secrets = await known.secrets({ config: line.config, environment: line.environment })
  if (what === 'FIELD') {
    const meant = secrets.filter(({ name, env }) => line.operands.includes(name) || line.operands.some((operand) => operand in env))
    return [...new Set(meant.flatMap(({ fields }) => fields))].map((word) => ({ word, text: 'field' }))
  }
  const variables = secrets.flatMap(({ name, env }) => Object.keys(env).map((word) => ({ word, text: name })))
  // Both name a secret. Offered at once, every one of them would stand there twice.
  const names = secrets.map(({ name, env }) => ({ word: name, text: Object.keys(env).join(', ') }))
  return typed !== '' && !names.some(({ word }) => word.startsWith(typed)) ? variables : names
}

const begin = (completion: Completion, typed: string): Completion =>
  typeof completion === 'string' ? completion : completion.filter(({ word }) => word.startsWith(typed))
