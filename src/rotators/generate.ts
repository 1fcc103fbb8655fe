import * as z from 'zod'
import { KeyturnError } from '../errors.ts'
import type { Random } from '../ports.ts'
import { Sensitive } from '../sensitive.ts'
import type { Policy } from '../terms.ts'

/** Values by requirement, from the random source that was handed in. */

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const LETTERS_AND_DIGITS = `${UPPER}${UPPER.toLowerCase()}0123456789`
const HEX = '0123456789abcdef'

/** 43 characters of 64 are 257 bits: as much as 32 bytes, and what base64url makes of them. */
const DEFAULT_LENGTH = 43
const DEFAULT_BYTES = 32

/** Characters that every dialect, shell, URL path and config file of ours takes as they are. */
export const TOKEN_ALPHABET = `${LETTERS_AND_DIGITS}_-`

/**
 * What a value has to look like.
 *
 * - `token` (default), `alphanumeric`, or an `alphabet` of your own: `length` characters, each drawn alike.
 * - `hex`: `length` digits, or `bytes`. `base64`, `base64url`: `bytes`, so that they decode; base64url without padding.
 * - `prefix` stands before it and counts neither as length nor as strength.
 *
 * What is not given is made as large as the policy asks. What is given and too small is an error: nobody's number is changed.
 */
export const requirementShape = {
  format: z.enum(['token', 'hex', 'base64', 'base64url', 'alphanumeric']).default('token'),
  length: z.int().min(1).max(4096).optional(),
  bytes: z.int().min(1).max(3072).optional(),
  prefix: z
    .string()
    .max(64)
    .regex(/^[\x21-\x7e]*$/, 'a prefix holds printable ASCII without blanks')
    .optional(),
  alphabet: z
    .string()
    .regex(/^[\x21-\x7e]{2,94}$/, 'an alphabet holds 2 to 94 printable ASCII characters without blanks')
    .refine((text) => new Set(text).size === text.length, 'a character stands twice in the alphabet')
    .optional(),
}

export interface Requirement {
  readonly format: 'token' | 'hex' | 'base64' | 'base64url' | 'alphanumeric'
  readonly length?: number | undefined
  readonly bytes?: number | undefined
  readonly prefix?: string | undefined
  readonly alphabet?: string | undefined
}

/** What zod cannot say field by field; use with `superRefine` or `refine`. `null`: fine. */
export function contradiction(wanted: Requirement): string | null {
  if (wanted.length !== undefined && wanted.bytes !== undefined) return 'give length or bytes, not both'
  if (wanted.alphabet !== undefined && wanted.format !== 'token') return `an alphabet of your own and format ${wanted.format} exclude each other`
  const encoded = wanted.format === 'base64' || wanted.format === 'base64url'
  if (encoded && wanted.length !== undefined) return `format ${wanted.format} takes bytes, not length: a cut one would not decode`
  if (!encoded && wanted.format !== 'hex' && wanted.bytes !== undefined) return 'bytes go with hex, base64 and base64url; give length'
  return null
}

export const requirementSchema = z.strictObject(requirementShape).superRefine((wanted, ctx) => {
  const problem = contradiction(wanted)
  if (problem !== null) ctx.addIssue({ code: 'custom', message: problem })
})

type Minimum = Pick<Policy, 'minLength' | 'minEntropyBits'>

/**
 * A new value. It never begins with `-`: such a value would be taken for an option by half of the programs it is given to.
 *
 * Throws CONFIG_INVALID when the length or bytes asked for stay below the policy's minimum.
 */
export function generate(wanted: Requirement, policy: Minimum, random: Random): Sensitive<string> {
  const prefix = wanted.prefix ?? ''
  if (wanted.format === 'base64' || wanted.format === 'base64url') return generateEncoded(wanted.format, wanted.bytes, prefix, policy, random)
  const alphabet = wanted.alphabet ?? { token: TOKEN_ALPHABET, hex: HEX, alphanumeric: LETTERS_AND_DIGITS }[wanted.format]
  const needed = charactersFor(alphabet, prefix, policy)
  const asked = wanted.bytes !== undefined ? wanted.bytes * 2 : wanted.length
  if (asked !== undefined && asked < needed) {
    const unit = wanted.bytes !== undefined ? `${wanted.bytes} bytes` : `length ${asked}`
    throw tooShort(unit, wanted.bytes !== undefined ? `bytes: ${Math.ceil(needed / 2)}` : `length: ${needed}`, policy)
  }
  return new Sensitive(prefix + draw(alphabet, asked ?? Math.max(DEFAULT_LENGTH, needed), prefix === '', random))
}

function generateEncoded(format: 'base64' | 'base64url', asked: number | undefined, prefix: string, policy: Minimum, random: Random): Sensitive<string> {
  const needed = Math.max(Math.ceil(policy.minEntropyBits / 8), Math.ceil((policy.minLength * 3) / 4), 1)
  if (asked !== undefined && asked < needed) throw tooShort(`${asked} bytes`, `bytes: ${needed}`, policy)
  const size = asked ?? Math.max(DEFAULT_BYTES, needed)
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const text = Buffer.from(random.bytes(size)).toString(format)
    if (prefix !== '' || !text.startsWith('-')) return new Sensitive(prefix + text)
  }
  throw stuck()
}

/** How many characters of this alphabet the policy asks for. */
function charactersFor(alphabet: string, prefix: string, policy: Minimum): number {
  const bits = Math.log2(alphabet.length)
  const first = prefix === '' ? leading(alphabet).length : alphabet.length
  const byStrength = 1 + Math.ceil(Math.max(0, policy.minEntropyBits - Math.log2(first)) / bits)
  return Math.max(policy.minLength, byStrength, 1)
}

const leading = (alphabet: string): string => alphabet.replace('-', '')

/** A sound source needs more than two tries for a character once in a hundred; one that never ends is broken. */
const MAX_TRIES = 1000

function draw(alphabet: string, length: number, guardFirst: boolean, random: Random): string {
  const first = guardFirst ? leading(alphabet) : alphabet
  return pick(first, 1, random) + pick(alphabet, length - 1, random)
}

/** Rejection sampling: a plain remainder would favour the first characters wherever 256 is no multiple of their number. */
function pick(alphabet: string, count: number, random: Random): string {
  const limit = 256 - (256 % alphabet.length)
  let text = ''
  for (let tries = 0; text.length < count; tries++) {
    if (tries > MAX_TRIES) throw stuck()
    for (const byte of random.bytes(count - text.length)) {
      if (byte < limit) text += alphabet.charAt(byte % alphabet.length)
    }
  }
  return text
}

const stuck = (): KeyturnError => new KeyturnError('INTERNAL', 'the random source gives the same bytes again and again; no value was made')

const tooShort = (asked: string, enough: string, policy: Minimum): KeyturnError =>
  new KeyturnError(
    'CONFIG_INVALID',
    `a value of ${asked} would be too weak: the policy asks for ${policy.minLength} characters and ${policy.minEntropyBits} bits`,
    { hint: `Set "${enough}" or more in the rotator, or lower min_length or min_entropy_bits for this secret.` },
  )
