import type { Condition } from '../terms.ts'

/** Conditions of the inventory's own rules: `{ when: { UVICORN_HOST: not-loopback }, require: [JWT_SECRET] }`. */

const LOOPBACK = /^(localhost(\.localdomain)?|127(\.\d{1,3}){3}|\[?(0{0,4}:){2,7}0{0,3}1\]?|\[?::1\]?|::ffff:127(\.\d{1,3}){3})$/i

/**
 * Whether a setting meets a condition: `set` (it stands there and is not empty), `not-loopback` (an address that others can reach; unset is
 * not), a text that it must be, or a list of such texts of which it must be one. Pure.
 *
 * @param value - `undefined`: the setting is not there
 */
export function isMet(condition: Condition, value: string | undefined): boolean {
  const is = value?.trim() ?? ''
  if (typeof condition !== 'string') return condition.some((one) => isMet(one, value))
  if (condition === 'set') return is !== ''
  if (condition === 'not-loopback') return is !== '' && !LOOPBACK.test(hostOf(is))
  return is === condition
}

/** `0.0.0.0:8000` and `http://127.0.0.1:8000/` name a host as well. */
function hostOf(address: string): string {
  const bare = address.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/\/.*$/, '')
  const bracketed = /^\[[^\]]*\]/.exec(bare)?.[0]
  if (bracketed !== undefined) return bracketed
  return bare.split(':').length === 2 ? (bare.split(':')[0] ?? bare) : bare
}

/** Why it is met, for a person: `UVICORN_HOST is 0.0.0.0`. Of what may be a secret nothing is quoted. */
export const reasonOf = (name: string, condition: Condition, value: string | undefined): string =>
  condition === 'set' || value === undefined ? `${name} is set` : `${name} is ${value.trim().slice(0, 60)}`
