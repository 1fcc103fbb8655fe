/**
 * The lines of an Asterisk configuration file as `main/config.c` of Asterisk sees them: without comments, without the
 * backslash of `\;`, stripped of blanks, and with the place in the file where each remaining byte stands.
 *
 * Text is one character a byte (latin1), so that an edit keeps every byte it does not mean to change.
 */

export interface Line {
  /** From 1. */
  readonly number: number
  /** Where the line begins in the file, and where its text ends (before CR, LF). */
  readonly start: number
  readonly end: number
  /** What Asterisk parses. */
  readonly text: string
  /** For each character of `text`, its place in the file. */
  readonly at: readonly number[]
}

/** The buffer of `fgets` there holds 8191 bytes and a NUL. */
const LONGEST = 8191

const BOM = '\xef\xbb\xbf'

/** The lines that hold anything but comments and blanks. */
export function readLines(file: string): readonly Line[] {
  const lines: Line[] = []
  let depth = 0
  let number = 0
  for (let from = 0; from < file.length; ) {
    number++
    const next = chunkEnd(file, from)
    if (next - from === LONGEST) {
      from = skipLong(file, next)
      continue
    }
    const start = number === 1 && file.startsWith(BOM) ? BOM.length : from
    const seen = withoutComments(file, start, next, depth)
    depth = seen.depth
    if (seen.at.length > 0) {
      const end = from + file.slice(from, next).replace(/[\r\n]+$/, '').length
      lines.push({ number, start, end, text: seen.at.map((place) => file.charAt(place)).join(''), at: seen.at })
    }
    from = next
  }
  return lines
}

function chunkEnd(file: string, from: number): number {
  const feed = file.indexOf('\n', from)
  return Math.min(feed === -1 ? file.length : feed + 1, from + LONGEST)
}

/** Asterisk skips a line that fills its buffer, and then goes on reading until a piece does not: that one is lost too. */
function skipLong(file: string, from: number): number {
  let at = from
  while (at < file.length) {
    const next = chunkEnd(file, at)
    const full = next - at === LONGEST
    at = next
    if (!full) break
  }
  return at
}

/**
 * A walk through the line as the C code does it in place: `;` begins a comment unless a backslash stands before it, `;--`
 * (not `;---`) begins a block that may nest, `--;` ends one, also one that never began.
 */
function withoutComments(file: string, from: number, to: number, before: number): { readonly depth: number; readonly at: readonly number[] } {
  let depth = before
  // Places that are still visible, and those not looked at yet; `null`: this line began inside a block comment.
  let kept: number[] | null = depth === 0 ? [] : null
  let rest = Array.from({ length: to - from }, (_, i) => from + i)
  // True inside a block comment that began on this line: what was kept so far stays, what follows is dropped.
  let cut = false
  const char = (i: number): string => (rest[i] === undefined ? '' : file.charAt(rest[i]))
  const keep = (until: number): void => {
    if (kept !== null && !cut) kept.push(...rest.slice(0, until))
  }
  for (;;) {
    const semicolon = rest.findIndex((place) => file.charAt(place) === ';')
    if (semicolon === -1) {
      keep(rest.length)
      break
    }
    if (semicolon > 0 && char(semicolon - 1) === '\\') {
      keep(semicolon - 1)
      if (kept !== null && !cut) kept.push(rest[semicolon] as number)
      rest = rest.slice(semicolon + 1)
    } else if (char(semicolon + 1) === '-' && char(semicolon + 2) === '-' && char(semicolon + 3) !== '-') {
      keep(semicolon)
      cut = true
      depth++
      rest = rest.slice(semicolon + 3)
    } else if (semicolon >= 2 && char(semicolon - 1) === '-' && char(semicolon - 2) === '-') {
      keep(semicolon + 1)
      depth--
      rest = rest.slice(semicolon + 1)
      if (depth === 0) {
        kept ??= []
        cut = false
      }
    } else if (depth === 0) {
      keep(semicolon)
      break
    } else {
      keep(semicolon + 1)
      rest = rest.slice(semicolon + 1)
    }
  }
  return { depth, at: strip(file, kept ?? []) }
}

/** Blank is what is not above 32, as in `ast_strip`. */
function strip(file: string, places: readonly number[]): readonly number[] {
  let from = 0
  let to = places.length
  const blank = (i: number): boolean => file.charCodeAt(places[i] as number) < 33
  while (from < to && blank(from)) from++
  while (to > from && blank(to - 1)) to--
  return places.slice(from, to)
}
