import { isPath, isUrl } from './values.ts'

/** Whether a value was drawn or typed. These take the plain text, as `values.ts` does. */

const UUID = /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i

/** Drawn at random, yet mostly as the name of a thing. */
export const isUuid = (value: string): boolean => UUID.test(value)

/** Looks drawn at random: long, of mixed characters, no words that a person would type. */
export function looksRandom(value: string): boolean {
  if (value.length < 16 || value.length > 4096 || /\s/.test(value) || isUrl(value) || isPath(value)) return false
  if (!/^[\w+/=.~!@#$%^&*:-]+$/.test(value) || isMailAddress(value) || isHost(value)) return false
  if (isUuid(value)) return true
  const distinct = new Set(value).size
  if (/^[0-9a-f]{24,}$/i.test(value)) return distinct >= 8
  // Words joined by dashes or dots are names, however long.
  const longestRun = Math.max(...value.split(/[-_./:]/).map((part) => part.length))
  if (distinct < 10 || longestRun < 12) return false
  return isMixed(value)
}

/** As {@link looksRandom}, for short ones: only where the name already hints at a secret. */
export function looksDrawn(value: string): boolean {
  if (looksRandom(value)) return true
  // Two machines in one name, `web01-mail02`, change as often as chance does.
  if (/[a-z]{2,}\d{1,2}([-_]|$)/.test(value) && !/[A-Z]/.test(value)) return false
  return value.length >= 10 && value.length < 64 && /^[A-Za-z0-9+/=_-]+$/.test(value) && !isPath(value) && new Set(value).size >= 7 && isMixed(value)
}

/** Letters, capitals and digits change places as often as chance makes them: words and dates do not. */
function isMixed(value: string): boolean {
  const classes = [...value].map(classOf).filter((one) => one !== '')
  const kinds = new Set(classes).size
  const changes = classes.filter((one, at) => at > 0 && one !== classes[at - 1]).length / classes.length
  if (kinds === 3) return changes >= 0.33
  return kinds === 2 && classes.includes('digit') && changes >= 0.2 && classes.filter((one) => one === 'digit').length >= 3
}

const classOf = (char: string): string => (/[a-z]/.test(char) ? 'lower' : /[A-Z]/.test(char) ? 'upper' : /\d/.test(char) ? 'digit' : '')

const isHost = (value: string): boolean => /^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+\.[a-z]{2,24}(:\d{1,5})?$/i.test(value)
const isMailAddress = (value: string): boolean => /^[^@\s]+@[\w-]+(\.[\w-]+)*\.[a-z]{2,24}$/i.test(value)
