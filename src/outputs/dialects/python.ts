import { type LineSyntax, quotedEnd, unquotedEnd } from '../lines.ts'
import { trimEnd, unreadable } from '../text.ts'
import { type Binding, defineDialect, rawForm } from './define.ts'

/**
 * python-dotenv (0.21 to 1.2; where releases differ, the file is refused). Escapes in both kinds of quotes; `${V}` and `${V:-d}`
 * are resolved in every kind, single quotes too, and nothing escapes them; a line that cannot be read is skipped; a comment
 * needs a blank before it; a byte order mark becomes part of the first name; a carriage
 * return becomes a line feed.
 */
// Python's \s is not that of JavaScript: it has the separators 1C to 1F and NEL, and not the byte order mark.
const SPACES = ' \\t\\n\\r\\f\\v\\x1c-\\x1f\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const BLANKS = SPACES.replace('\\n\\r', '')
const sticky = (source: string): RegExp => new RegExp(source, 'y')
const NEWLINE = '(?:\\r\\n|\\n|\\r)'

const STOP = new RegExp(`[\\r\\n]|[${BLANKS}]#`, 'g')
const SPACE = new RegExp(`[${SPACES}]`)

const syntax: LineSyntax = {
  head: sticky(`[${BLANKS}]*(?<export>export[${BLANKS}]+)?(?<name>[^=#'${SPACES}][^=#${SPACES}]*)[${BLANKS}]*=`),
  blanks: sticky(`[${BLANKS}]*`),
  comment: sticky(`[${BLANKS}]*#[^\\r\\n]*`),
  tail: sticky(`[${BLANKS}]*(?:#[^\\r\\n]*)?(?:${NEWLINE}|(?![\\s\\S]))`),
  newline: /\r\n|\n|\r/g,
  skipsBom: false,
  valueEnd(text, at, afterBlank) {
    if (text[at] === "'" || text[at] === '"') return quotedEnd(text, at, true)
    if (afterBlank && text[at] === '#') return at
    return unquotedEnd(text, at, STOP, SPACE)
  },
}

/** Dialect `python`. `${` cannot be written, and a backslash at the end loses neighbouring lines in older releases. */
export const python = defineDialect({
  name: 'python',
  syntax,
  read,
  forms(value) {
    if (value.includes('${') || value.endsWith('\\')) return []
    const escaped = value.replaceAll('\\', '\\\\')
    return [
      ...rawForm(value),
      ...(value.includes('\r') ? [] : [{ quote: "'" as const, text: `'${escaped.replaceAll("'", "\\'")}'` }]),
      { quote: '"', text: `"${escaped.replaceAll('"', '\\"').replaceAll('\r', '\\r')}"` },
    ]
  },
  refusal: (value) =>
    value.includes('${')
      ? 'python-dotenv resolves "${" in every quoting'
      : value.endsWith('\\')
        ? 'it ends in a backslash, which python-dotenv misreads'
        : null,
})

type Quotes = Readonly<Record<"'" | '"', RegExp>>

// Up to 1.2.2 a backslash does not escape the one behind it, and is no escape at all if the quote would never close then.
const CURRENT: Quotes = { "'": sticky("'((?:\\\\[\\s\\S]|[^'\\\\])*)'"), '"': sticky('"((?:\\\\[\\s\\S]|[^"\\\\])*)"') }
const BEFORE: Quotes = { "'": sticky("'((?:\\\\'|[^'])*)'"), '"': sticky('"((?:\\\\"|[^"])*)"') }

const LINE = {
  lead: sticky(`[${SPACES}]*`),
  exported: sticky(`(?:export[${BLANKS}]+)?`),
  quotedKey: sticky("'([^']+)'"),
  key: sticky(`([^=#${SPACES}]+)`),
  blanks: sticky(`[${BLANKS}]*`),
  unquoted: sticky('([^\\r\\n]*)'),
  end: sticky(`(?:[${BLANKS}]*#[^\\r\\n]*)?[${BLANKS}]*(?:${NEWLINE}|(?![\\s\\S]))`),
  skip: sticky('[^\\r\\n]*(?:\\r|\\n|\\r\\n)?'),
}

function read(file: string): readonly Binding[] {
  // Python opens it as text, and every line end becomes a line feed, also inside quotes.
  const text = file.replace(/\r\n?/g, '\n')
  const statements = readAll(text, CURRENT)
  if (text.includes('\\')) checkReleases(text, statements, readAll(text, BEFORE))
  let out: Binding[] = []
  const known = new Map<string, string>()
  for (const statement of statements) {
    if (statement.name === null) continue
    if (statement.value === null) {
      // A name alone unsets what stood before it.
      known.set(statement.name, '')
      out = out.filter((binding) => binding.name !== statement.name)
      continue
    }
    const value = resolve(statement.value, known)
    known.set(statement.name, value)
    out.push({ name: statement.name, value, source: statement.value })
  }
  return out
}

function checkReleases(text: string, now: readonly Statement[], before: readonly Statement[]): void {
  for (let i = 0; i < Math.max(now.length, before.length); i++) {
    const [one, other] = [now[i], before[i]]
    if (one?.name !== other?.name || one?.value !== other?.value || one?.end !== other?.end)
      throw unreadable(text, (one ?? other)?.start ?? 0, 'has a backslash before a quote, which releases of python-dotenv read differently')
  }
}

interface Statement {
  readonly start: number
  readonly name: string | null
  readonly value: string | null
  readonly end: number
}

function readAll(text: string, quotes: Quotes): readonly Statement[] {
  const out: Statement[] = []
  for (let at = 0; at < text.length; ) {
    const statement = readStatement(text, at, quotes)
    at = statement.end
    out.push(statement)
  }
  return out
}

function readStatement(text: string, start: number, quotes: Quotes): Statement {
  let at = start
  const take = (expression: RegExp): RegExpExecArray | null => {
    expression.lastIndex = at
    const match = expression.exec(text)
    if (match) at = expression.lastIndex
    return match
  }
  const failed = (): Statement => {
    take(LINE.skip)
    return { start, name: null, value: null, end: at }
  }
  take(LINE.lead)
  if (at >= text.length) return { start, name: null, value: null, end: at }
  take(LINE.exported)
  let name: string | null = null
  if (text[at] !== '#') {
    const key = take(text[at] === "'" ? LINE.quotedKey : LINE.key)
    if (!key) return failed()
    name = key[1] as string
  }
  take(LINE.blanks)
  let value: string | null = null
  if (text[at] === '=') {
    at++
    const blanks = take(LINE.blanks)?.[0] ?? ''
    const read = blanks !== '' && text[at] === '#' ? '' : readValue(text, at, quotes, take)
    if (read === null) return failed()
    value = read
  }
  return take(LINE.end) ? { start, name, value, end: at } : failed()
}

function readValue(text: string, at: number, quotes: Quotes, take: (expression: RegExp) => RegExpExecArray | null): string | null {
  if (text[at] === "'") return take(quotes["'"])?.[1]?.replace(/\\([\\'])/g, '$1') ?? null
  if (text[at] === '"') return take(quotes['"'])?.[1]?.replace(/\\([\\'"abfnrtv])/g, (_, char: string) => ESCAPES[char] as string) ?? null
  const part = take(LINE.unquoted)?.[1] ?? ''
  const comment = part.search(COMMENT)
  return trimEnd(comment < 0 ? part : part.slice(0, comment), SPACE)
}

const COMMENT = new RegExp(`[${SPACES}]#`)

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\', "'": "'", '"': '"', a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

const resolve = (value: string, known: ReadonlyMap<string, string>): string =>
  value.replace(/\$\{([^}:]*)(?::-([^}]*))?\}/g, (_, name: string, fallback: string | undefined) => known.get(name) ?? fallback ?? '')
