import { createHash } from 'node:crypto'
import { explain } from './dictionary.ts'
import { bitsPerCharacter, findPatterns, looksRandom, type Strength } from './patterns.ts'

/** Below this a pattern is not merely part of the value, it is the value: whoever guesses with a plan finds it. */
export const WEAK_BITS = 60

/** Judges a value; `names` are words that stand around it. */
export type Judge = (value: string, names: readonly string[]) => Strength | Promise<Strength>

/**
 * How hard a value is to guess: own checks first (what it consists of, repeats, sequences, keyboard walks, words of this trade and of this
 * project), then zxcvbn with its leaked passwords, unless the value is weak already or evidently random. Asked once, when facts of
 * a version are recorded; 5 to 50 ms where zxcvbn is asked.
 */
export async function judgeStrength(value: string, names: readonly string[] = []): Promise<Strength> {
  const words = wordsIn(names)
  const own = findPatterns(value, words)
  if (value === '' || (own.pattern !== null && own.bits < WEAK_BITS) || looksRandom(value)) return own
  const explained = await explain(value, [...words], bitsPerCharacter(value))
  return explained === null || explained.bits >= own.bits ? own : explained
}

/** `judgeStrength` that remembers what it said, for a command that needs it twice. It keeps digests, no value. */
export function judgeOnce(): Judge {
  const known = new Map<string, Strength | Promise<Strength>>()
  return (value, names) => {
    const key = createHash('sha256')
      .update(JSON.stringify([value, names]))
      .digest('base64')
    const strength = known.get(key) ?? judgeStrength(value, names)
    known.set(key, strength)
    return strength
  }
}

/** The own checks alone: at once, and without a dictionary. */
export const judgeQuickly: Judge = (value, names) => findPatterns(value, wordsIn(names))

/** Names in whole and in words, from four letters on: shorter ones are spelled by chance. */
function wordsIn(names: readonly string[]): ReadonlySet<string> {
  const words = new Set<string>()
  for (const name of names) {
    const lower = name.toLowerCase().trim()
    for (const word of [lower, lower.replace(/[^\p{L}\p{N}]+/gu, ''), ...lower.split(/[^\p{L}]+/u)]) if (word.length >= 4 && word.length <= 40) words.add(word)
  }
  return words
}
