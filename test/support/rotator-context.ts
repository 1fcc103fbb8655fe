import type { RotatorContext, Version } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Fields, Handle, Policy } from '../../src/terms.ts'
import { manualClock } from './clock.ts'
import { seededRandom } from './random.ts'

export const POLICY: Policy = {
  maxAgeMs: 90 * 86_400_000,
  rotateBeforeMs: 14 * 86_400_000,
  graceMs: 86_400_000,
  askAfterMs: 2 * 86_400_000,
  minLength: 16,
  minEntropyBits: 80,
  retainMs: 180 * 86_400_000,
}

/** A context as the engine would make it, for tests of one rotator alone. */
export function rotatorContext<P>(params: P, more: Partial<RotatorContext<P>> = {}): RotatorContext<P> {
  return {
    params,
    dir: process.cwd(),
    fields: ['value'],
    policy: POLICY,
    token: 'kt_test.secret.1',
    given: null,
    current: null,
    admin: [],
    signal: new AbortController().signal,
    clock: manualClock(),
    random: seededRandom('context'),
    serverDate: () => {},
    ...more,
  }
}

/** A stored version of these fields. */
export const storedVersion = (fields: Fields, token = 'kt_test.secret.0', handle: Handle | null = null): Version => ({
  token,
  fields: new Sensitive(fields),
  handle,
  createdAt: 0,
})
