import { fromGo } from './go-expression.ts'

/** Whether a path matches, by the rules of moby's patternmatcher. */
export type PathTest = (path: string) => boolean

/** moby means to escape `|`, `{` and `}` too, and does not: `p|q/*` is what begins with p, or what lies in q. */
const ESCAPED = '.+()$'

/**
 * One cleaned pattern of a `.dockerignore`, as moby compares it: by equality, by what a path begins or ends with, or by an
 * expression made from it. The expression is made as moby makes it, oddities and all: `\d` is a digit, `^` an anchor, `|` an alternative.
 *
 * @returns `null` where Docker refuses the build because of it.
 */
export function compilePattern(pattern: string): PathTest | null {
  if (!isGoPattern(pattern)) return null
  const chars = [...pattern]
  let kind: 'exact' | 'prefix' | 'suffix' | 'expression' = 'exact'
  let source = '^'
  for (let at = 0, token = 0; at < chars.length; at++, token++) {
    const char = chars[at] as string
    if (char === '*' && chars[at + 1] === '*') {
      at += chars[at + 2] === '/' ? 2 : 1
      if (at + 1 < chars.length) {
        source += '(.*/)?'
        kind = 'expression'
      } else if (kind === 'exact') kind = 'prefix'
      else {
        source += '.*'
        kind = 'expression'
      }
      if (token === 0) kind = 'suffix'
    } else if (char === '*' || char === '?') {
      source += char === '*' ? '[^/]*' : '[^/]'
      kind = 'expression'
    } else if (char === '\\') {
      source += `\\${chars[++at] ?? ''}`
      kind = 'expression'
    } else if (char === '[' || char === ']') {
      source += char
      kind = 'expression'
    } else source += ESCAPED.includes(char) ? `\\${char}` : char
  }
  if (kind === 'exact') return (path) => path === pattern
  if (kind === 'prefix') return (path) => path.startsWith(pattern.slice(0, -2))
  if (kind === 'suffix') {
    const suffix = pattern.slice(2)
    return (path) => path.endsWith(suffix) || `/${path}` === suffix
  }
  const expression = fromGo(`${source}$`)
  return expression === null ? null : (path) => expression.test(path)
}

/** Go's filepath.Match takes it: every class is closed and holds something, and no backslash stands at the end. */
export function isGoPattern(pattern: string): boolean {
  const chars = [...pattern]
  for (let at = 0; at < chars.length; at++) {
    if (chars[at] === '\\') {
      if (++at >= chars.length) return false
    } else if (chars[at] === '[') {
      const end = endOfClass(chars, at + 1)
      if (end === null) return false
      at = end
    }
  }
  return true
}

/** Where the class ends that opened before `from`; `null` where Go finds no such place. */
function endOfClass(chars: readonly string[], from: number): number | null {
  let at = chars[from] === '^' ? from + 1 : from
  for (let members = 0; ; members++) {
    if (members > 0 && chars[at] === ']') return at
    const low = afterMember(chars, at)
    if (low === null) return null
    at = low
    if (chars[at] !== '-') continue
    const high = afterMember(chars, at + 1)
    if (high === null) return null
    at = high
  }
}

function afterMember(chars: readonly string[], at: number): number | null {
  const char = chars[at]
  if (char === undefined || char === '-' || char === ']') return null
  const next = char === '\\' ? at + 2 : at + 1
  return next < chars.length ? next : null
}
