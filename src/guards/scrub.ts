import type { Sensitive } from '../sensitive.ts'

/** What stands in the place of a value. */
export const MASK = '[sensitive]'

/** A shorter value would mask words of the output that have nothing to do with it. */
const SHORTEST = 6

/**
 * Masks known values in a stream of bytes, also where one is cut in two by the end of a chunk: as much of the end is held back as
 * the start of a value could be. `push` gives what may be shown now, `end` the rest.
 */
export function scrubber(values: readonly Sensitive<string>[]): { push(chunk: Uint8Array): Buffer; end(): Buffer } {
  const needles = [...new Set(values.map((v) => v.reveal()))]
    .filter((v) => v.length >= SHORTEST)
    .map((v) => Buffer.from(v))
    .sort((a, b) => b.length - a.length)
  let held: Buffer = Buffer.alloc(0)
  const take = (all: Buffer, last: boolean): Buffer => {
    const out: Buffer[] = []
    let at = 0
    for (;;) {
      const hit = first(all, needles, at)
      if (hit === null) break
      out.push(all.subarray(at, hit.at), Buffer.from(MASK))
      at = hit.at + hit.length
    }
    const keep = last ? 0 : startOfValue(all, needles, at)
    out.push(all.subarray(at, all.length - keep))
    held = Buffer.from(all.subarray(all.length - keep))
    return Buffer.concat(out)
  }
  return { push: (chunk) => take(Buffer.concat([held, chunk]), false), end: () => take(held, true) }
}

/** The leftmost value, and of two at the same place the longer one. */
function first(all: Buffer, needles: readonly Buffer[], from: number): { at: number; length: number } | null {
  let best: { at: number; length: number } | null = null
  for (const needle of needles) {
    const at = all.indexOf(needle, from)
    if (at >= 0 && (best === null || at < best.at)) best = { at, length: needle.length }
  }
  return best
}

/** How many bytes at the end could be the beginning of a value. */
function startOfValue(all: Buffer, needles: readonly Buffer[], from: number): number {
  let longest = 0
  for (const needle of needles) {
    for (let n = Math.min(needle.length - 1, all.length - from); n > longest; n--) {
      if (all.subarray(all.length - n).equals(needle.subarray(0, n))) longest = n
    }
  }
  return longest
}
