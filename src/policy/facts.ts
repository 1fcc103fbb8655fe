import { providerOf } from '../inventory/providers.ts'
import type { Fingerprinter } from '../ports.ts'
import { Sensitive } from '../sensitive.ts'
import type { FieldFacts, Fields } from '../terms.ts'
import { publishedReason } from './published.ts'
import { estimateStrength } from './strength.ts'

export interface FactOptions {
  /** Variable to field: the variable's name says whose key a value should be. */
  readonly env: Readonly<Record<string, string>>
  readonly fingerprints: Fingerprinter
  /** Values published elsewhere too, such as those of the project's sample file. */
  readonly published?: ReadonlySet<string>
}

/** Below this a pattern is not merely part of the value, it is the value: an attacker's first day of guessing. */
const PATTERN_BITS = 45

/** Fields that name an account; they are no secrets, and no strength is asked of them. */
const IDENTIFIER =
  /^(id|user|username|user_?name|login|account|account_?(id|sid|name)|client_?id|key_?id|access_?key_?id|app_?id|project(_?id)?|tenant(_?id)?|role(_?id)?|email|mail|host|hostname|port|name|database|region|endpoint|public_?key)$/i

/** Whether a field of this name is an identifier. */
export const isIdentifier = (field: string): boolean => IDENTIFIER.test(field)

/**
 * What policy needs to know of each field, taken once when a version is first seen, so that `status`, `report` and the sweep never
 * read a value. Pure but for the fingerprints' key; nothing of a value is in the result.
 */
export function recordFacts(fields: Sensitive<Fields>, options: FactOptions): Readonly<Record<string, FieldFacts>> {
  const variables = new Map(Object.entries(options.env).map(([variable, field]) => [field, variable]))
  return Object.fromEntries(Object.entries(fields.reveal()).map(([field, value]) => [field, factsOf(field, value, variables.get(field), options)]))
}

function factsOf(field: string, value: string, variable: string | undefined, { fingerprints, published }: FactOptions): FieldFacts {
  const print = fingerprints.ofValue(new Sensitive(value))
  if (isIdentifier(field)) return { length: [...value].length, entropyBits: 0, value: print, identifier: true }
  const guarded = guardedPart(value)
  const { bits, pattern } = estimateStrength(guarded)
  const weak = publishedReason(value, published) ?? publishedReason(guarded, published) ?? (bits < PATTERN_BITS ? pattern : null)
  const provider = variable === undefined ? null : providerOf(variable)
  const shape = provider?.shape && !provider.shape.test(value) ? `does not look like a key of ${provider.provider}` : null
  return { length: [...guarded].length, entropyBits: bits, value: print, ...(weak && { weak }), ...(shape && { shape }) }
}

/** Of a URL with a password, the password: host and path are no secret. */
function guardedPart(value: string): string {
  const encoded = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:]*:([^\s/?#]*)@[^@]*$/i.exec(value)?.[1]
  if (encoded === undefined) return value
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}
