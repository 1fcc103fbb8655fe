import type { Pattern } from './patterns.ts'

/** What zxcvbn makes of one stretch of a value. */
interface Stretch {
  readonly pattern: string
  readonly token: string
  /** Absent where it takes the stretch for chance. */
  readonly guessesLog10?: number
  readonly dictionaryName?: string
}

interface Checker {
  check(text: string, words: string[]): { readonly sequence: readonly unknown[] }
}

/** More costs time and adds nothing: 64 characters of anything but a pattern are beyond guessing; 200 take seconds. */
const MOST = 64

const BITS_PER_DIGIT = Math.log2(10)

let loading: Promise<Checker> | null = null

/** Its dictionary (49,000 leaked passwords, 7,800 words of dice lists) takes a tenth of a second and 30 MB to load: once, and only when a value is judged. */
async function load(): Promise<Checker> {
  const [core, common] = await Promise.all([import('@zxcvbn-ts/core'), import('@zxcvbn-ts/language-common')])
  const { ZxcvbnFactory } = whole(core)
  const { adjacencyGraphs, dictionary } = whole(common)
  return new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs, maxLength: MOST })
}

/** In the bundle, what a package exports stands under `default` alone. */
const whole = <T extends object>(loaded: T): T => ({ ...(loaded as { readonly default?: T }).default, ...loaded })

/** What leaked passwords, dates and keyboards explain of a value. */
export interface Explained {
  /** The explained part by its guesses, the rest as chance. */
  readonly bits: number
  /** What explains most. */
  readonly pattern: Pattern
}

/**
 * zxcvbn's word on the first 64 characters, with further words that an attacker would try first. It takes every unexplained character for
 * one of ten, which makes 16 random letters and digits look like 50 bits; so only what it explains is taken from it.
 *
 * @param perCharacter - bits of a character that nothing explains
 * @returns `null` where it explains less than half of the characters: chance spells short words.
 */
export async function explain(text: string, words: readonly string[], perCharacter: number): Promise<Explained | null> {
  loading ??= load()
  const sequence = (await loading).check(text, [...words]).sequence as readonly Stretch[]
  let bits = 0
  let explained = 0
  let most = 0
  let pattern: Pattern = 'dictionary words'
  for (const stretch of sequence) {
    const { length } = stretch.token
    const kind = patternOf(stretch)
    if (kind === null) {
      bits += length * perCharacter
      continue
    }
    bits += Math.min(length * perCharacter, (stretch.guessesLog10 ?? 0) * BITS_PER_DIGIT)
    explained += length
    if (length > most) {
      most = length
      pattern = kind
    }
  }
  const looked = Math.min(text.length, MOST)
  return explained * 2 < looked ? null : { bits: Math.floor(bits), pattern }
}

function patternOf({ pattern, dictionaryName = '' }: Stretch): Pattern | null {
  switch (pattern) {
    case 'dictionary':
      return dictionaryName === 'userInputs' ? 'names of this project' : dictionaryName.startsWith('passwords') ? 'a leaked password' : 'dictionary words'
    case 'repeat':
      return 'one part repeated'
    case 'sequence':
      return 'a sequence'
    case 'spatial':
      return 'a keyboard walk'
    case 'date':
    case 'regex':
      return 'a date'
    default:
      return null
  }
}
