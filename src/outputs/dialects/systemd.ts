import type { LineSyntax } from '../lines.ts'
import { trimEnd, unreadable } from '../text.ts'
import { type Binding, defineDialect, rawForm } from './define.ts'

/**
 * systemd's `EnvironmentFile=`, after `env-file.c` (252 to 262) and the check of names and values in `env-util.c`. A value is made
 * of unquoted, `'...'` and `"..."` pieces up to the line's end; `#` behind a value is data; a backslash joins lines outside
 * single quotes; there are no references. A name that is none for a shell makes systemd drop the assignment; so did, before
 * release 250, a control character other than tab and line feed in the value, which is therefore not written.
 * A character that Unicode will never assign, such as U+FFFF, makes it refuse the whole file.
 */
const syntax: LineSyntax = {
  head: /[ \t]*(?<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=/y,
  blanks: /[ \t]*/y,
  comment: /[ \t]*[#;][^\r\n]*/y,
  tail: /[ \t\r]*(?:\n|(?![\s\S]))/y,
  newline: /\r\n|\n|\r/g,
  skipsBom: false,
  valueEnd(text, at) {
    const value = scanValue(text, at)
    return value.closed ? value.written : -1
  },
}

/** Dialect `systemd`. */
export const systemd = defineDialect({
  name: 'systemd',
  syntax,
  read,
  forms(value) {
    if (hasControl(value) || hasNoCharacter(value)) return []
    return [
      ...rawForm(value),
      { quote: '"', text: `"${value.replace(/[\\"$`]/g, '\\$&')}"` },
      ...(value.includes("'") ? [] : [{ quote: "'" as const, text: `'${value}'` }]),
    ]
  },
  refusal: (value) =>
    hasControl(value)
      ? 'older releases of systemd drop variables with control characters'
      : hasNoCharacter(value)
        ? 'systemd refuses a file with a character that Unicode does not have'
        : null,
})

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what systemd refused
const hasControl = (value: string): boolean => /[\x01-\x08\x0b-\x1f\x7f]/.test(value)

const hasNoCharacter = (value: string): boolean => /\p{Noncharacter_Code_Point}/u.test(value)

function read(text: string): readonly Binding[] {
  const out: Binding[] = []
  for (let at = 0; at < text.length; ) {
    const char = text[at] as string
    if (/[ \t\r\n]/.test(char)) at++
    else if (char === '#' || char === ';') at = commentEnd(text, at)
    else {
      // The first character is the name's, also where it is "=".
      const stop = text.slice(at + 1).search(/[=\r\n]/) + 1
      if (stop === 0) break
      if (text[at + stop] !== '=') {
        at += stop + 1
        continue
      }
      const name = trimEnd(text.slice(at, at + stop), /[ \t]/)
      const value = scanValue(text, at + stop + 1)
      if (hasNoCharacter(name + value.text)) throw unreadable(text, at, 'has a character that Unicode does not have, for which systemd refuses the file')
      if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) out.push({ name, value: value.text, source: value.text })
      at = value.end
    }
  }
  return out
}

function commentEnd(text: string, from: number): number {
  let at = from
  while (at < text.length && !/[\r\n]/.test(text[at] as string)) at++
  return at + 1
}

interface Scanned {
  readonly text: string
  /** Behind its last character that counts. */
  readonly written: number
  /** Behind its line's end. */
  readonly end: number
  readonly closed: boolean
}

function scanValue(text: string, from: number): Scanned {
  let out = ''
  // How much of `out` may not be trimmed as trailing blanks; how far the text that counts reaches.
  let kept = 0
  let written = from
  // Blanks before a piece are dropped while nothing unquoted was met since the start or the last closing quote.
  let inside = false
  let at = from
  for (; at < text.length; at++) {
    const char = text[at] as string
    if (char === '\n' || char === '\r') break
    if (char === '\\') {
      const next = text[++at]
      if (next !== undefined && next !== '\n' && next !== '\r') out += next
      inside = true
      kept = out.length
      written = Math.min(at + 1, text.length)
    } else if (!inside && (char === "'" || char === '"')) {
      const end = char === "'" ? text.indexOf("'", at + 1) : doubleEnd(text, at)
      if (end < 0) return { text: out + unescapePiece(char, text.slice(at + 1)), written: text.length, end: text.length, closed: false }
      out += unescapePiece(char, text.slice(at + 1, end))
      kept = out.length
      at = end
      written = end + 1
    } else if (char === ' ' || char === '\t') {
      if (inside) out += char
    } else {
      out += char
      inside = true
      kept = out.length
      written = at + 1
    }
  }
  return { text: out.slice(0, kept), written, end: Math.min(at + 1, text.length), closed: true }
}

function doubleEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at
  }
  return -1
}

const unescapePiece = (quote: string, text: string): string =>
  quote === "'" ? text : text.replace(/\\([\s\S]?)/g, (pair, char: string) => ('"\\`$'.includes(char) ? char : char === '\n' ? '' : pair))
