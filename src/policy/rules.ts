import type { Secret, Severity } from '../terms.ts'
import { ageUnknown, expiry, maxAge, oldAlive, rotateBefore } from './age-rules.ts'
import { day, exempt, type RuleFinding, type RuleInput } from './finding.ts'
import { otherEnvironment, publishedDefault, reuse, shape, tooEasy, tooShort, usedBefore, weak } from './value-rules.ts'

export { atLeast, exempt, type RuleFinding, type RuleInput, secretFields } from './finding.ts'
export { reuseFinding } from './value-rules.ts'

/** Policy as a list of pure rules: facts and a time in, at most one finding out. */

type Rule = (input: RuleInput) => RuleFinding | null

/** The names that `accept:` and findings use, in the order in which they are asked. */
export const RULES = {
  attention: attention,
  required: required,
  'no-value': noValue,
  'published-default': publishedDefault,
  weak: weak,
  'min-length': tooShort,
  'min-entropy': tooEasy,
  reuse: reuse,
  'other-environment': otherEnvironment,
  'used-before': usedBefore,
  'old-alive': oldAlive,
  'max-age': maxAge,
  'age-unknown': ageUnknown,
  'rotate-before': rotateBefore,
  expiry: expiry,
  shape: shape,
  'given-up': givenUp,
} as const satisfies Record<string, Rule>

const IN_ORDER: readonly Rule[] = Object.values(RULES)

/** Severities from worst to none. */
const ORDER: readonly Severity[] = ['attention', 'violation', 'overdue', 'due', 'info']

/** The name of a rule. */
export type RuleName = keyof typeof RULES

/** An exception to the limit covers everything that follows from it. */
export const COVERS: Readonly<Record<string, readonly string[]>> = { 'max-age': ['max-age', 'age-unknown', 'rotate-before', 'old-alive'] }

/** All findings, worst first. Those that an exception covers come last, with severity `info`. */
export function evaluate(input: RuleInput): readonly RuleFinding[] {
  const found: RuleFinding[] = []
  // By number: walking the list would make an object for every rule of every secret.
  for (let i = 0; i < IN_ORDER.length; i++) {
    const finding = (IN_ORDER[i] as Rule)(input)
    if (finding) found.push(withException(finding, input))
  }
  return found.length > 1 ? found.sort((a, b) => rank(a) - rank(b)) : found
}

const rank = ({ severity, accepted }: RuleFinding): number => ORDER.indexOf(severity) + (accepted ? ORDER.length : 0)

/** The finding as a dated exception of its secret leaves it. */
export function withException(finding: RuleFinding, { secret, now }: Pick<RuleInput, 'secret' | 'now'>): RuleFinding {
  if (finding.severity === 'attention' || finding.severity === 'info' || secret.accept.length === 0) return finding
  const covering = secret.accept.filter(({ rule }) => (COVERS[rule] ?? [rule]).includes(finding.rule))
  const valid = covering.find(({ until }) => now < until)
  if (valid) {
    const message = `${finding.message}; accepted until ${day(valid.until)} by ${valid.by}: ${valid.reason}`
    return { ...finding, severity: 'info', message, why: `accepted until ${day(valid.until)}`, accepted: valid }
  }
  const [ended] = covering
  return ended ? { ...finding, message: `${finding.message}; the exception by ${ended.by} ended ${day(ended.until)}` } : finding
}

// ---------------------------------------------------------------- rules about neither value nor age

function attention({ attention: asked }: RuleInput): RuleFinding | null {
  return asked && { rule: 'attention', severity: 'attention', message: asked.reason, hint: asked.hint, why: shorten(asked.reason) }
}

/** The first clause: what stands before a colon, bracket or comma explains less than what it names. */
const shorten = (text: string): string => text.split(/[,;(]/, 1)[0]?.trim() ?? text

/** The command that gives a secret its first value: what can be made here is made. */
export const firstValue = (secret: Secret, guided: boolean): string => `secrets ${guided || exempt(secret) ? 'set' : 'rotate'} ${secret.name}`

function noValue({ secret, state, guided, required }: RuleInput): RuleFinding | null {
  if (state?.current || (required && required.length > 0)) return null
  const message = state?.rotation ? 'no value yet; its first one is being made' : 'no value in the store yet'
  // Many samples declare keys that this installation never uses: worth a line, not an alarm.
  return { rule: 'no-value', severity: 'info', message, hint: firstValue(secret, guided), why: 'no value yet' }
}

/** A rule of the inventory's own, whose condition holds. */
function required({ secret, state, guided, required: why = [] }: RuleInput): RuleFinding | null {
  if (state?.current || why.length === 0) return null
  const name = Object.keys(secret.env).join(', ') || secret.name
  const message = `${name} must have a value, since ${why.join(', and since ')}`
  return { rule: 'required', severity: 'violation', message, hint: firstValue(secret, guided), why: `needed: ${why[0]}` }
}

/** Giving up is never success: it is told until the next rotation, also where no limit is near. */
function givenUp({ secret, state }: RuleInput): RuleFinding | null {
  const open = state?.rotation
  if (open?.unhealthy !== undefined && open.swapped) {
    const message = `went back by itself: ${open.unhealthy}`
    return { rule: 'given-up', severity: 'attention', message, hint: `secrets history ${secret.name}`, why: 'made a consumer ill' }
  }
  if (state?.last?.outcome !== 'back' || open) return null
  const message = `the last rotation was given up${state.last.note ? ` (${state.last.note})` : ''}${state.current ? '; the value before it is in force' : ''}`
  // A timer does not try that again.
  if (state.last.unhealthy) return { rule: 'given-up', severity: 'attention', message, hint: `secrets rotate ${secret.name}`, why: 'made a consumer ill' }
  return { rule: 'given-up', severity: 'info', message, hint: `secrets rotate ${secret.name}`, why: 'last rotation given up' }
}
