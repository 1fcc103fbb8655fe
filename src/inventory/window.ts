import type { Millis, Window } from '../terms.ts'

/** Windows in which rotations may begin. Pure: every function gets its time. */

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const DAY_MINUTES = 24 * 60
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

interface LocalTime {
  /** 0 is Sunday. */
  readonly day: number
  /** Since local midnight. */
  readonly minute: number
}

/**
 * Whether rotations may begin now. `from` counts, `to` does not; where `to` is not later than `from` the window ends on the next day,
 * and its days are those on which it begins. `null` as window: always.
 *
 * @param zone an IANA name; `null`: the machine's own
 */
export function isOpen(window: Window | null, zone: string | null, now: Millis): boolean {
  if (window === null) return true
  const { day, minute } = localTime(now, zone)
  const { from, length } = span(window)
  const begins = (d: number): boolean => daysOf(window).has(d)
  return (begins(day) && minute >= from && minute < from + length) || (begins((day + 6) % 7) && minute + DAY_MINUTES < from + length)
}

/** The next time that the window is open: `now` where it is open already. To the minute. */
export function nextOpening(window: Window | null, zone: string | null, now: Millis): Millis {
  if (window === null || isOpen(window, zone, now)) return now
  const { from } = span(window)
  const start = now - (now % MINUTE_MS) + MINUTE_MS
  for (let at = start; at < now + 15 * DAY_MS; ) {
    if (isOpen(window, zone, at)) return at
    const { minute } = localTime(at, zone)
    // Straight to the next beginning; in steps of half an hour at the end, since a day may have 23 or 25 hours.
    const ahead = ((from - minute + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES) * MINUTE_MS
    at += ahead > 3 * 60 * MINUTE_MS ? ahead - 2 * 60 * MINUTE_MS : MINUTE_MS
  }
  return now + 15 * DAY_MS
}

/**
 * The longest time that something due may have to wait for the window to open, by its days and hours alone; an hour more covers the
 * change of the clocks. `null` as window: 0.
 */
export function longestWaitMs(window: Window | null): number {
  if (window === null) return 0
  const { length } = span(window)
  const days = [...daysOf(window)].sort((a, b) => a - b)
  const gaps = days.map((day, i) => ((days[i + 1] ?? (days[0] ?? day) + 7) - day) * DAY_MINUTES)
  const wait = Math.max(...gaps) - length
  return wait <= 0 ? 0 : (wait + 60) * MINUTE_MS
}

function daysOf({ days }: Window): ReadonlySet<number> {
  const named = days.map((name) => DAYS.indexOf(name.slice(0, 3).toLowerCase() as (typeof DAYS)[number])).filter((day) => day >= 0)
  return new Set(named.length > 0 ? named : DAYS.keys())
}

/** Minutes after local midnight, and how long it stays open: the same hour twice is a whole day. */
function span(window: Window): { readonly from: number; readonly length: number } {
  const from = minutes(window.from)
  const to = minutes(window.to)
  return { from, length: to > from ? to - from : to - from + DAY_MINUTES }
}

function minutes(time: string): number {
  const [hours = 0, rest = 0] = time.split(':').map(Number)
  return hours * 60 + rest
}

function localTime(at: Millis, zone: string | null): LocalTime {
  if (zone === null) {
    // Date alone: Intl takes longer to load than the whole of status.
    const date = new Date(at)
    return { day: date.getDay(), minute: date.getHours() * 60 + date.getMinutes() }
  }
  const parts = new Map(
    formatFor(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )
  return {
    day: DAYS.indexOf((parts.get('weekday') ?? 'sun').toLowerCase() as (typeof DAYS)[number]),
    minute: (Number(parts.get('hour')) % 24) * 60 + Number(parts.get('minute')),
  }
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatFor(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    formats.set(zone, format)
  }
  return format
}
