import { providerOf } from '../inventory/providers.ts'
import type { Fingerprinter } from '../ports.ts'
import { Sensitive } from '../sensitive.ts'
import type { Facts, FieldFacts, Fields } from '../terms.ts'
import { publishedReason } from './published.ts'
import { shapeOf } from './shape.ts'
import { type Judge, judgeStrength, WEAK_BITS } from './strength.ts'

export interface FactOptions {
  /** Variable to field: the variable's name says whose key a value should be. */
  readonly env: Readonly<Record<string, string>>
  readonly fingerprints: Fingerprinter
  /** Values published elsewhere too, such as those of the project's sample file. */
  readonly published?: ReadonlySet<string>
  /** Words that stand around the value: the project, the secret, the host. User names beside it are known from its fields. */
  readonly names?: readonly string[]
  /** Where the same bare value stands in other environments of the project, as people know it: `openai in staging`. */
  readonly elsewhere?: (value: Sensitive<string>) => readonly string[]
  /** How strength is judged; default: all that is known here. */
  readonly judge?: Judge
}

/**
 * Raised whenever the checks below, or what they know, change: facts that were recorded with less are taken again when a command next has the
 * value in hand (`refreshFacts`).
 */
export const FACTS_VERSION = 2

/** Fields that name an account; they are no secrets, and no strength is asked of them. */
const IDENTIFIER =
  /^(id|user|username|user_?name|login|account|account_?(id|sid|name)|client_?id|key_?id|access_?key_?id|app_?id|project(_?id)?|tenant(_?id)?|role(_?id)?|email|mail|host|hostname|port|name|database|region|endpoint|public_?key)$/i

/** Whether a field of this name is an identifier. */
export const isIdentifier = (field: string): boolean => IDENTIFIER.test(field)

/**
 * What policy needs to know of each field, taken once when a version is first seen, so that `status`, `report` and the sweep never
 * read a value. Nothing of a value is in the result.
 */
export async function recordFacts(fields: Sensitive<Fields>, options: FactOptions): Promise<Facts> {
  const variables = new Map(Object.entries(options.env).map(([variable, field]) => [field, variable]))
  const values = Object.entries(fields.reveal())
  const users = values.filter(([field]) => isIdentifier(field)).map(([, value]) => value)
  const names = [...users, ...Object.keys(options.env), ...(options.names ?? [])]
  const facts: Record<string, FieldFacts> = {}
  for (const [field, value] of values) facts[field] = await factsOf(field, value, variables.get(field), { ...options, names })
  return facts
}

async function factsOf(field: string, value: string, variable: string | undefined, options: FactOptions): Promise<FieldFacts> {
  const boxed = new Sensitive(value)
  const common = { value: options.fingerprints.ofValue(boxed), by: FACTS_VERSION }
  if (isIdentifier(field)) return { length: [...value].length, entropyBits: 0, ...common, identifier: true }
  const guarded = guardedPart(value)
  const { judge = judgeStrength, names = [], published } = options
  const { bits, pattern } = await judge(guarded, names)
  const weak = publishedReason(value, published) ?? publishedReason(guarded, published) ?? (bits < WEAK_BITS ? pattern : null)
  const shape = variable === undefined ? null : shapeOf(value, providerOf(variable))
  const elsewhere = options.elsewhere?.(boxed) ?? []
  return {
    length: [...guarded].length,
    entropyBits: bits,
    ...common,
    ...(weak && { weak }),
    ...(pattern && { pattern }),
    ...(shape && { shape }),
    ...(elsewhere.length > 0 && { elsewhere }),
  }
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
