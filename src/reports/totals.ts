import type { Acceptance } from '../terms.ts'
import { type SecretStanding, STATES, type Status } from './build.ts'

/** What a report adds up. */

export type StateTotals = Readonly<Record<SecretStanding, number>>

export interface OwnerTotals {
  /** `null`: secrets that nobody is named for. */
  readonly owner: string | null
  readonly total: number
  readonly states: StateTotals
}

export interface Accepted extends Acceptance {
  readonly secret: string
}

const none = (): Record<SecretStanding, number> => ({ attention: 0, violation: 0, overdue: 0, due: 0, rotating: 0, ok: 0 })

export function statesOf({ rows }: Status): StateTotals {
  const totals = none()
  for (const { state } of rows) totals[state] += 1
  return totals
}

/** By owner: who has most to do first, then by name; nobody last. */
export function ownersOf({ rows }: Status): readonly OwnerTotals[] {
  const owners = new Map<string | null, Record<SecretStanding, number>>()
  for (const { secret, state } of rows) {
    const owner = secret.owner ?? null
    const totals = owners.get(owner) ?? none()
    totals[state] += 1
    owners.set(owner, totals)
  }
  const todo = (states: StateTotals): number => states.attention + states.violation + states.overdue + states.due
  return [...owners]
    .map(([owner, states]) => ({ owner, total: STATES.reduce((sum, state) => sum + states[state], 0), states }))
    .sort((a, b) => Number(a.owner === null) - Number(b.owner === null) || todo(b.states) - todo(a.states) || ((a.owner ?? '') < (b.owner ?? '') ? -1 : 1))
}

/** Dated exceptions that cover something found, the first to end first. */
export function acceptedOf({ rows }: Status): readonly Accepted[] {
  const accepted: Accepted[] = []
  for (const { secret, findings } of rows) for (const finding of findings) if (finding.accepted) accepted.push({ secret: secret.name, ...finding.accepted })
  return accepted.sort((a, b) => a.until - b.until || (a.secret < b.secret ? -1 : 1))
}
