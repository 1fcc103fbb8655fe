import type { Facts, Policy } from '../terms.ts'

/** Why a value that a person gives is too weak to be taken, in words that do not quote it; `null`: it is fine. */
export function refusalOf(facts: Facts, policy: Policy): string | null {
  for (const [field, f] of Object.entries(facts)) {
    if (f.identifier) continue
    if (f.weak !== undefined) return `${field} is known to be weak (${f.weak})`
    if (f.shape !== undefined) return `${field}: ${f.shape}`
    if (f.length < policy.minLength) return `${field} has ${f.length} characters, the policy asks for ${policy.minLength}`
    if (f.entropyBits < policy.minEntropyBits)
      return `${field} can be guessed too easily (about ${Math.floor(f.entropyBits)} bits, the policy asks for ${policy.minEntropyBits})`
  }
  return null
}
