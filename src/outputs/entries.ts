import { KeyturnError } from '../errors.ts'
import { fillTemplate, parseTemplate, type Template } from '../inventory/template.ts'
import type { Document, Entry } from '../ports.ts'
import { Sensitive } from '../sensitive.ts'
import type { Output, Secret } from '../terms.ts'

/** A variable as the store says it should stand in an output. */
export interface ExpectedEntry extends Entry {
  /** Ids of the secrets that its value is made from. */
  readonly secrets: readonly string[]
}

export interface Expected {
  readonly entries: readonly ExpectedEntry[]
  /** Variables that cannot be written, as a secret they are made from has no value in the store. */
  readonly missing: readonly string[]
}

/**
 * What an output should hold: the variables of its secrets (`only` respected) in the order of the inventory, then its
 * templates. A variable without a value in the store, or with an empty one, is in `missing`: an empty value is never written.
 * `documentOf` gives the current document that a secret lies in. Throws CONFIG_INVALID for a template that names an unknown
 * secret or field, or for a variable with two sources.
 */
export function expectedEntries(output: Output, secrets: readonly Secret[], documentOf: (secret: Secret) => Document | undefined): Expected {
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
      else entries.push({ name, value: new Sensitive(found), secrets: [secret.id] })
    }
  }
  for (const [name, text] of Object.entries(output.vars)) {
    const template = parseTemplate(text)
    const used = secretsIn(template, secrets, output, name)
    let complete = true
    const filled = fillTemplate(template, ({ secret, field }) => {
      const found = value(used.get(secret) as Secret, field)
      if (found === '') complete = false
      return found
    })
    if (complete) entries.push({ name, value: new Sensitive(filled), secrets: [...new Set([...used.values()].map((secret) => secret.id))] })
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

function checkSources(entries: readonly ExpectedEntry[], output: Output): void {
  const seen = new Set<string>()
  for (const { name } of entries) {
    if (seen.has(name)) throw new KeyturnError('CONFIG_INVALID', `${output.file}: ${name} is declared twice, so its value is not certain`)
    seen.add(name)
  }
}
