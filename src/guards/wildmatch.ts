import { POSIX_SETS } from './character-sets.ts'

/**
 * Git's wildmatch as an expression over bytes: pattern and name are given as latin1 text of their UTF-8, since git counts
 * bytes. `?` and `*` stop at a slash, `**` between slashes does not.
 *
 * @returns `null` where git matches nothing with it, such as with a class that is not closed.
 */
export function wildmatch(pattern: string): RegExp | null {
  let source = ''
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] as string
    if (char === '?') source += '[^/]'
    else if (char === '\\') {
      if (++at >= pattern.length) return null
      source += byte(pattern.charCodeAt(at))
    } else if (char === '[') {
      const found = classAt(pattern, at + 1)
      if (found === null) return null
      source += found.source
      at = found.end
    } else if (char === '*') {
      const end = endOfStars(pattern, at)
      const deep = end - at > 1 && (at === 0 || pattern[at - 1] === '/') && /^(?:$|\/|\\\/)/.test(pattern.slice(end))
      if (deep && pattern[end] === '/') source += '(?:[^]*/)?'
      else source += deep ? '[^]*' : '[^/]*'
      at = deep && pattern[end] === '/' ? end : end - 1
    } else source += byte(pattern.charCodeAt(at))
  }
  return new RegExp(`^${source}$`)
}

function endOfStars(pattern: string, from: number): number {
  let end = from
  while (pattern[end] === '*') end++
  return end
}

const byte = (code: number): string => `\\x${code.toString(16).padStart(2, '0')}`

/** A class that begins after the bracket at `from - 1`, and the place of the bracket that closes it. */
function classAt(pattern: string, from: number): { readonly source: string; readonly end: number } | null {
  const negated = pattern[from] === '!' || pattern[from] === '^'
  let members = ''
  let before: number | null = null
  let at = negated ? from + 1 : from
  // A bracket that closes is one of the members where it comes first.
  for (let first = true; first || pattern[at] !== ']'; first = false, at++) {
    const code = at < pattern.length ? codeAt(pattern, at) : null
    if (code === null) return null
    const name = /^\[:([^\]]*):\]/.exec(pattern.slice(at))?.[1]
    if (name !== undefined) {
      const set = POSIX_SETS[name]
      if (set === undefined) return null
      members += set
      before = null
      at += name.length + 3
    } else if (pattern[at] === '-' && before !== null && at + 1 < pattern.length && pattern[at + 1] !== ']') {
      const high = codeAt(pattern, at + 1)
      if (high === null) return null
      if (high.code >= before) members += `${byte(before)}-${byte(high.code)}`
      before = null
      at = high.at
    } else {
      members += byte(code.code)
      before = code.code
      at = code.at
    }
  }
  if (negated) return { source: `[^/${members}]`, end: at }
  return { source: members === '' ? '[]' : `(?!/)[${members}]`, end: at }
}

/** The character at a place, or the one after a backslash there; with the place of the last one read. */
function codeAt(pattern: string, at: number): { readonly code: number; readonly at: number } | null {
  const place = pattern[at] === '\\' ? at + 1 : at
  return place < pattern.length ? { code: pattern.charCodeAt(place), at: place } : null
}
