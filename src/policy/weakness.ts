import type { FieldFacts, Policy } from '../terms.ts'

/** Why a value is too weak, in a few words for a list. What `init` lists and what the rules find are the same. */

type Limits = Pick<Policy, 'minLength' | 'minEntropyBits'>

/** `null`: strong enough, or no secret at all. */
export function weaknessOf(facts: FieldFacts, limits: Limits): string | null {
  if (facts.identifier) return null
  if (facts.weak !== undefined) return facts.weak
  if (facts.length < limits.minLength) return shortnessOf(facts, limits)
  return facts.entropyBits < limits.minEntropyBits ? easeOf(facts, limits) : null
}

/** `8 of 16 characters` */
export const shortnessOf = ({ length }: FieldFacts, { minLength }: Pick<Limits, 'minLength'>): string => `${length} of ${minLength} characters`

/** `about 73 of 80 bits` */
export const easeOf = ({ entropyBits }: FieldFacts, { minEntropyBits }: Pick<Limits, 'minEntropyBits'>): string =>
  `about ${Math.floor(entropyBits)} of ${minEntropyBits} bits`
