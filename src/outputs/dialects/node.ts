import { type LineSyntax, quotedEnd, unquotedEnd } from '../lines.ts'
import { trimEnd } from '../text.ts'
import { type Binding, defineDialect, rawForm } from './define.ts'

/**
 * `node --env-file` and `util.parseEnv`, as of Node 24. No escapes but `\n` inside `"..."`; no references; any `#` ends an
 * unquoted value; what follows a closing quote is dropped; every carriage return is dropped; a byte order mark becomes part
 * of the first name; a blank behind `NAME=` makes an empty value swallow the next line.
 */
const syntax: LineSyntax = {
  head: /[ \t]*(?<export>export[ ]+)?(?<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=/y,
  blanks: /[ \t]*/y,
  comment: /[ \t]*#[^\n]*/y,
  tail: /[^\n]*(?:\n|(?![\s\S]))/y,
  newline: /\n/g,
  skipsBom: false,
  valueEnd(text, at) {
    if (text[at] === "'" || text[at] === '"' || text[at] === '`') {
      const closed = quotedEnd(text, at, false)
      // Without its closing quote it is data, and so is the rest of the line.
      return closed >= 0 ? closed : unquotedEnd(text, at, /\n/g, /\r/)
    }
    return unquotedEnd(text, at, /[\n#]/g, /\s/)
  },
}

/** Dialect `node`. Only forms that Node 20, whose parser was another one, reads in the same way. */
export const node = defineDialect({
  name: 'node',
  syntax,
  read,
  forms(value) {
    if (value.includes('\r')) return []
    const free = (quote: "'" | '"' | '`') => !value.includes(quote)
    return [
      ...rawForm(value),
      ...(free("'") ? [{ quote: "'" as const, text: `'${value}'` }] : []),
      ...(free('`') ? [{ quote: '`' as const, text: `\`${value}\`` }] : []),
      ...(free('"') && !value.includes('\\n') ? [{ quote: '"' as const, text: `"${value}"` }] : []),
    ]
  },
  refusal: (value) => (value.includes('\r') ? 'Node drops carriage returns' : 'it holds every kind of quote'),
})

const trim = (text: string): string => trimEnd(trimStart(text), /[ \t\n]/)
const trimStart = (text: string): string => text.replace(/^[ \t\n]+/, '')

function read(text: string): readonly Binding[] {
  const out: Binding[] = []
  const add = (name: string, value: string) => out.push({ name, value, source: value })
  let rest = trim(text.replaceAll('\r', ''))
  const cutLine = (from = 0): string => {
    const newline = rest.indexOf('\n', from)
    const line = newline < 0 ? rest : rest.slice(0, newline)
    rest = newline < 0 ? '' : rest.slice(newline + 1)
    return line
  }
  while (rest !== '') {
    if (rest[0] === '\n' || rest[0] === '#') {
      cutLine()
      continue
    }
    const stop = rest.search(/[=\n]/)
    if (stop < 0) break
    if (rest[stop] === '\n') {
      rest = trimStart(rest.slice(stop + 1))
      continue
    }
    let name = trim(rest.slice(0, stop))
    rest = rest.slice(stop + 1)
    if (rest === '' || rest[0] === '\n') {
      add(name, '')
      continue
    }
    rest = trimStart(rest)
    if (name === '') continue
    if (name.startsWith('export ')) name = trim(name.slice('export '.length))
    if (rest === '') {
      add(name, '')
      break
    }
    const quote = rest[0] as string
    const closing = quote === "'" || quote === '"' || quote === '`' ? rest.indexOf(quote, 1) : -1
    if (closing > 0) {
      const inside = rest.slice(1, closing)
      add(name, quote === '"' ? inside.replaceAll('\\n', '\n') : inside)
      cutLine(closing + 1)
      continue
    }
    const line = cutLine()
    // An opening quote without its closing one is data, and so is everything behind it on the line.
    add(name, quote === "'" || quote === '"' || quote === '`' ? line : trim(line.replace(/#.*$/s, '')))
    rest = trimStart(rest)
  }
  return out
}
