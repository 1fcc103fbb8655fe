import type { LineSyntax } from '../lines.ts'
import { unreadable } from '../text.ts'
import { type Binding, defineDialect } from './define.ts'

/**
 * `docker run --env-file`, after docker/cli `pkg/kvfile` (29). Everything behind the first `=` is the value: quotes, blanks
 * and `#` are data. A line is at most 64 KB. `export` or a blank before `=` makes Docker refuse the file.
 */
const SPACE = '\\t\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const INDENT = new RegExp(`^[${SPACE}]+`)
/** Go's `bufio.Scanner` gives up at this many bytes. */
const MAX_LINE = 64 * 1024

const syntax: LineSyntax = {
  head: new RegExp(`[${SPACE}]*(?<name>[^\\s=#][^\\s=]*)=`, 'y'),
  blanks: /(?:)/y,
  comment: new RegExp(`[${SPACE}]*#[^\\n]*`, 'y'),
  tail: /\r?(?:\n|(?![\s\S]))/y,
  newline: /\n/g,
  skipsBom: true,
  valueEnd(text, at) {
    const newline = text.indexOf('\n', at)
    const end = newline < 0 ? text.length : newline
    return end > at && text[end - 1] === '\r' ? end - 1 : end
  },
}

/** Dialect `docker`. A value with a line break, or a carriage return at its end, cannot be written. */
export const docker = defineDialect({
  name: 'docker',
  syntax,
  read,
  forms: (value) => (/[\r\n]/.test(value) ? [] : [{ quote: '', text: value }]),
  refusal: (value) => (/[\r\n]/.test(value) ? 'docker run has no way to write a line break' : 'its line is longer than docker run reads'),
})

function read(text: string): readonly Binding[] {
  const out: Binding[] = []
  let at = 0
  for (const whole of text.split('\n')) {
    const line = (at === 0 && whole.startsWith('\uFEFF') ? whole.slice(1) : whole).replace(/\r$/, '').replace(INDENT, '')
    if (whole.length > MAX_LINE / 3 && Buffer.byteLength(whole) >= MAX_LINE) throw unreadable(text, at, 'is longer than docker run reads (64 KB)')
    if (line !== '' && !line.startsWith('#')) {
      const separator = line.indexOf('=')
      const name = separator < 0 ? line : line.slice(0, separator)
      if (name === '') throw unreadable(text, at, 'has no name before "="')
      if (/[ \t]/.test(name)) throw unreadable(text, at, 'has a blank in or after the name, which docker run refuses')
      // A name alone takes its value from the environment.
      if (separator >= 0) out.push({ name, value: line.slice(separator + 1), source: line.slice(separator + 1) })
    }
    at += whole.length + 1
  }
  return out
}
