import type { Event, Policy } from '../../src/terms.ts'

export const policy: Policy = {
  ...{ maxAgeMs: 90 * 86_400_000, rotateBeforeMs: 14 * 86_400_000, graceMs: 86_400_000, askAfterMs: 2 * 86_400_000 },
  ...{ minLength: 16, minEntropyBits: 80, retainMs: 180 * 86_400_000 },
}

/** An event that says nothing but a number. */
export const note = (n: number): Event => ({ type: 'saw', facts: { kind: 'swept', rotation: `rotation-${n}`, removed: n } })
