import { Sensitive } from '../sensitive.ts'
import { checkText, unreadable } from './text.ts'

/**
 * A lossless lexer of env files. What a line *means* differs between readers; where a line's parts *are* is the same but
 * for a few rules, which every dialect states as its {@link LineSyntax}. `joinLines(lexLines(text, syntax))` is `text`,
 * byte for byte, for whatever text: what is not understood is kept as an `unknown` line.
 */
export interface LineSyntax {
  /** Sticky. Matches from the start of a line through the separator; group `name` is the variable. Blanks behind it are not its part. */
  readonly head: RegExp
  /** Sticky. Blanks that may stand between the separator and the value, none where they are data. */
  readonly blanks: RegExp
  /** Sticky. A whole comment line without its line end. */
  readonly comment: RegExp
  /** Sticky. What may follow a value: blanks, an inline comment, the line's end (or the text's). */
  readonly tail: RegExp
  /** Global. A line's end. */
  readonly newline: RegExp
  /** Where the value that starts at `at` ends, with its quotes; -1 for a quote that is never closed. */
  valueEnd(text: string, at: number, afterBlank: boolean): number
  /** The reader skips a byte order mark. Without it the mark is part of the first name. */
  readonly skipsBom: boolean
}

export type Quote = '' | "'" | '"' | '`'

interface AnyLine {
  /** From 1; of a value that spans lines, its first. */
  readonly number: number
  /** All of it, with its line end. A comment may hold an old value, so it is boxed as well. */
  readonly raw: Sensitive<string>
}

export interface AssignLine extends AnyLine {
  readonly kind: 'assign'
  readonly name: string
  readonly exported: boolean
  /** What its value is quoted with; `''` for none. */
  readonly quote: Quote
  /** Everything before the value: byte order mark, indentation, `export `, name, separator, blanks. */
  readonly head: string
  /** The value as written, with its quotes. */
  readonly value: Sensitive<string>
  /** Everything behind it: blanks, inline comment, line end. */
  readonly tail: Sensitive<string>
}

export interface OtherLine extends AnyLine {
  readonly kind: 'blank' | 'comment' | 'unknown'
  /** Of an `unknown` line that starts as an assignment does: the variable. */
  readonly name?: string
}

export type Line = AssignLine | OtherLine

/** Throws ENV_UNREADABLE with the line for a quote that is never closed, NUL, or more than 16 MB. */
export function lexLines(text: Sensitive<string>, syntax: LineSyntax): readonly Line[] {
  const all = text.reveal()
  checkText(all)
  const lines: Line[] = []
  let number = 1
  for (let at = 0; at < all.length; ) {
    const line = lexLine(all, at, number, syntax)
    const raw = line.raw.reveal()
    lines.push(line)
    at += raw.length
    for (let i = raw.indexOf('\n'); i >= 0; i = raw.indexOf('\n', i + 1)) number++
  }
  return lines
}

/** The text that the lines were made from. */
export const joinLines = (lines: readonly Line[]): Sensitive<string> => new Sensitive(lines.map((line) => line.raw.reveal()).join(''))

/** The line with another value, as it is to stand there (quoted); all else stays. */
export function withValue(line: AssignLine, value: Sensitive<string>): AssignLine {
  const text = value.reveal()
  return { ...line, quote: quoteOf(text), value, raw: new Sensitive(line.head + text + line.tail.reveal()) }
}

/** What a value as written is quoted with. */
export function quoteOf(written: string): Quote {
  const first = written[0]
  return first === "'" || first === '"' || first === '`' ? first : ''
}

/** The end of the match of a sticky expression at `at`; -1 if it does not match there. */
export function endOfMatch(expression: RegExp, text: string, at: number): number {
  expression.lastIndex = at
  return expression.test(text) ? expression.lastIndex : -1
}

/** Where a quoted text that starts at `at` ends. `escapes`: a backslash keeps the next character from closing. -1: never. */
export function quotedEnd(text: string, at: number, escapes: boolean): number {
  const quote = text[at]
  for (let i = at + 1; i < text.length; i++) {
    if (escapes && text[i] === '\\') i++
    else if (text[i] === quote) return i + 1
  }
  return -1
}

/** Where an unquoted value ends: before `stop` (a global expression) or the line's end, without the blanks before that. */
export function unquotedEnd(text: string, at: number, stop: RegExp, blank: RegExp): number {
  stop.lastIndex = at
  const found = stop.exec(text)
  let end = found ? found.index : text.length
  while (end > at && blank.test(text[end - 1] as string)) end--
  return end
}

function lexLine(all: string, start: number, number: number, syntax: LineSyntax): Line {
  const from = start === 0 && syntax.skipsBom && all[0] === '\uFEFF' ? 1 : start
  const plain = (kind: OtherLine['kind'], end: number): OtherLine => ({ kind, number, raw: new Sensitive(all.slice(start, end)) })
  const ending = lineEnd(all, from, syntax)
  if (/^\s*$/.test(all.slice(from, ending))) return plain('blank', ending)
  const comment = endOfMatch(syntax.comment, all, from)
  if (comment >= 0) return plain('comment', lineEnd(all, comment, syntax))

  syntax.head.lastIndex = from
  const head = syntax.head.exec(all)
  if (!head?.groups?.name) return plain('unknown', ending)
  const separated = syntax.head.lastIndex
  const valueAt = endOfMatch(syntax.blanks, all, separated)
  const valueEnd = syntax.valueEnd(all, valueAt, valueAt > separated)
  if (valueEnd < 0) throw unreadable(all, valueAt, 'opens a quote that is never closed')
  const end = endOfMatch(syntax.tail, all, valueEnd)
  if (end < 0) return { ...plain('unknown', lineEnd(all, valueEnd, syntax)), name: head.groups.name }
  // With no value there, the blanks belong to what follows: a value written later shall stand at the separator.
  const cut = valueEnd === valueAt ? separated : valueAt
  const value = all.slice(cut, valueEnd === valueAt ? cut : valueEnd)
  return {
    kind: 'assign',
    number,
    name: head.groups.name,
    exported: head.groups.export !== undefined,
    quote: quoteOf(value),
    head: all.slice(start, cut),
    value: new Sensitive(value),
    tail: new Sensitive(all.slice(cut + value.length, end)),
    raw: new Sensitive(all.slice(start, end)),
  }
}

function lineEnd(text: string, at: number, syntax: LineSyntax): number {
  syntax.newline.lastIndex = at
  return syntax.newline.test(text) ? syntax.newline.lastIndex : text.length
}
