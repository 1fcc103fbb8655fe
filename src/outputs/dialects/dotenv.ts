import { endOfMatch, type LineSyntax, unquotedEnd } from '../lines.ts'
import { type Binding, defineDialect, rawForm } from './define.ts'

/**
 * The npm package `dotenv` (17, its default parser). No escapes but `\n` and `\r` inside `"..."`, and those even behind a
 * backslash; no references (dotenv-expand adds them); any `#` ends an unquoted value; a carriage return becomes a line feed.
 */
const syntax: LineSyntax = {
  head: /[^\S\r\n]*(?<export>export[^\S\r\n]+)?(?<name>[\w.-]+)(?:[^\S\r\n]*=|:(?=[^\S\r\n]))/y,
  blanks: /[^\S\r\n]*/y,
  comment: /[^\S\r\n]*#[^\r\n]*/y,
  tail: /[^\S\r\n]*(?:#[^\r\n]*)?(?:\r\n?|\n|(?![\s\S]))/y,
  newline: /\r\n?|\n/g,
  skipsBom: true,
  valueEnd(text, at) {
    const quote = text[at]
    if (quote !== "'" && quote !== '"' && quote !== '`') return unquotedEnd(text, at, /[\r\n#]/g, /\s/)
    for (let i = at + 1; i < text.length; i++) {
      if (text[i] === '\\' && text[i + 1] === quote) i++
      else if (text[i] === quote) {
        // With something behind it that is no comment, or with no end at all, a quote is a character like any other.
        if (endOfMatch(syntax.tail, text, i + 1) >= 0) return i + 1
        break
      }
    }
    return unquotedEnd(text, at, /[\r\n#]/g, /\s/)
  },
}

/** Dialect `dotenv`. Quotes are verbatim, so a value needs one kind of quote that it does not hold itself. */
export const dotenv = defineDialect({
  name: 'dotenv',
  syntax,
  read,
  forms(value) {
    // A backslash before the closing quote may, depending on later lines, keep it from closing.
    if (value.endsWith('\\')) return rawForm(value)
    const free = (quote: "'" | '"' | '`') => !value.includes(quote)
    return [
      ...rawForm(value),
      ...(free("'") && !value.includes('\r') ? [{ quote: "'" as const, text: `'${value}'` }] : []),
      ...(free('`') && !value.includes('\r') ? [{ quote: '`' as const, text: `\`${value}\`` }] : []),
      ...(free('"') && !/\\[nr]/.test(value) ? [{ quote: '"' as const, text: `"${value.replaceAll('\r', '\\r')}"` }] : []),
    ]
  },
  refusal: (value) => (value.endsWith('\\') ? 'it ends in a backslash, which dotenv may take for an escape of the quote' : null),
})

// Written as the one expression that the package is, since its backtracking decides what an odd line means.
// Blank lines before a key are not taken into its match: each of them would be the start of another try.
const KEY = String.raw`^[^\S\n\u2028\u2029]*(?:export\s+)?([\w.-]+)`
const SEPARATOR = String.raw`(?:\s*=\s*?|:\s+?)`
const QUOTED = ["'", '"', '`'].map((quote) => String.raw`\s*${quote}(?:\\${quote}|[^${quote}])*${quote}`).join('|')
const STATEMENT = new RegExp(String.raw`${KEY}${SEPARATOR}(${QUOTED}|[^#\r\n]+)?\s*(?:#.*)?$`, 'gm')

function read(text: string): readonly Binding[] {
  const out: Binding[] = []
  for (const match of text.replace(/\r\n?/g, '\n').matchAll(STATEMENT)) {
    const written = (match[2] ?? '').trim()
    const bare = written.replace(/^(['"`])([\s\S]*)\1$/gm, '$2')
    const value = written.startsWith('"') ? bare.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : bare
    out.push({ name: match[1] as string, value, source: value })
  }
  return out
}
