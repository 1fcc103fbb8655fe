import { KeyturnError } from '../errors.ts'
import { fillTemplate, parseTemplate, type Template } from '../inventory/template.ts'
import type { Document, Entry } from '../ports.ts'
import { Sensitive } from '../sensitive.ts'
import type { Fields, Output, Secret } from '../terms.ts'

/** A variable as the store says it should stand in an output. */
export interface ExpectedEntry extends Entry {
  /** Ids of the secrets that its value is made from. */
  readonly secrets: readonly string[]
  /** Ids of those of which the former value stands in it as well. */
  readonly listed: readonly string[]
}

export interface Expected {
  readonly entries: readonly ExpectedEntry[]
  /** Variables that cannot be written, as a secret they are made from has no value in the store. */
  readonly missing: readonly string[]
}

/**
 * What an output should hold: the variables of its secrets (`only` respected) in the order of the inventory, then its
 * templates. A variable without a value in the store, or with an empty one, is in `missing`: an empty value is never written.
 * `documentOf` gives the current document that a secret lies in, `formerOf` the fields that are still accepted beside it, for lists of
 * both. Throws ENV_NOT_REPRESENTABLE for a value with a comma in such a list, and CONFIG_INVALID for a template that names an unknown
 * secret or field, or for a variable with two sources.
 */
export function expectedEntries(
  output: Output,
  secrets: readonly Secret[],
  documentOf: (secret: Secret) => Document | undefined,
  formerOf: (secret: Secret) => Sensitive<Fields> | undefined = () => undefined,
): Expected {
  const entries: ExpectedEntry[] = []
  const missing: string[] = []
  const value = (secret: Secret, field: string): string => {
    const held = documentOf(secret)?.fields.reveal()
    // Own properties only: a field may be called `constructor`.
    return (held && Object.hasOwn(held, field) && held[field]) || ''
  }
  for (const secret of secretsOf(output, secrets)) {
    for (const [name, field] of Object.entries(secret.env)) {
      const found = value(secret, field)
      if (found === '') missing.push(name)
      else entries.push({ name, value: new Sensitive(found), secrets: [secret.id], listed: [] })
    }
  }
  for (const [name, text] of Object.entries(output.vars)) {
    const template = parseTemplate(text)
    const used = secretsIn(template, secrets, output, name)
    let complete = true
    const listed = new Set<string>()
    const filled = fillTemplate(template, ({ secret, field, both }) => {
      const own = used.get(secret) as Secret
      const found = value(own, field)
      if (found === '') complete = false
      if (!both) return found
      requireOne(output, name, own, found)
      const former = formerOf(own)?.reveal()[field] ?? ''
      // What a list cannot hold was never in one.
      if (former === '' || former === found || former.includes(',')) return found
      listed.add(own.id)
      return `${found},${former}`
    })
    const ids = [...new Set([...used.values()].map((secret) => secret.id))]
    if (complete) entries.push({ name, value: new Sensitive(filled), secrets: ids, listed: [...listed] })
    else missing.push(name)
  }
  checkSources(entries, output)
  return { entries, missing }
}

/** The secrets that an output holds or is made from: by their variables (`only` respected) and by its templates. */
export function secretsBehind(output: Output, secrets: readonly Secret[]): readonly Secret[] {
  const templated = new Set(Object.values(output.vars).flatMap((text) => parseTemplate(text).secrets))
  const held = new Set(secretsOf(output, secrets))
  return secrets.filter((secret) => held.has(secret) || templated.has(secret.name))
}

const secretsOf = (output: Output, secrets: readonly Secret[]): readonly Secret[] =>
  secrets.filter((secret) => Object.keys(secret.env).length > 0 && (output.only === null || output.only.includes(secret.name)))

function secretsIn(template: Template, secrets: readonly Secret[], output: Output, name: string): ReadonlyMap<string, Secret> {
  const used = new Map<string, Secret>()
  for (const part of template.parts) {
    if (typeof part === 'string') continue
    const secret = secrets.find((one) => one.name === part.secret)
    if (!secret) throw new KeyturnError('CONFIG_INVALID', `${output.file}: ${name} uses the secret "${part.secret}", which is not declared`)
    if (!secret.fields.includes(part.field))
      throw new KeyturnError(
        'CONFIG_INVALID',
        `${output.file}: ${name} uses the field "${part.field}" of "${part.secret}", which has ${secret.fields.join(', ')}`,
      )
    used.set(part.secret, secret)
  }
  return used
}

function requireOne(output: Output, name: string, { name: secret }: Secret, value: string): void {
  if (!value.includes(',')) return
  throw new KeyturnError('ENV_NOT_REPRESENTABLE', `${output.file}: ${name} is a list, and the value of ${secret} has a comma in it`, {
    hint: `give it another value: secrets rotate ${secret}`,
  })
}

function checkSources(entries: readonly ExpectedEntry[], output: Output): void {
  const seen = new Set<string>()
  for (const { name } of entries) {
    if (seen.has(name)) throw new KeyturnError('CONFIG_INVALID', `${output.file}: ${name} is declared twice, so its value is not certain`)
    seen.add(name)
  }
}
