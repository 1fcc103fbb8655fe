import type { Millis, SecretState } from '../terms.ts'
import { kills, type Next } from './next.ts'

/** How a rotation stands after a run, in terms a person can use. */
export interface Outcome {
  readonly kind: 'rotated' | 'delivered' | 'open' | 'attention' | 'back' | 'idle'
  readonly version: number | null
  /** Both values are accepted until then; `null`: unknown, or only one is. */
  readonly oldValidUntil: Millis | null
  readonly message: string
  readonly hint: string | null
}

/**
 * Reads the outcome off the state and what it waits for.
 *
 * @param rotation the id of the rotation meant, when one was open; `null` when none was
 */
export function outcomeOf(state: SecretState | null, next: Next, rotation: string | null): Outcome {
  const version = state?.current?.n ?? null
  const base = { version, oldValidUntil: null, hint: null }
  const r = state?.rotation
  if (!state || !r) {
    if (state?.last && state.last.rotation === rotation) {
      if (state.last.outcome === 'back')
        return { ...base, kind: 'back', message: `went back to version ${version}: ${state.last.note ?? 'no reason recorded'}` }
      return { ...base, kind: 'rotated', message: `done, version ${version}${state.last.note ? ` (${state.last.note})` : ''}` }
    }
    return { ...base, kind: 'idle', message: 'nothing is open' }
  }
  if (next.kind === 'attention') return { ...base, kind: 'attention', message: next.message, hint: next.hint }
  if (next.kind !== 'wait') return { ...base, kind: 'open', message: 'goes on with the next run' }
  switch (next.why) {
    case 'grace':
      return { ...base, kind: 'delivered', oldValidUntil: next.until, message: 'delivered and proved; the old value is valid until' }
    case 'proof': {
      const missing = (next.missing ?? []).map((m) => `${m.consumer ? `${m.consumer} (${m.file})` : m.file} on ${m.host} ${m.why}`).join('; ')
      const held = kills(r) ? 'the old value stays valid until it is proved that everything runs on the new one' : 'waits for delivery'
      return { ...base, kind: 'delivered', message: `version ${version} is current; ${held}: ${missing}` }
    }
    case 'retry':
      return { ...base, kind: 'open', message: `${state.failure?.step}: ${state.failure?.message}; tried again later`, hint: state.failure?.hint ?? null }
    case 'claim':
      return { ...base, kind: 'open', message: `another process is at step ${state.claim?.step} since ${new Date(state.claim?.at ?? 0).toISOString()}` }
    case 'admin':
      return { ...base, kind: 'open', message: 'waits: another rotation is using it as its admin credential' }
    case 'clock':
      return { ...base, kind: 'open', message: `the clock is behind the last event (${new Date(next.until).toISOString()})`, hint: 'Set the clock.' }
  }
}
