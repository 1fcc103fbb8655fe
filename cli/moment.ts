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
