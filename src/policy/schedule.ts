import type { Millis, Policy, SecretState } from '../terms.ts'

/** When secrets are due. Pure: every function gets its time. */

/**
 * When a rotation should open: early enough for the overlap to end before the limit, and before the provider ends it by itself. `null`: there is
 * no value, or nobody knows its age.
 */
export function dueAt(state: SecretState | null, policy: Policy): Millis | null {
  const byAge = dueByAge(state, policy)
  const end = endsAt(state)
  return byAge === null || end === null ? byAge : Math.min(byAge, end - policy.rotateBeforeMs)
}

/** The same by its age alone. */
export function dueByAge(state: SecretState | null, policy: Policy): Millis | null {
  const born = state?.current?.bornAt ?? null
  return born === null ? null : dueOn(born, policy)
}

/** When its provider ends the present value by itself; `null`: never, or nobody knows. */
export const endsAt = (state: SecretState | null): Millis | null => state?.current?.expiresAt ?? null

/** The same for a value that was born then. */
export const dueOn = (bornAt: Millis, policy: Policy): Millis => bornAt + policy.maxAgeMs - policy.rotateBeforeMs

/** The age at which the present value reaches its limit. */
export function overdueAt(state: SecretState | null, policy: Policy): Millis | null {
  const born = state?.current?.bornAt ?? null
  return born === null ? null : born + policy.maxAgeMs
}
