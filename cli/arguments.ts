import { KeyturnError } from '../src/errors.ts'
import { nearest } from '../src/inventory/nearest.ts'
import type { CommandDeclaration, OptionDeclaration, Options } from './declare.ts'

/** A declared option, taken apart. */
export interface Flag {
  readonly declaration: OptionDeclaration
  /** As it is typed: `--dry-run`. */
  readonly long: string
  readonly short: string | null
  /** The key in the parsed options: `dryRun`; for `--no-mask` it is `mask`. */
  readonly key: string
  readonly value: 'none' | 'needed' | 'optional'
  /** `--no-...`: given, it is false. */
  readonly negative: boolean
}

export interface Arguments {
  readonly operands: readonly string[]
  readonly options: Options
}

const FLAGS = /^(?:(-[a-zA-Z]), )?(--[a-z][a-z-]*)(?: (\[)?[A-Z]+\]?)?$/

/** @throws Error for flags that are declared wrongly: a fault of ours */
export function toFlag(declaration: OptionDeclaration): Flag {
  const found = FLAGS.exec(declaration.flags)
  const long = found?.[2]
  if (!long) throw new Error(`flags ${declaration.flags}`)
  const negative = long.startsWith('--no-')
  const key = long.slice(negative ? 5 : 2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const value = !declaration.flags.includes(`${long} `) ? 'none' : found?.[3] ? 'optional' : 'needed'
  return { declaration, long, short: found?.[1] ?? null, key, value, negative }
}

/**
 * Reads the words of a command line by its declarations. Options may stand before, between and after the operands, as `--name VALUE` or
 * `--name=VALUE`; after `--` everything is an operand. `known` are further options that are read and kept apart by their keys,
 * such as the global ones.
 *
 * Our own, since what a library would add (sixty kilobytes to parse at every start) is more than what it would save.
 *
 * @throws USAGE naming the word, and the nearest option that exists
 */
export function parseArguments(words: readonly string[], declared: readonly OptionDeclaration[]): Arguments {
  const flags = declared.map(toFlag)
  const options: Record<string, string | boolean | readonly string[]> = {}
  const operands: string[] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string
    if (word === '--') {
      operands.push(...words.slice(i + 1))
      break
    }
    // A lone dash is stdin.
    if (!word.startsWith('-') || word === '-') {
      operands.push(word)
      continue
    }
    const equals = word.startsWith('--') ? word.indexOf('=') : -1
    const typed = equals < 0 ? word : word.slice(0, equals)
    const flag = flags.find(({ long, short }) => typed === long || typed === short)
    if (!flag) throw unknownOption(typed, flags)
    let value: string | null = equals < 0 ? null : word.slice(equals + 1)
    if (flag.value === 'none' && value !== null) throw new KeyturnError('USAGE', `${typed} takes no value`)
    if (flag.value !== 'none' && value === null) {
      const next = words[i + 1]
      // What begins like an option is one: a forgotten value must not swallow it. "--name=-x" gives such a value.
      if (next !== undefined && (!next.startsWith('-') || next === '-')) {
        value = next
        i += 1
      } else if (flag.value === 'needed') {
        throw new KeyturnError('USAGE', `${flag.declaration.flags.replace(/^-., /, '')}: the value is missing`)
      }
    }
    keep(options, flag, value)
  }
  return { operands, options }
}

function keep(options: Record<string, string | boolean | readonly string[]>, flag: Flag, value: string | null): void {
  const { choices, many } = flag.declaration
  if (value !== null && choices && !choices.includes(value)) {
    const close = nearest(value, choices)
    throw new KeyturnError('USAGE', `${flag.long}: "${value}" is not one of ${choices.join(', ')}`, close === null ? {} : { hint: `did you mean ${close}?` })
  }
  const before = options[flag.key]
  options[flag.key] = many && value !== null ? [...(Array.isArray(before) ? before : []), value] : (value ?? !flag.negative)
}

function unknownOption(typed: string, flags: readonly Flag[]): KeyturnError {
  const close = nearest(
    typed,
    flags.map(({ long }) => long),
  )
  return new KeyturnError('USAGE', `unknown option ${typed}`, close === null ? {} : { hint: `did you mean ${close}?` })
}

/** @throws USAGE where operands are missing or too many, or a needed option is not there */
export function checkArguments({ name, operands: shape, options: declared }: CommandDeclaration, { operands, options }: Arguments): void {
  const places = shape === '' ? [] : shape.split(' ')
  const needed = places.filter((place) => !place.startsWith('['))
  const missing = needed[operands.length]
  if (missing !== undefined) throw new KeyturnError('USAGE', `secrets ${name}: ${missing.replace('...', '')} is missing`)
  const surplus = places.some((place) => place.includes('...')) ? undefined : operands[places.length]
  if (surplus !== undefined) throw new KeyturnError('USAGE', `secrets ${name}: "${surplus}" is one argument too many`)
  for (const declaration of declared) {
    if (declaration.required && options[toFlag(declaration).key] === undefined)
      throw new KeyturnError('USAGE', `secrets ${name}: ${declaration.flags} is needed`)
  }
}
