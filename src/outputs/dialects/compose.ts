import { type LineSyntax, quotedEnd, unquotedEnd } from '../lines.ts'
import { trimEnd, unreadable } from '../text.ts'
import { expandTemplate } from './compose-template.ts'
import { type Binding, defineDialect, rawForm } from './define.ts'

/**
 * Docker Compose, for `.env` and `env_file` alike. After compose-go v2 (2.16), packages `dotenv` and `template`.
 *
 * - `'...'`: only `\'` is an escape; nothing is expanded. A value that ends in a backslash would eat the closing quote.
 * - `"..."`: escapes (`\\ \" \$ \n \r \t \a \b \f \v`, octal `\0ddd`), then references.
 * - unquoted: no escapes; a comment needs a space before its `#`; references.
 * - After a closing quote a new statement may follow on the same line.
 * - `A= # text` has the value `# text`: blanks before a value are dropped before the comment is looked for.
 */
const SPACE = '\\t\\v\\f\\r \\u0085\\u00a0'
const BLANKS = new RegExp(`[${SPACE}]*`, 'y')
const WIDE_SPACE = `${SPACE}\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000`
const STATEMENT = new RegExp(`[${WIDE_SPACE}\\n]*`, 'y')
const NAME = '[\\p{L}\\p{N}_.\\-[\\]]+'

const STOP = /\n| #/g
const BLANK = new RegExp(`[${WIDE_SPACE}\\n]`)

const syntax: LineSyntax = {
  head: new RegExp(`[${WIDE_SPACE}]*(?<export>export[\\t\\f\\r ]+)?(?<name>${NAME})[${SPACE}]*[=:]`, 'yu'),
  blanks: BLANKS,
  comment: new RegExp(`[${WIDE_SPACE}]*#[^\\n]*`, 'y'),
  tail: new RegExp(`[${WIDE_SPACE}]*(?:#[^\\n]*)?(?:\\n|(?![\\s\\S]))`, 'y'),
  newline: /\n/g,
  skipsBom: true,
  valueEnd(text, at, afterBlank) {
    if (text[at] === "'" || text[at] === '"') return quotedEnd(text, at, true)
    // Compose takes it for a value, a person for a comment. Treated as a comment: a value written before it makes it one.
    if (afterBlank && text[at] === '#') return at
    return unquotedEnd(text, at, STOP, BLANK)
  },
}

/** Dialect `compose`. */
export const compose = defineDialect({
  name: 'compose',
  syntax,
  read,
  forms: (value) => [
    ...rawForm(value),
    ...(/[\r']/.test(value) || value.endsWith('\\') ? [] : [{ quote: "'" as const, text: `'${value}'` }]),
    { quote: '"', text: `"${escapeDouble(value)}"` },
    { quote: "'", text: `'${value.replaceAll("'", "\\'")}'` },
  ],
})

const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', $: '\\$', '\n': '\\n', '\r': '\\r' }
const escapeDouble = (value: string): string => value.replace(/[\\"$\n\r]/g, (char) => ESCAPED[char] as string)

function read(text: string): readonly Binding[] {
  const out: Binding[] = []
  const known = new Map<string, string>()
  const expand = (template: string, at: number): string => {
    const expanded = expandTemplate(template, known)
    if (expanded === null) throw unreadable(text, at, 'holds a "$" reference that Compose refuses ("${" without a name)')
    return expanded
  }
  for (let at = text.startsWith('\uFEFF') ? 1 : 0; ; ) {
    at = statementStart(text, at)
    if (at >= text.length) return out
    const key = readKey(text, at)
    if (!key.assigns) {
      // A name alone takes its value from the environment, which is not in the file.
      at = key.end
      continue
    }
    const value = readValue(text, key.end)
    if (!value) throw unreadable(text, key.end, 'opens a quote that is never closed')
    const resolved = value.literal ? value.source : expand(value.unescaped, key.end)
    // The last line without `=` and without a line end comes out as a value without a name.
    if (key.name !== '') {
      out.push({ name: key.name, value: resolved, source: value.source })
      known.set(key.name, resolved)
    }
    at = value.end
  }
}

function statementStart(text: string, from: number): number {
  for (let at = from; ; ) {
    STATEMENT.lastIndex = at
    STATEMENT.test(text)
    at = STATEMENT.lastIndex
    if (text[at] !== '#') return at
    const end = text.indexOf('\n', at)
    if (end < 0) return text.length
    at = end
  }
}

interface Key {
  readonly name: string
  readonly end: number
  readonly assigns: boolean
}

function readKey(text: string, from: number): Key {
  let start = from
  const exported = /export[\t\n\f\r ]/y
  exported.lastIndex = from
  if (exported.test(text)) start = skipBlanks(text, from + 'export'.length)
  for (let at = start; at < text.length; ) {
    const char = String.fromCodePoint(text.codePointAt(at) as number)
    if (char === '=' || char === ':' || char === '\n') {
      const name = text.slice(start, at)
      return { name: checkedName(text, start, name), end: skipBlanks(text, at + 1), assigns: char !== '\n' }
    }
    if (!/[\p{L}\p{N}_.\-[\]\t\v\f\r \u0085\u00a0]/u.test(char)) throw unreadable(text, start, `has ${JSON.stringify(char)} where Compose expects a name`)
    at += char.length
  }
  if (start >= text.length) throw unreadable(text, from, 'is "export" with nothing behind it, which Compose refuses')
  return { name: '', end: skipBlanks(text, start), assigns: true }
}

function checkedName(text: string, start: number, written: string): string {
  const name = trimEnd(written, BLANK)
  if (name.includes(' ')) throw unreadable(text, start, 'has a blank inside the name')
  return name
}

interface Value {
  readonly source: string
  readonly unescaped: string
  readonly literal: boolean
  readonly end: number
}

function readValue(text: string, at: number): Value | null {
  const quote = text[at]
  if (quote !== "'" && quote !== '"') {
    const newline = text.indexOf('\n', at)
    const line = text.slice(at, newline < 0 ? text.length : newline)
    const comment = line.indexOf(' #')
    const source = trimEnd(comment < 0 ? line : line.slice(0, comment), BLANK)
    return { source, unescaped: source, literal: false, end: newline < 0 ? text.length : newline + 1 }
  }
  const end = quotedEnd(text, at, true)
  if (end < 0) return null
  // The quote that the text stands in loses its backslash here; all other escapes are a matter of the second pass.
  const source = text.slice(at + 1, end - 1).replace(/\\([\s\S])/g, (pair, char) => (char === quote ? char : pair))
  return { source, unescaped: quote === '"' ? unescapeDouble(source) : source, literal: quote === "'", end }
}

const SIMPLE: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '"': '"', '\\': '\\', $: '$$' }

function unescapeDouble(text: string): string {
  return text.replace(/\\(?:([abcfnrtv$"\\])|0(\d{0,3}))/g, (all, char: string | undefined, digits: string | undefined) => {
    if (char !== undefined) return SIMPLE[char] ?? all
    const code = digits?.length === 3 && !/[89]/.test(digits) ? Number.parseInt(digits, 8) : 256
    return code < 256 ? String.fromCodePoint(code) : `\\${digits}`
  })
}

function skipBlanks(text: string, at: number): number {
  BLANKS.lastIndex = at
  BLANKS.test(text)
  return BLANKS.lastIndex
}
