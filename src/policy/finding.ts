import type { Acceptance, AgeSource, FieldFacts, Finding, Fingerprint, Millis, Secret, SecretState } from '../terms.ts'

/** What rules are asked with and answer with, and what they share. */

export const DAY_MS = 86_400_000

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
  /** Why the inventory's own rules ask for a value of it, as things stand: `UVICORN_HOST is 0.0.0.0`. Absent: nothing does. */
  readonly required?: readonly string[]
}

/** `2026-11-21`, by UTC. */
export const day = (at: Millis): string => new Date(at).toISOString().slice(0, 10)

/** The command that replaces it, where there is one. */
export const rotateHint = ({ secret }: RuleInput): string =>
  secret.rotator.kind === 'none'
    ? `it is never rotated (${secret.reason ?? 'rotator none'}): accept it in secrets.yaml, or change it by hand and "secrets set ${secret.name}"`
    : `secrets rotate ${secret.name}`

export const wholeDays = (ms: number): number => Math.floor(ms / DAY_MS)
/** `1 day`, `9 days`. */
export const days = (count: number): string => (count === 1 ? '1 day' : `${count} days`)

/** Its age does not matter: it is never rotated. */
export const exempt = (secret: Secret): boolean => secret.rotator.kind === 'none'

/** What is known of the age is only that it is not less. */
export const atLeast = (source: AgeSource | undefined): boolean => source === 'file' || source === 'git' || source === 'first-seen'

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

/** The first field that is secret and fits. Asked by many rules of every secret, so nothing is made for a field that does not fit. */
export function firstField({ secret, state }: RuleInput, fits: (facts: FieldFacts) => boolean): { readonly name: string; readonly facts: FieldFacts } | null {
  const facts = state?.current?.facts
  for (const field in facts) {
    const one = facts[field]
    if (one && !one.identifier && fits(one)) return { name: variableOf(secret, field), facts: one }
  }
  return null
}
