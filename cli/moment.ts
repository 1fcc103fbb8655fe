import { KeyturnError } from '../src/errors.ts'
import type { Millis } from '../src/terms.ts'

/** `2027-01-01`, `2027-01-01T08:30`, with seconds and a zone if wanted. */
const MOMENT = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/

/**
 * The time that an option names: local, unless a zone is given; a day alone means its beginning.
 *
 * @throws USAGE
 */
export function parseMoment(text: string, option: string): Millis {
  // A day alone would be taken for UTC, and one like 30 February for a day of March.
  const at = MOMENT.test(text) ? Date.parse(text.length === 10 ? `${text}T00:00` : text.replace(' ', 'T')) : Number.NaN
  const day = Number(text.slice(8, 10))
  if (Number.isNaN(at) || day > new Date(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0).getDate()) {
    throw new KeyturnError('USAGE', `${option}: "${text}" is no date`, { hint: 'write 2027-01-31 or 2027-01-31T08:30' })
  }
  return at
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const DAY_MS = 86_400_000

/**
 * A time as people say it, in the local zone: `14:02` today, `Sun 14:02` within six days, `5 Feb 14:02` beyond, with the year
 * where it could be mistaken.
 */
export function sayMoment(at: Millis, now: Millis): string {
  const date = new Date(at)
  const time = `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`
  if (date.toDateString() === new Date(now).toDateString()) return time
  const away = Math.abs(at - now)
  if (away < 6 * DAY_MS) return `${WEEKDAYS[date.getDay()]} ${time}`
  const day = `${date.getDate()} ${MONTHS[date.getMonth()]}`
  return away < 270 * DAY_MS ? `${day} ${time}` : `${day} ${date.getFullYear()}`
}
