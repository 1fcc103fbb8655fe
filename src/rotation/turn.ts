import type { Event, Millis, Recorded, RotationState, SecretState } from '../terms.ts'

/** Turning an open rotation round: what was rotated in is rotated out. */

/** What a rollback found at work: it is waited for, since it may still write, and then it counts for nothing. */
const OVERTAKEN = 'overtaken'

export const isOvertaken = ({ claim, rotation }: SecretState): boolean => rotation !== null && claim?.on === OVERTAKEN

export const overtaken = ({ claim }: SecretState): SecretState['claim'] => claim && { ...claim, on: OVERTAKEN }

/** Rollback after the promote: the same rotation with target and retiring swapped. */
export const swap = (r: RotationState, at: Millis): RotationState => ({
  ...r,
  made: r.retiring,
  retiring: r.made,
  done: ['create'],
  claimed: [],
  standing: null,
  swapped: !r.swapped,
  promote: null,
  graceUntil: null,
  vouched: [],
  askFrom: at,
})

/** Why a rotation does not go back by itself, although a consumer fell ill on what it brought; `null`: it does. */
export function whyOnward(state: SecretState, r: RotationState, now: Millis): string | null {
  const { retiring } = r
  if (r.compromised) return 'the value before leaked'
  if (r.unhealthy !== undefined) return 'this rotation went back once already'
  if (r.swapped || r.target !== null) return 'a person chose this version'
  if (retiring === null) return 'there is no version before it'
  const known = state.former.find((v) => v.token === retiring.token)
  const isDead = known !== undefined && (known.deadAt !== undefined || (known.expiresAt !== undefined && known.expiresAt <= now))
  // From its claim on the old one may be dead, whatever was recorded then.
  if (isDead || r.claimed.includes('revoke')) return 'the version before it is revoked already'
  return null
}

/** A consumer fell ill on the new value: the rotation is turned round. Nothing changes where that does not fit any more. */
export function turnedByHealth(state: SecretState, { facts }: Event & { type: 'saw' }, { at }: Recorded): SecretState {
  const r = state.rotation
  if (facts.kind !== 'unhealthy' || r === null || r.id !== facts.rotation || r.promote === null || whyOnward(state, r, at) !== null) return state
  return { ...state, claim: overtaken(state), failure: null, rotation: { ...swap(r, at), unhealthy: facts.why } }
}

/** Turned round since a consumer fell ill, and not turned again by a person. */
export const isGoingBack = (r: RotationState): boolean => r.unhealthy !== undefined && r.swapped
