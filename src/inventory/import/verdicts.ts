import type { Kind, Subject, Verdict } from './classify.ts'

/** `confidence` from 0 to 1; `why` never holds the value. */
export const verdict = (kind: Kind, confidence: number, why: string): Verdict => ({ kind, confidence, why })
/** Everything that is no secret. */
export const setting = (confidence: number, why: string): Verdict => verdict('setting', confidence, why)
/** Known to two sides only. */
export const secret = (confidence: number, why: string): Verdict => verdict('secret', confidence, why)
/** An address with a password inside. */
export const dsn = (confidence: number, why: string): Verdict => verdict('dsn', confidence, why)
/** Stands beside a secret, or is made to be shown. */
export const identifier = (confidence: number, why: string): Verdict => verdict('identifier', confidence, why)

const SECRET_ENDS: readonly (readonly string[])[] = [
  ['password'],
  ['pass'],
  ['passwd'],
  ['pwd'],
  ['secret'],
  ['key'],
  ['api', 'key'],
  ['token'],
  ['auth', 'token'],
  ['secret', 'key'],
  ['private', 'key'],
  ['app', 'secret'],
  ['client', 'secret'],
  ['private', 'key'],
  ['certificate'],
  ['hash'],
]
/** Whether the file has a password, key or token of the same stem. */
export const hasSecretBeside = (subject: Subject, stem: readonly string[]): boolean =>
  stem.length > 0 && SECRET_ENDS.some((end) => subject.has([...stem, ...end]))
