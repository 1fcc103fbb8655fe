import type { Millis } from '../terms.ts'

/** Times as people say them, in the local zone, from `Date` alone: loading Intl takes longer than the rest of status. */

const DAY_MS = 86_400_000
/** Beyond this a date without its year could be taken for the wrong one. */
const YEAR_NEEDED_DAYS = 270
/** Within this a weekday says which day is meant. */
const WEEKDAY_ENOUGH_DAYS = 6

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** As programs read it: `2026-11-21T18:00:00.000Z`. */
export const iso = (at: Millis | null): string | null => (at === null ? null : new Date(at).toISOString())

const two = (n: number): string => String(n).padStart(2, '0')

/** `5 Feb`, with the year where it could be mistaken. */
export function formatDay(at: Millis, now: Millis): string {
  const date = new Date(at)
  const short = `${date.getDate()} ${MONTHS[date.getMonth()]}`
  return Math.abs(at - now) > YEAR_NEEDED_DAYS * DAY_MS ? `${short} ${date.getFullYear()}` : short
}

/** `14:02` */
export function formatTime(at: Millis): string {
  const date = new Date(at)
  return `${two(date.getHours())}:${two(date.getMinutes())}`
}

/** `Sat 21 Nov 19:00 +01:00`. */
export function formatMoment(at: Millis): string {
  const date = new Date(at)
  const offset = -date.getTimezoneOffset()
  const zone = offset === 0 ? 'UTC' : `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
  return `${WEEKDAYS[date.getDay()]} ${date.getDate()} ${MONTHS[date.getMonth()]} ${formatTime(at)} ${zone}`
}

/** `14:02` today, `Sun 14:02` within six days, `5 Feb 14:02` beyond, and the day with its year where it could be mistaken. */
export function sayMoment(at: Millis, now: Millis): string {
  const date = new Date(at)
  if (date.toDateString() === new Date(now).toDateString()) return formatTime(at)
  const away = Math.abs(at - now)
  if (away < WEEKDAY_ENOUGH_DAYS * DAY_MS) return `${WEEKDAYS[date.getDay()]} ${formatTime(at)}`
  return away <= YEAR_NEEDED_DAYS * DAY_MS ? `${formatDay(at, now)} ${formatTime(at)}` : formatDay(at, now)
}
