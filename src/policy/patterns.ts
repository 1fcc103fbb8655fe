import { LONGEST_WORD, SHORTEST_WORD, WORD_RANKS } from './words.ts'

/** How hard a value is to guess. */
export interface Strength {
  /** Estimated bits, rounded down. */
  readonly bits: number
  /** What it is mostly made of, where that is not chance. */
  readonly pattern: Pattern | null
}

export type Pattern =
  | 'one part repeated'
  | 'a sequence'
  | 'a keyboard walk'
  | 'dictionary words'
  | 'a leaked password'
  | 'names of this project'
  | 'a date'
  | 'digits alone'

/** More adds nothing: at 128 characters even digits have 425 bits. */
const MOST = 128

/** Rows and columns of a US keyboard, where it matters to fingers. */
const WALKS: readonly string[] = [
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '1234567890',
  'qwertzuiop',
  'azertyuiop',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
  'qazwsxedcrfvtgbyhnujm',
  '!@#$%^&*()',
]
const REVERSED = WALKS.map((row) => [...row].reverse().join(''))

/** `p@ssw0rd` is the word, at one bit for each letter written otherwise. */
const LEET: Readonly<Record<string, string>> = { '@': 'a', '4': 'a', '3': 'e', '1': 'i', '!': 'i', '0': 'o', $: 's', '5': 's', '7': 't' }

const NO_NAMES: ReadonlySet<string> = new Set()

interface Part {
  readonly length: number
  readonly bits: number
  readonly pattern: Pattern
}

/**
 * The cheapest way to write a value down as random characters, words, repeats, sequences, years and keyboard walks (the idea of zxcvbn, with a
 * small dictionary of this trade and no tables to load). An estimate from above. Pure; quadratic in the length, which is cut at 128.
 *
 * @param names - words that stand around the value: of the project, of the secret, the user name beside it
 */
export function findPatterns(value: string, names: ReadonlySet<string> = NO_NAMES): Strength {
  const text = value.slice(0, MOST)
  if (text === '') return { bits: 0, pattern: null }
  const perCharacter = bitsPerCharacter(text)
  const lower = text.toLowerCase()
  const plain = [...lower].map((letter) => LEET[letter] ?? letter).join('')
  // best[i]: the fewest bits that write the first i characters; how[i]: the part that ends there.
  const best = [0]
  const how: (Part | null)[] = [null]
  for (let end = 1; end <= text.length; end++) {
    best.push((best[end - 1] ?? 0) + perCharacter)
    how.push(null)
  }
  for (let start = 0; start < text.length; start++) {
    const before = best[start] ?? 0
    if (before + perCharacter < (best[start + 1] ?? 0)) {
      best[start + 1] = before + perCharacter
      how[start + 1] = null
    }
    for (const part of partsAt({ text, lower, plain, names }, start, perCharacter)) {
      const end = start + part.length
      if (before + part.bits >= (best[end] ?? 0)) continue
      best[end] = before + part.bits
      how[end] = part
    }
  }
  const pattern = mainPattern(how) ?? (/^[\d\s()+./-]+$/.test(text) ? 'digits alone' : null)
  return { bits: Math.floor(best[text.length] ?? 0), pattern }
}

/** How much one character says where nothing explains it, judged by the kinds of characters that occur. */
export const bitsPerCharacter = (text: string): number => Math.log2(charsetOf(text))

/** How many characters each place could have held, judged by the kinds that occur. */
function charsetOf(text: string): number {
  if (/^[0-9a-f]+$/.test(text) || /^[0-9A-F]+$/.test(text)) return /[a-f]/i.test(text) ? 16 : 10
  let size = 0
  if (/[a-z]/.test(text)) size += 26
  if (/[A-Z]/.test(text)) size += 26
  if (/[0-9]/.test(text)) size += 10
  if (/[-_+/=.]/.test(text)) size += 3
  if (/[^A-Za-z0-9\-_+/=.]/.test(text)) size += 29
  return Math.max(2, size)
}

interface Readings {
  readonly text: string
  readonly lower: string
  /** With letters where leetspeak has digits. */
  readonly plain: string
  readonly names: ReadonlySet<string>
}

function* partsAt(readings: Readings, start: number, perCharacter: number): Generator<Part> {
  const { text, lower } = readings
  const sequence = sequenceAt(text, start)
  if (sequence >= 4) for (let length = 4; length <= sequence; length++) yield { length, bits: perCharacter + 1 + Math.log2(length), pattern: 'a sequence' }
  const run = runAt(text, start)
  if (run >= 4) for (let length = 4; length <= run; length++) yield { length, bits: perCharacter + Math.log2(length), pattern: 'one part repeated' }
  const walk = walkAt(lower, start)
  // Which row, where in it, which way, how far.
  if (walk >= 4) for (let length = 4; length <= walk; length++) yield { length, bits: 7 + Math.log2(length), pattern: 'a keyboard walk' }
  const again = repeatAt(lower, start)
  // Three characters come again by chance, four hardly.
  if (again >= 4) for (let length = 4; length <= again; length++) yield { length, bits: Math.log2(start + 1) + Math.log2(length), pattern: 'one part repeated' }
  const year = /^(19[5-9]|20[0-4])\d/.test(text.slice(start, start + 4))
  if (year) yield { length: 4, bits: 7, pattern: 'a date' }
  yield* wordsAt(readings, start)
}

/** Up or down by one: `abcd`, `4321`. */
function sequenceAt(text: string, start: number): number {
  const step = text.charCodeAt(start + 1) - text.charCodeAt(start)
  if (step !== 1 && step !== -1) return 1
  let end = start + 1
  while (end < text.length && text.charCodeAt(end) - text.charCodeAt(end - 1) === step) end++
  return end - start
}

function runAt(text: string, start: number): number {
  let end = start + 1
  while (end < text.length && text[end] === text[start]) end++
  return end - start
}

function walkAt(lower: string, start: number): number {
  let longest = 0
  for (const row of [...WALKS, ...REVERSED]) {
    for (let at = row.indexOf(lower[start] ?? ''); at >= 0; at = row.indexOf(lower[start] ?? '', at + 1)) {
      let length = 0
      while (at + length < row.length && start + length < lower.length && row[at + length] === lower[start + length]) length++
      longest = Math.max(longest, length)
    }
  }
  return longest
}

/** The longest piece from here on that stood there before; it may run into itself, as `abcabcabc` does. */
function repeatAt(lower: string, start: number): number {
  let longest = 0
  for (let from = 0; from < start; from++) {
    let length = 0
    while (start + length < lower.length && lower[from + length] === lower[start + length]) length++
    longest = Math.max(longest, length)
  }
  return longest
}

function* wordsAt({ text, lower, plain, names }: Readings, start: number): Generator<Part> {
  for (let length = SHORTEST_WORD; length <= Math.min(names.size > 0 ? MOST : LONGEST_WORD, text.length - start); length++) {
    const asWritten = lower.slice(start, start + length)
    const asMeant = plain.slice(start, start + length)
    const isName = names.has(asWritten) || names.has(asMeant)
    const rank = isName ? 1 : (WORD_RANKS.get(asWritten) ?? WORD_RANKS.get(asMeant))
    if (rank === undefined || (length <= SPELLED_BY_CHANCE && !standsAlone(lower, start, length))) continue
    const written = text.slice(start, start + length)
    const changed = [...plain.slice(start, start + length)].filter((letter, i) => letter !== lower[start + i]).length
    const capitals = written === written.toLowerCase() ? 0 : 1
    yield { length, bits: Math.log2(rank) + 2 + changed + capitals, pattern: isName ? 'names of this project' : 'dictionary words' }
  }
}

/** So many letters in a row spell a word by chance too often, unless nothing but the word stands there. */
const SPELLED_BY_CHANCE = 4

const standsAlone = (lower: string, start: number, length: number): boolean =>
  !/[a-z]/.test(lower[start - 1] ?? '') && !/[a-z]/.test(lower[start + length] ?? '')

/** What covers at least half of the characters; of several, what covers most. */
function mainPattern(how: readonly (Part | null)[]): Pattern | null {
  const covered = new Map<Pattern, number>()
  let total = 0
  for (let end = how.length - 1; end > 0; ) {
    const part = how[end] ?? null
    if (part) {
      covered.set(part.pattern, (covered.get(part.pattern) ?? 0) + part.length)
      total += part.length
    }
    end -= part?.length ?? 1
  }
  if (total * 2 < how.length - 1) return null
  return [...covered].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null
}

/** The pairs of letters that languages of Latin letters use most. */
const PAIRS = new Set(
  (
    'th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ' +
    'ca el ta la ns di fo ho pe ec pr no ct us ac ot il tr ly nc et ut ss so rs un lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa im mi ai sh ' +
    'ir su id os iv ia am fi ci vi pl ig tu ev ld ry mp fe bl ab gh ty op wo sa ay ex ke fr oo av ag if ap gr od bo sp rd do uc bu ei ov by rm ep tt oc fa ' +
    'au ei sc ck ht ue'
  ).split(' '),
)

/** Below this a passphrase of a few words could look like chance. */
const LONG = 22

/**
 * Whether a value is so evidently chance that no dictionary needs to be asked: long, of many different characters, without a repeat, a
 * sequence or a keyboard walk, and with less than half of its pairs of letters among those of languages (of chance it is a quarter, of words three quarters).
 */
export function looksRandom(value: string): boolean {
  if (value.length < LONG) return false
  const lower = value.slice(0, MOST).toLowerCase()
  if (new Set(lower).size < 10) return false
  const plain = [...lower].map((letter) => LEET[letter] ?? letter).join('')
  let pairs = 0
  let known = 0
  let patterned = 0
  for (let at = 0; at < lower.length - 1; at++) {
    const pair = plain.slice(at, at + 2)
    if (/^[a-z]{2}$/.test(pair)) {
      pairs += 1
      if (PAIRS.has(pair)) known += 1
    }
    const run = Math.max(sequenceAt(lower, at), walkAt(lower, at), runAt(lower, at))
    if (run >= 4) patterned += 1
  }
  // Hexadecimal has few letters to pair: there the digits tell.
  const isHex = /^[0-9a-f-]+$/.test(lower)
  return patterned <= 2 && longestRepeat(lower) <= 5 && (isHex ? /\d/.test(lower) : pairs >= 12 && known * 2 < pairs)
}

function longestRepeat(lower: string): number {
  let longest = 0
  for (let at = 1; at < lower.length; at++) longest = Math.max(longest, repeatAt(lower, at))
  return longest
}
