import type { ConsumerRecord, HealthState, Millis, WriteRecord } from '../terms.ts'

/**
 * How a consumer does on what was last delivered to it. `null`: nothing was ever delivered to it, or its health cannot be asked.
 * `passed`: it was healthy once its probation was over. `running`: asked again at `checkAt`. `failed`: it is not healthy, and stays so.
 * `silent`: its probation is over and nothing was said that decides anything.
 */
export interface Trial {
  readonly kind: 'passed' | 'running' | 'failed' | 'silent'
  readonly checkAt: Millis
  readonly until: Millis
  /** What was seen last after the delivery; `null`: nothing yet. */
  readonly state: HealthState | null
  readonly why: string
  /** How it was before the delivery. */
  readonly before: HealthState
}

/** One answer may be a hiccup of a restart; Docker asks three times as well before it calls a container unhealthy. */
const TIMES = 3
/** Parts of a probation: a consumer that is not healthy is asked again after one of them. */
const PARTS = 12
const SHORTEST_MS = 1_000
const LONGEST_MS = 7 * 24 * 3_600_000

/** A consumer is watched for this long after a delivery, unless the inventory says otherwise: restarts and first calls take seconds. */
export const PROBATION_MS = 60_000

/** Pure. Positions decide what was seen after the delivery, times only how long it is watched. */
export function trialOf(record: ConsumerRecord | undefined, written: WriteRecord, probationMs: Millis): Trial | null {
  const { refresh, health } = record ?? {}
  // Refreshed before the file changed: what is to be watched is yet to come.
  if (!refresh?.watched || refresh.claimPos < written.changedPos) return null
  const before = health?.before?.state ?? 'unknown'
  const last = health?.last
  const isOwn = last !== undefined && last.claimPos > refresh.claimPos
  // A clock that was put back since the refresh would have it watched for as long as that.
  const began = isOwn ? last.since : refresh.at
  const until = began + probationMs
  if (!isOwn) return { kind: 'running', checkAt: 0, until, state: null, why: 'was not asked yet', before }
  const { state, why, at, times } = last
  const isOver = last.claimAt >= until
  if (state === 'healthy') {
    if (isOver) return { kind: 'passed', checkAt: Number.POSITIVE_INFINITY, until, state, why, before }
    return { kind: 'running', checkAt: Math.min(Math.max(until, at + SHORTEST_MS), at + Math.max(SHORTEST_MS, at - began)), until, state, why, before }
  }
  // Ever more rarely once a person has to see to it, and then only when one asks.
  const pace = Math.ceil(Math.max(SHORTEST_MS, probationMs / PARTS, (at - began) / (isOver ? 2 : PARTS)))
  const isLeft = at - began > LONGEST_MS
  const asked = { checkAt: isLeft ? Number.POSITIVE_INFINITY : at + pace, until, state, why, before }
  if (state === 'unknown') return { kind: isOver ? 'silent' : 'running', ...asked }
  // What is only starting has until the end of its probation.
  return { kind: times >= TIMES && (state === 'unhealthy' || isOver) ? 'failed' : 'running', ...asked }
}
