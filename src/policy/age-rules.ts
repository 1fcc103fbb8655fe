import { atLeast, DAY_MS, day, days, exempt, type RuleFinding, type RuleInput, rotateHint, wholeDays } from './finding.ts'
import { dueByAge, endsAt, overdueAt } from './schedule.ts'

/** Rules about age. */

/** Promise: the old credential is dead before it reaches the limit. Here it is not. */
export function oldAlive({ secret, state, now }: RuleInput): RuleFinding | null {
  const retiring = state?.rotation?.retiring
  const { promote, snapshot } = state?.rotation ?? {}
  if (!retiring || !promote || !(snapshot?.revokes || snapshot?.both)) return null
  const old = state.former.find(({ token }) => token === retiring.token)
  if (!old || old.deadAt !== undefined || old.bornAt === null) return null
  const over = now - (old.bornAt + secret.policy.maxAgeMs)
  if (over < 0) return null
  const message = `version ${old.n} is still accepted, ${days(wholeDays(now - old.bornAt))} old, limit ${wholeDays(secret.policy.maxAgeMs)}`
  return { rule: 'old-alive', severity: 'overdue', message, hint: `secrets revoke ${secret.name} --previous`, why: 'old key still works' }
}

export function maxAge(input: RuleInput): RuleFinding | null {
  const { secret, state, now } = input
  const limit = exempt(secret) ? null : overdueAt(state, secret.policy)
  const born = state?.current?.bornAt ?? null
  if (limit === null || born === null || now < limit) return null
  const least = atLeast(state?.current?.source) ? 'at least ' : ''
  const message = `${least}${days(wholeDays(now - born))} old, limit ${wholeDays(secret.policy.maxAgeMs)}`
  const over = wholeDays(now - limit)
  return { rule: 'max-age', severity: 'overdue', message, hint: rotateHint(input), why: over > 0 ? `${days(over)} over` : 'limit reached today' }
}

export function ageUnknown({ secret, state }: RuleInput): RuleFinding | null {
  if (exempt(secret) || !state?.current || state.current.bornAt !== null) return null
  return {
    rule: 'age-unknown',
    severity: 'overdue',
    message: 'nobody knows how old it is, so it counts as too old',
    hint: `secrets rotate ${secret.name}, or: secrets adopt ${secret.name} --created DATE --evidence TEXT`,
    why: 'age unknown',
  }
}

export function rotateBefore(input: RuleInput): RuleFinding | null {
  const { secret, state, now, guided } = input
  const due = exempt(secret) ? null : dueByAge(state, secret.policy)
  const limit = overdueAt(state, secret.policy)
  if (due === null || limit === null || now < due || now >= limit || state?.rotation) return null
  const left = days(Math.ceil((limit - now) / DAY_MS))
  return {
    rule: 'rotate-before',
    severity: 'due',
    message: `due: ${left} left to the limit of ${wholeDays(secret.policy.maxAgeMs)}`,
    hint: rotateHint(input),
    why: guided ? 'guided: needs you' : `${left} left`,
  }
}

/** What the provider ends by itself has to be replaced before, whatever its age. */
export function expiry(input: RuleInput): RuleFinding | null {
  const { secret, state, now } = input
  const end = endsAt(state)
  if (end === null || now < end - secret.policy.rotateBeforeMs || (state?.rotation && now < end)) return null
  const common = { rule: 'expiry', hint: rotateHint(input) }
  if (now >= end) return { ...common, severity: 'overdue', message: `its provider ended it on ${day(end)}`, why: `expired ${day(end)}` }
  const left = days(Math.ceil((end - now) / DAY_MS))
  return { ...common, severity: 'due', message: `its provider ends it on ${day(end)}: ${left} left`, why: `expires in ${left}` }
}
