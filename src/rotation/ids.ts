import type { Random } from '../ports.ts'
import type { Fingerprint, Token } from '../terms.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567'

/** 80 random bits in 16 letters and digits: 32 symbols, so every byte gives one without bias. */
export const randomId = (random: Random): string => [...random.bytes(16)].map((b) => LETTERS[b & 31]).join('')

/** `<inventory>.<secret>.<random>`: unique, and recognisable at a provider as ours and as which secret's. */
export const newToken = (inventory: string, secret: string, random: Random): Token => `${inventory}.${secret}.${randomId(random)}`

/**
 * For a value that a person gave: stored before a rotation opens, so it may stay behind without meaning anything. The same for the same
 * value: given again after a kill, it is not stored twice.
 */
export const givenToken = (inventory: string, secret: string, fingerprint: Fingerprint): Token =>
  `${inventory}.${secret}.given-${fingerprint.slice(fingerprint.lastIndexOf(':') + 1)}`

/** Whether a stored version is a given value that no rotation has taken yet. */
export const isGivenToken = (token: Token, inventory: string, secret: string): boolean => token.startsWith(`${inventory}.${secret}.given-`)

/** Whether a stored version with this token was made by a `create` claim, which the ledger must then know. */
export const isClaimToken = (token: Token, inventory: string, secret: string): boolean => {
  const prefix = `${inventory}.${secret}.`
  return token.startsWith(prefix) && /^[a-z2-7]{16}$/.test(token.slice(prefix.length))
}
