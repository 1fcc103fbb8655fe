import type { Secret } from '../terms.ts'
import { day, firstField, type RuleFinding, type RuleInput, rotateHint, secretFields } from './finding.ts'
import { easeOf, shortnessOf } from './weakness.ts'

/** Rules about the value itself. They see facts that were recorded once, never a value. */

export function publishedDefault(input: RuleInput): RuleFinding | null {
  const found = firstField(input, ({ weak: reason }) => reason === 'published default' || reason === 'placeholder')
  if (!found) return null
  const reason = found.facts.weak ?? 'published default'
  return { rule: 'published-default', severity: 'violation', message: `${found.name} is a ${reason}: everybody knows it`, hint: rotateHint(input), why: reason }
}

export function weak(input: RuleInput): RuleFinding | null {
  const found = firstField(input, ({ weak: reason }) => reason !== undefined && reason !== 'published default' && reason !== 'placeholder')
  if (!found) return null
  const reason = found.facts.weak ?? 'weak'
  return { rule: 'weak', severity: 'violation', message: `${found.name} is weak: ${reason}`, hint: rotateHint(input), why: `weak: ${reason}` }
}

export function tooShort(input: RuleInput): RuleFinding | null {
  const { minLength } = input.secret.policy
  const found = firstField(input, ({ length }) => length < minLength)
  if (!found) return null
  const message = `${found.name} has ${found.facts.length} characters, at least ${minLength} are asked for`
  return { rule: 'min-length', severity: 'violation', message, hint: rotateHint(input), why: `weak: ${shortnessOf(found.facts, input.secret.policy)}` }
}

export function tooEasy(input: RuleInput): RuleFinding | null {
  const { minEntropyBits } = input.secret.policy
  const found = firstField(input, ({ entropyBits }) => entropyBits < minEntropyBits)
  if (!found) return null
  const made = found.facts.pattern === undefined ? '' : ` (${found.facts.pattern})`
  const message = `${found.name} has about ${found.facts.entropyBits} bits${made}, at least ${minEntropyBits} are asked for`
  return { rule: 'min-entropy', severity: 'violation', message, hint: rotateHint(input), why: `weak: ${easeOf(found.facts, input.secret.policy)}` }
}

export function reuse(input: RuleInput): RuleFinding | null {
  const found = firstField(input, ({ value }) => input.sharedWith(value).length > 0)
  return found && reuseFinding(input.secret, found.name, input.sharedWith(found.facts.value))
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

/** One that leaks in staging is then a leak of production. */
export function otherEnvironment(input: RuleInput): RuleFinding | null {
  const found = firstField(input, ({ elsewhere }) => elsewhere !== undefined && elsewhere.length > 0)
  const [first = '', ...more] = found?.facts.elsewhere ?? []
  if (!found) return null
  const message = `${found.name} has the same value as ${[first, ...more].join(', ')}`
  return { rule: 'other-environment', severity: 'violation', message, hint: `secrets rotate ${input.secret.name}`, why: `same value as ${first}` }
}

/** Replaced once, and in use again: whoever had it then has it now. A rollback says so too, until the next rotation. */
export function usedBefore({ secret, state }: RuleInput): RuleFinding | null {
  const current = state?.current
  if (!current) return null
  for (const { name, facts } of secretFields({ secret, state })) {
    // Where another value stood in between; a field that a rotation left alone is not used again, but still.
    const between = state.former.findIndex((v) => Object.values(v.facts).every((f) => f.value !== facts.value))
    const before = between < 0 ? undefined : state.former.slice(between + 1).find((v) => Object.values(v.facts).some((f) => f.value === facts.value))
    const again = before ?? (between < 0 || current.n >= (state.former[between]?.n ?? 0) ? undefined : current)
    if (!again) continue
    const until = again.replacedAt === undefined ? '' : `, replaced ${day(again.replacedAt)},`
    const message = `${name} is the value of version ${again.n}${until} in use again`
    // Going back is a person's word, and is remembered.
    return {
      rule: 'used-before',
      severity: again === current ? 'info' : 'violation',
      message,
      hint: `secrets rotate ${secret.name}`,
      why: `version ${again.n} again`,
    }
  }
  return null
}

export function shape(input: RuleInput): RuleFinding | null {
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
