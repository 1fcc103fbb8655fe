import type { Sensitive } from './sensitive.ts'

/**
 * Takes values out of what somebody else said: a program's output that is passed on, or words of one that go into an error. One
 * idea of what a value looks like there for all: as it is, line by line, quoted as in JSON, percent-encoded, in base64 of any
 * offset and alphabet, in hex; broken into lines; cut in two by the end of a chunk.
 */

/** What stands in the place of a value. */
export const MASK = '[sensitive]'

/** A shorter text is found by chance, and is no secret that could be kept. */
const SHORTEST = 4
/** So much of one that is broken into lines is found by chance no more. */
const SHORTEST_BROKEN = 8
/** A line break counts as one inside of a value only behind so many of its bytes: else the end of many a line would be held back. */
const BEFORE_BREAK = 4

/** The ways in which a value may stand in a text; longest first. */
export function disguisesOf(values: Iterable<Sensitive<string>>): readonly string[] {
  const forms = [...values].flatMap((value) => formsOf(value.reveal()))
  return [...new Set(forms.filter((form) => form.length >= SHORTEST))].sort((a, b) => b.length - a.length)
}

function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value)
  const hex = bytes.toString('hex')
  const url = encodeURIComponent(value.toWellFormed())
  const lines = value.split(/\r?\n/).filter((line) => line.length >= SHORTEST_BROKEN)
  const quoted = JSON.stringify(value).slice(1, -1)
  return [value, ...lines, quoted, url, url.replace(/%../g, (code) => code.toLowerCase()), hex, hex.toUpperCase(), ...base64Forms(bytes)]
}

// Without the ends, which depend on what stands before and behind the value.
function base64Forms(bytes: Buffer): readonly string[] {
  const whole = bytes.toString('base64').replace(/=+$/, '')
  const inner = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(Math.ceil((shift * 4) / 3), -4),
  )
  const forms = [whole, ...inner.filter((form) => form.length >= SHORTEST_BROKEN)]
  return [...forms, ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))]
}

/**
 * Masks values in a stream of bytes. As much of its end is held back as the start of a value could be: `push` gives what may be
 * shown now, `end` the rest.
 */
export function scrubber(values: readonly Sensitive<string>[]): { push(chunk: Uint8Array): Buffer; end(): Buffer } {
  const byFirst = new Map<number, Buffer[]>()
  for (const form of disguisesOf(values)) {
    const needle = Buffer.from(form)
    const first = needle[0] ?? 0
    byFirst.set(first, [...(byFirst.get(first) ?? []), needle])
  }
  let held: Buffer = Buffer.alloc(0)
  const take = (all: Buffer, last: boolean): Buffer => {
    const out: Buffer[] = []
    let shown = 0
    let keep = all.length
    for (let at = 0; at < all.length; at++) {
      const found = longestAt(all, at, byFirst.get(all[at] ?? 0) ?? [])
      // What could still become a longer value is not decided before the rest is there.
      if (found.open && !last) {
        keep = at
        break
      }
      if (found.end === at) continue
      out.push(all.subarray(shown, at), Buffer.from(MASK))
      shown = found.end
      at = found.end - 1
    }
    out.push(all.subarray(shown, Math.max(shown, keep)))
    held = Buffer.from(all.subarray(Math.max(shown, keep)))
    return Buffer.concat(out)
  }
  return { push: (chunk) => take(Buffer.concat([held, chunk]), false), end: () => take(held, true) }
}

/** Where the longest of the needles that stands at this place ends; `open`: one goes on behind the end. */
function longestAt(all: Buffer, at: number, needles: readonly Buffer[]): { readonly end: number; readonly open: boolean } {
  let end = at
  let open = false
  for (const needle of needles) {
    const stop = matchAt(all, at, needle)
    if (stop === null) open = true
    else end = Math.max(end, stop)
  }
  return { end, open }
}

/** Where a needle that stands at this place ends; its begin where it does not; `null`: as far as the bytes go, it does. */
function matchAt(all: Buffer, begin: number, needle: Buffer): number | null {
  let at = begin
  for (let matched = 0, broken = false; matched < needle.length; at++) {
    const byte = all[at]
    if (byte === undefined) return null
    if (byte === needle[matched]) {
      matched += 1
      broken = false
    } else if (needle.length >= SHORTEST_BROKEN && matched >= BEFORE_BREAK && isBreak(byte, broken)) broken = true
    else return begin
  }
  return at
}

const isBreak = (byte: number, broken: boolean): boolean => byte === 0x0a || byte === 0x0d || (broken && (byte === 0x20 || byte === 0x09))

/**
 * What a program said, fit for a message: no value, no control characters. Where a value stands in it in pieces, nothing is shown.
 */
export function scrubbed(said: string, values: Iterable<Sensitive<string>>): string {
  const forms = disguisesOf(values)
  const text = forms.reduce((rest, form) => rest.replaceAll(form, MASK), said)
  const joined = text.replace(/\s+/g, '')
  if (forms.some((form) => form.length >= SHORTEST_BROKEN && joined.includes(form.replace(/\s+/g, '')))) return 'it is not shown, since it holds a value'
  // Control characters could rewrite what the terminal shows.
  return text
    .replace(/\p{Cc}\[[0-9;?]*[A-Za-z]/gu, '')
    .replace(/(?![\n\t])[\p{Cc}\p{Cf}]/gu, '')
    .trim()
}

/** The end of it, where the reason stands; at most `max` characters. */
export function scrubbedTail(said: string, values: Iterable<Sensitive<string>>, max = 500): string {
  const plain = scrubbed(said, values)
  return plain.length <= max ? plain : `...${plain.slice(-max)}`
}

/** The beginning of it, in one line; at most `max` characters. */
export function scrubbedLine(said: string, values: Iterable<Sensitive<string>>, max = 300): string {
  const line = scrubbed(said, values).replace(/\s+/g, ' ')
  return line.length > max ? `${line.slice(0, max)}...` : line
}
