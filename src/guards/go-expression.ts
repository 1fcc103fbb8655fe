import { POSIX_SETS } from './character-sets.ts'

/**
 * Go's regular expressions in those of JavaScript, as far as moby writes them out of a pattern. A name is never taken as
 * code: every literal character becomes its number.
 */

/** Sets that Go knows by a letter after a backslash, as the inside of a class. Its `\s` is ASCII, without the vertical tab. */
const LETTERS: Readonly<Record<string, string>> = { d: '0-9', s: '\\t\\n\\f\\r ', w: '0-9A-Za-z_' }

/** Sets that Go knows by a name inside of a class: two more than POSIX. */
const NAMED: Readonly<Record<string, string>> = { ...POSIX_SETS, ascii: '\\x00-\\x7f', word: '0-9A-Za-z_' }

/** What a letter after a backslash stands for. */
const CONTROLS: Readonly<Record<string, string>> = { a: '\x07', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** Grouped, since Go lets them be repeated. */
const ANCHORS: Readonly<Record<string, string>> = { A: '(?:^)', z: '(?:$)', b: '(?:\\b)', B: '(?:\\B)' }

/** Go does not take the expression. */
class Refused extends Error {}

/** The expression, or `null` where Go refuses it. */
export function fromGo(source: string): RegExp | null {
  try {
    return new RegExp(translate([...source]), 'v')
  } catch (error) {
    if (error instanceof Refused || error instanceof SyntaxError) return null
    throw error
  }
}

interface Piece {
  readonly text: string
  /** The place after it. */
  readonly next: number
}

function translate(source: readonly string[]): string {
  let out = ''
  // The character before, where it is no literal one.
  let before = ''
  for (let at = 0; at < source.length; ) {
    const char = source[at] as string
    const repeated = repetitionAt(source, at)
    if (repeated !== null) {
      // Nothing before it, or another one: Go takes neither.
      if (out === '' || '*?{(|'.includes(before)) throw new Refused()
      out += repeated.text
      before = '{'
      at = repeated.next
      continue
    }
    const piece = char === '[' ? classAt(source, at + 1) : char === '\\' ? escapeAt(source, at + 1) : { text: OPERATORS[char] ?? literal(char), next: at + 1 }
    out += piece.text
    before = char === '\\' ? '' : char
    at = piece.next
  }
  return out
}

/** Go repeats nothing more often. */
const MOST_REPEATED = 1000

/** `{2}`, `{2,}` or `{2,3}`; what else begins with a brace is itself. */
function repetitionAt(source: readonly string[], at: number): Piece | null {
  if (source[at] !== '{') return null
  const end = source.indexOf('}', at)
  const text = source.slice(at, end + 1).join('')
  const [, least = '', most] = /^\{(0|[1-9]\d*)(?:,(0|[1-9]\d*)?)?\}$/.exec(text) ?? []
  if (least === '') return null
  if (Number(least) > MOST_REPEATED || Number(most ?? 0) > MOST_REPEATED || (most !== undefined && Number(most) < Number(least))) throw new Refused()
  return { text, next: end + 1 }
}

/** Without a flag Go's dot is anything but a line feed; JavaScript's leaves out more. */
const OPERATORS: Readonly<Record<string, string>> = { '.': '[^\\n]', '*': '*', '?': '?', '(': '(?:', ')': ')', '|': '|', '^': '(?:^)', $: '(?:$)' }

const literal = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`

/** After a backslash that stands in no class. */
function escapeAt(source: readonly string[], at: number): Piece {
  const char = source[at]
  if (char === undefined) throw new Refused()
  const anchor = ANCHORS[char]
  if (anchor !== undefined) return { text: anchor, next: at + 1 }
  if (char === 'Q') {
    let end = at + 1
    while (end < source.length && !(source[end] === '\\' && source[end + 1] === 'E')) end++
    return {
      text: source
        .slice(at + 1, end)
        .map(literal)
        .join(''),
      next: end + 2,
    }
  }
  return setAt(source, at) ?? characterAt(source, at)
}

/** A set of characters by a letter: `\d`, `\W`, `\pL`. */
function setAt(source: readonly string[], at: number): Piece | null {
  const char = source[at] ?? ''
  const set = LETTERS[char.toLowerCase()]
  if (set !== undefined) return { text: char === char.toLowerCase() ? `[${set}]` : `[^${set}]`, next: at + 1 }
  if (char !== 'p' && char !== 'P') return null
  const name = source[at + 1] ?? ''
  if (!/^[CLMNPSZ]$/.test(name)) throw new Refused()
  return { text: `\\${char}{${name}}`, next: at + 2 }
}

/** One character, written with a backslash before it. */
function characterAt(source: readonly string[], at: number): Piece {
  const char = source[at] ?? ''
  const control = CONTROLS[char]
  if (control !== undefined) return { text: literal(control), next: at + 1 }
  const rest = source.slice(at, at + 3).join('')
  // A digit alone would be a reference back, which Go does not have.
  const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest)?.[0]
  if (octal !== undefined) return { text: literal(String.fromCodePoint(Number.parseInt(octal, 8))), next: at + octal.length }
  const hex = /^x([0-9A-Fa-f]{2})/.exec(rest)?.[1]
  if (hex !== undefined) return { text: literal(String.fromCodePoint(Number.parseInt(hex, 16))), next: at + 3 }
  if (char === '' || char > '\x7f' || /^[0-9A-Za-z]$/.test(char)) throw new Refused()
  return { text: literal(char), next: at + 1 }
}

/** After the bracket that opens a class. */
function classAt(source: readonly string[], from: number): Piece {
  const negated = source[from] === '^'
  const start = negated ? from + 1 : from
  let out = ''
  let at = start
  // A bracket that closes is one of the members where it comes first.
  while (source[at] !== ']' || at === start) {
    const set = namedAt(source, at) ?? (source[at] === '\\' ? setAt(source, at + 1) : null)
    if (set !== null) {
      out += set.text
      at = set.next
      continue
    }
    const low = memberAt(source, at)
    at = low.next
    if (source[at] !== '-' || source[at + 1] === ']' || source[at + 1] === undefined) {
      out += low.text
      continue
    }
    const high = memberAt(source, at + 1)
    at = high.next
    if (numberOf(high) < numberOf(low)) throw new Refused()
    out += `${low.text}-${high.text}`
  }
  return { text: `[${negated ? '^' : ''}${out}]`, next: at + 1 }
}

/** `[:alpha:]` in a class. */
function namedAt(source: readonly string[], at: number): Piece | null {
  if (source[at] !== '[' || source[at + 1] !== ':') return null
  const rest = source.slice(at).join('')
  const end = rest.indexOf(':]', 2)
  if (end < 0) return null
  const [, not = '', name = ''] = /^(\^?)(.*)$/s.exec(rest.slice(2, end)) ?? []
  const set = NAMED[name]
  if (set === undefined) throw new Refused()
  return { text: `[${not}${set}]`, next: at + [...rest.slice(0, end + 2)].length }
}

function memberAt(source: readonly string[], at: number): Piece {
  const char = source[at]
  if (char === undefined) throw new Refused()
  return char === '\\' ? characterAt(source, at + 1) : { text: literal(char), next: at + 1 }
}

const numberOf = ({ text }: Piece): number => Number.parseInt(text.slice(3, -1), 16)
