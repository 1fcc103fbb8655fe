import type { Severity } from '../terms.ts'
import type { RuleName } from './rules.ts'

/** What a person should know of a rule. `docs/policy.md` is made from it; nothing else loads it. */
export interface RuleEntry {
  /** The severities that its findings can have. */
  readonly severity: readonly Severity[]
  readonly finds: string
  /** The key under `policy:` with its default, where one decides. */
  readonly limit?: string
  /** How the finding goes away. */
  readonly mend: string
  /** Whether `accept:` can name it. */
  readonly accept: boolean
}

export const CATALOGUE: Readonly<Record<RuleName, RuleEntry>> = {
  attention: { severity: ['attention'], finds: 'an open rotation that a person has to decide', mend: 'what its line says', accept: false },
  required: {
    severity: ['violation'],
    finds: 'a secret without a value that a rule of your own asks for, as your settings are (see "Rules of your own")',
    mend: '`secrets set NAME`, or change the setting',
    accept: true,
  },
  'no-value': {
    severity: ['info'],
    finds: 'nothing in the store yet. Many samples declare keys that an installation never uses',
    mend: '`secrets set NAME`, or `secrets rotate NAME` where Keyturn makes it',
    accept: false,
  },
  'published-default': {
    severity: ['violation'],
    finds:
      "`asterisk`, `changeme`, `postgres`, `minioadmin` and their like; keys from vendors' manuals; placeholders such as `your-api-key-here`; a value of the project's own `.env.example`",
    mend: '`secrets rotate NAME`',
    accept: true,
  },
  weak: {
    severity: ['violation'],
    finds:
      'a repeat, a sequence, a keyboard walk, a date, words, a leaked password or names of this project: fewer than 60 bits, and that is what it is made of',
    mend: '`secrets rotate NAME`',
    accept: true,
  },
  'min-length': { severity: ['violation'], finds: 'fewer characters than asked for', limit: '`min_length: 16`', mend: '`secrets rotate NAME`', accept: true },
  'min-entropy': {
    severity: ['violation'],
    finds: 'fewer estimated bits than asked for',
    limit: '`min_entropy_bits: 80`',
    mend: '`secrets rotate NAME`',
    accept: true,
  },
  reuse: {
    severity: ['violation'],
    finds: 'the same bare value in another secret of this inventory',
    mend: '`secrets rotate NAME`, each of them',
    accept: true,
  },
  'other-environment': {
    severity: ['violation'],
    finds:
      'the same bare value in another environment of the project (`secrets.staging.yaml` beside `secrets.yaml`), when it was recorded: what leaks there is a leak here',
    mend: '`secrets rotate NAME`',
    accept: true,
  },
  'used-before': {
    severity: ['violation', 'info'],
    finds: 'a value that this secret had before, and had replaced. After `secrets rollback` it is a remark',
    mend: '`secrets rotate NAME`',
    accept: true,
  },
  'old-alive': {
    severity: ['overdue'],
    finds: 'the new value is in use, but the old one is not dead and past its limit',
    limit: '`max_age: 90d`',
    mend: '`secrets revoke NAME --previous`',
    accept: true,
  },
  'max-age': { severity: ['overdue'], finds: 'older than the limit', limit: '`max_age: 90d`', mend: '`secrets rotate NAME`', accept: true },
  'age-unknown': {
    severity: ['overdue'],
    finds: 'nobody knows how old it is, so it counts as too old',
    mend: 'rotate it, or say so: `secrets adopt NAME --created DATE --evidence TEXT`',
    accept: true,
  },
  'rotate-before': {
    severity: ['due'],
    finds: 'younger than `max_age`, but by less than the overlap needs',
    limit: '`rotate_before: 14d`',
    mend: 'a timer rotates it, or `secrets rotate`',
    accept: true,
  },
  expiry: {
    severity: ['due', 'overdue'],
    finds: 'its provider ends it by itself, soon or already; also where it is never rotated',
    limit: '`rotate_before: 14d`',
    mend: '`secrets rotate NAME`',
    accept: true,
  },
  shape: {
    severity: ['info'],
    finds: "does not look like a key of the provider that its variable names, or looks like another's. Vendors change their keys, so it is a remark",
    mend: 'look at it, then `secrets set NAME`',
    accept: false,
  },
  'given-up': { severity: ['info'], finds: 'the last rotation was given up; the value before it is in force', mend: '`secrets rotate NAME`', accept: false },
}
