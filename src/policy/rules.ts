import type { Acceptance, AgeSource, FieldFacts, Finding, Fingerprint, Millis, Secret, SecretState, Severity } from '../terms.ts'
import { dueAt, overdueAt } from './schedule.ts'
import { easeOf, shortnessOf } from './weakness.ts'

/** Policy as a list of pure rules: facts and a time in, at most one finding out. */

const DAY_MS = 86_400_000

/** Within a rule, a finding before exceptions are looked at. `why` is the message in three words, for the table. */
export interface RuleFinding extends Finding {
  readonly why: string
  /** Set on a finding that a dated exception covers: it counts, and changes no state. */
  readonly accepted?: Acceptance
}

export interface RuleInput {
  readonly secret: Secret
  /** `null`: nothing was ever recorded. */
  readonly state: SecretState | null
  readonly now: Millis
  /** What a person must decide about an open rotation; computed by the rotation's machine. */
  readonly attention: { readonly reason: string; readonly hint: string } | null
  /** A person has to give the new value. */
  readonly guided: boolean
  /** Names of the other secrets that hold the same value. */
  readonly sharedWith: (value: Fingerprint) => readonly string[]
}

type Rule = (input: RuleInput) => RuleFinding | null

/** The names that `accept:` and findings use, in the order in which they are asked. */
export const RULES = {
  attention: attention,
  'no-value': noValue,
  'published-default': publishedDefault,
  weak: weak,
  'min-length': tooShort,
  'min-entropy': tooEasy,
  reuse: reuse,
  'old-alive': oldAlive,
  'max-age': maxAge,
  'age-unknown': ageUnknown,
  'rotate-before': rotateBefore,
  shape: shape,
  'given-up': givenUp,
} as const satisfies Record<string, Rule>

const IN_ORDER: readonly Rule[] = Object.values(RULES)

/** Severities from worst to none. */
const ORDER: readonly Severity[] = ['attention', 'violation', 'overdue', 'due', 'info']

/** An exception to the limit covers everything that follows from it. */
const COVERS: Readonly<Record<string, readonly string[]>> = { 'max-age': ['max-age', 'age-unknown', 'rotate-before', 'old-alive'] }

/** All findings, worst first. Those that an exception covers come last, with severity `info`. */
export function evaluate(input: RuleInput): readonly RuleFinding[] {
  const found: RuleFinding[] = []
  for (const rule of IN_ORDER) {
    const finding = rule(input)
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

const day = (at: Millis): string => new Date(at).toISOString().slice(0, 10)

const rotateHint = ({ secret }: RuleInput): string =>
  secret.rotator.kind === 'none'
    ? `it is never rotated (${secret.reason ?? 'rotator none'}): accept it in secrets.yaml, or change it by hand and "secrets set ${secret.name}"`
    : `secrets rotate ${secret.name}`

const wholeDays = (ms: number): number => Math.floor(ms / DAY_MS)
const days = (count: number): string => (count === 1 ? '1 day' : `${count} days`)

// ---------------------------------------------------------------- the rules

function attention({ attention: asked }: RuleInput): RuleFinding | null {
  return asked && { rule: 'attention', severity: 'attention', message: asked.reason, hint: asked.hint, why: shorten(asked.reason) }
}

/** The first clause: what stands before a colon, bracket or comma explains less than what it names. */
const shorten = (text: string): string => text.split(/[,;(]/, 1)[0]?.trim() ?? text

/** The command that gives a secret its first value: what can be made here is made. */
export const firstValue = (secret: Secret, guided: boolean): string => `secrets ${guided || exempt(secret) ? 'set' : 'rotate'} ${secret.name}`

function noValue({ secret, state, guided }: RuleInput): RuleFinding | null {
  if (state?.current) return null
  const message = state?.rotation ? 'no value yet; its first one is being made' : 'no value in the store yet'
  // Many samples declare keys that this installation never uses: worth a line, not an alarm.
  return { rule: 'no-value', severity: 'info', message, hint: firstValue(secret, guided), why: 'no value yet' }
}

function publishedDefault(input: RuleInput): RuleFinding | null {
  const found = firstField(input, ({ weak: reason }) => reason === 'published default' || reason === 'placeholder')
  if (!found) return null
  const reason = found.facts.weak ?? 'published default'
  return { rule: 'published-default', severity: 'violation', message: `${found.name} is a ${reason}: everybody knows it`, hint: rotateHint(input), why: reason }
}

function weak(input: RuleInput): RuleFinding | null {
  const found = firstField(input, ({ weak: reason }) => reason !== undefined && reason !== 'published default' && reason !== 'placeholder')
  if (!found) return null
  const reason = found.facts.weak ?? 'weak'
  return { rule: 'weak', severity: 'violation', message: `${found.name} is weak: ${reason}`, hint: rotateHint(input), why: `weak: ${reason}` }
}

function tooShort(input: RuleInput): RuleFinding | null {
  const { minLength } = input.secret.policy
  const found = firstField(input, ({ length }) => length < minLength)
  if (!found) return null
  const message = `${found.name} has ${found.facts.length} characters, at least ${minLength} are asked for`
  return { rule: 'min-length', severity: 'violation', message, hint: rotateHint(input), why: `weak: ${shortnessOf(found.facts, input.secret.policy)}` }
}

function tooEasy(input: RuleInput): RuleFinding | null {
  const { minEntropyBits } = input.secret.policy
  const found = firstField(input, ({ entropyBits }) => entropyBits < minEntropyBits)
  if (!found) return null
  const message = `${found.name} has about ${found.facts.entropyBits} bits, at least ${minEntropyBits} are asked for`
  return { rule: 'min-entropy', severity: 'violation', message, hint: rotateHint(input), why: `weak: ${easeOf(found.facts, input.secret.policy)}` }
}

function reuse(input: RuleInput): RuleFinding | null {
  for (const { name, facts } of secretFields(input)) {
    const others = input.sharedWith(facts.value)
    if (others.length === 0) continue
    return reuseFinding(input.secret, name, others)
  }
  return null
}

/** Also for reports, which learn of reuse only after every secret was seen. */
export function reuseFinding(secret: Secret, field: string, others: readonly string[], more = 0): RuleFinding {
  const listed = more > 0 ? `${others.join(', ')} and ${more} more` : others.join(', ')
  return {
    rule: 'reuse',
    severity: 'violation',
    message: `${field} has the same value as ${listed}`,
    hint: `secrets rotate ${secret.name}`,
    why: `same value as ${others[0]}`,
  }
}

/** Promise: the old credential is dead before it reaches the limit. Here it is not. */
function oldAlive({ secret, state, now }: RuleInput): RuleFinding | null {
  const retiring = state?.rotation?.retiring
  if (!retiring || !state?.rotation?.promote || !state.rotation.snapshot.revokes) return null
  const old = state.former.find(({ token }) => token === retiring.token)
  if (!old || old.deadAt !== undefined || old.bornAt === null) return null
  const over = now - (old.bornAt + secret.policy.maxAgeMs)
  if (over < 0) return null
  const message = `version ${old.n} is still accepted, ${days(wholeDays(now - old.bornAt))} old, limit ${wholeDays(secret.policy.maxAgeMs)}`
  return { rule: 'old-alive', severity: 'overdue', message, hint: `secrets revoke ${secret.name} --previous`, why: 'old key still works' }
}

function maxAge(input: RuleInput): RuleFinding | null {
  const { secret, state, now } = input
  const limit = exempt(secret) ? null : overdueAt(state, secret.policy)
  const born = state?.current?.bornAt ?? null
  if (limit === null || born === null || now < limit) return null
  const least = atLeast(state?.current?.source) ? 'at least ' : ''
  const message = `${least}${days(wholeDays(now - born))} old, limit ${wholeDays(secret.policy.maxAgeMs)}`
  const over = wholeDays(now - limit)
  return { rule: 'max-age', severity: 'overdue', message, hint: rotateHint(input), why: over > 0 ? `${days(over)} over` : 'limit reached today' }
}

function ageUnknown({ secret, state }: RuleInput): RuleFinding | null {
  if (exempt(secret) || !state?.current || state.current.bornAt !== null) return null
  return {
    rule: 'age-unknown',
    severity: 'overdue',
    message: 'nobody knows how old it is, so it counts as too old',
    hint: `secrets rotate ${secret.name}, or: secrets adopt ${secret.name} --created DATE --evidence TEXT`,
    why: 'age unknown',
  }
}

function rotateBefore(input: RuleInput): RuleFinding | null {
  const { secret, state, now, guided } = input
  const due = exempt(secret) ? null : dueAt(state, secret.policy)
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

function shape(input: RuleInput): RuleFinding | null {
  const found = firstField(input, ({ shape: reason }) => reason !== undefined)
  if (!found) return null
  return {
    rule: 'shape',
    severity: 'info',
    message: `${found.name} ${found.facts.shape}`,
    hint: `check it, then: secrets set ${input.secret.name}`,
    why: found.facts.shape ?? '',
  }
}

/** Giving up is never success: it is told until the next rotation, also where no limit is near. */
function givenUp({ secret, state }: RuleInput): RuleFinding | null {
  if (state?.last?.outcome !== 'back' || state.rotation) return null
  const message = `the last rotation was given up${state.last.note ? ` (${state.last.note})` : ''}${state.current ? '; the value before it is in force' : ''}`
  return { rule: 'given-up', severity: 'info', message, hint: `secrets rotate ${secret.name}`, why: 'last rotation given up' }
}

// ---------------------------------------------------------------- of a secret

/** Its age does not matter: it is never rotated. */
export const exempt = (secret: Secret): boolean => secret.rotator.kind === 'none'

/** What is known of the age is only that it is not less. */
export const atLeast = (source: AgeSource | undefined): boolean => source === 'file' || source === 'first-seen'

/** Its fields that are secret, each with the name that people know it by: its variable. */
export function secretFields({ secret, state }: Pick<RuleInput, 'secret' | 'state'>): readonly { readonly name: string; readonly facts: FieldFacts }[] {
  const facts = state?.current?.facts
  const fields: { readonly name: string; readonly facts: FieldFacts }[] = []
  for (const field in facts) {
    const one = facts[field]
    if (one && !one.identifier) fields.push({ name: variableOf(secret, field), facts: one })
  }
  return fields
}

function variableOf(secret: Secret, field: string): string {
  for (const variable in secret.env) if (secret.env[variable] === field) return variable
  return `field ${field}`
}

/** Asked by five rules of every secret, so nothing is made for a field that does not fit. */
function firstField({ secret, state }: RuleInput, fits: (facts: FieldFacts) => boolean): { readonly name: string; readonly facts: FieldFacts } | null {
  const facts = state?.current?.facts
  for (const field in facts) {
    const one = facts[field]
    if (one && !one.identifier && fits(one)) return { name: variableOf(secret, field), facts: one }
  }
  return null
}
