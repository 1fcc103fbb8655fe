/** Durations as people write them in the inventory and on the command line: `30s`, `30m`, `12h`, `90d`. */

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** One whole number and one unit; no signs, no fractions, no sums. */
export const DURATION = /^(\d{1,9})([smhd])$/

/** Ten years: what is longer is a typing error. */
const LONGEST_MS = 3_660 * UNITS.d

/** Milliseconds of `30s`, `30m`, `12h`, `90d`; `null` for anything else, and for more than ten years. */
export function parseDuration(text: string): number | null {
  const found = DURATION.exec(text)
  if (!found) return null
  const ms = Number(found[1]) * UNITS[found[2] as keyof typeof UNITS]
  return ms <= LONGEST_MS ? ms : null
}

/**
 * The shortest exact writing of whole seconds, with two units at most where one does not do: `90d`, `36h`, `2d 3h`.
 * What is below the smaller unit is cut off, so it is for people; `parseDuration` reads back the single-unit ones.
 */
export function formatDuration(ms: number): string {
  const sign = ms < 0 ? '-' : ''
  const seconds = Math.floor(Math.abs(ms) / UNITS.s)
  const parts: string[] = []
  let rest = seconds
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const size = UNITS[unit] / UNITS.s
    const count = Math.floor(rest / size)
    if (count > 0) parts.push(`${count}${unit}`)
    rest -= count * size
  }
  return sign + (parts.slice(0, 2).join(' ') || '0s')
}
