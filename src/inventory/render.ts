import type { Json } from '../terms.ts'
import { suggestRotatorForAll } from './names.ts'
import { inline } from './splice.ts'

/** The text of a new `secrets.yaml`, small and with its reasons beside it; what `secrets init` writes. */

export interface NewSecret {
  readonly name: string
  /** Variable to field; none for a secret that only Keyturn uses. */
  readonly env: Readonly<Record<string, string>>
  /** Left out where the name of the variable tells it. */
  readonly rotator?: { readonly kind: string; readonly params?: Readonly<Record<string, Json>>; readonly admin?: string }
  /** Required with rotator none. */
  readonly reason?: string
  readonly owner?: string
  readonly store?: string
  readonly path?: string
}

export interface NewOutput {
  readonly file: string
  readonly dialect?: string
  readonly only?: readonly string[] | null
  readonly vars?: Readonly<Record<string, string>>
  readonly consumers?: readonly Readonly<Record<string, Json>>[]
  readonly unproven?: 'grace'
}

export interface NewInventory {
  readonly id: string
  /** Written, so that a checkout in a folder of another name finds its values. */
  readonly project: string
  /** Left out for production in `secrets.yaml`. */
  readonly environment?: string
  readonly recipients?: readonly { readonly recipient: string; readonly comment?: string }[]
  /** Left out for the embedded store alone. */
  readonly stores?: Readonly<Record<string, Json>>
  readonly secrets: readonly NewSecret[]
  readonly outputs: readonly NewOutput[]
  /** The file with the JSON Schema, relative: the comment for editors says how it is made. */
  readonly schema?: string
}

const WIDEST = 110

/** One secret as it stands behind its name: the variable alone, or a map of what must be said. */
export function secretValue(secret: NewSecret): Json {
  const variables = Object.entries(secret.env)
  const [first] = variables
  const single = variables.length === 1 && first !== undefined
  const { rotator } = secret
  const params = rotator?.params ?? {}
  const plain = Object.keys(params).length === 0 && rotator?.admin === undefined
  // What the name tells anyway need not be said, except for kinds that act by themselves or never: those are better seen.
  const told = rotator === undefined || (plain && rotator.kind === 'manual' && suggestRotatorForAll(Object.keys(secret.env)).kind === 'manual')
  const value: Record<string, Json> = {}
  if (single) {
    value.env = first[0]
    if (first[1] !== 'value') value.field = first[1]
  } else if (variables.length > 1) value.env = secret.env
  if (!told && rotator)
    value.rotator = plain ? rotator.kind : { kind: rotator.kind, ...params, ...(rotator.admin === undefined ? {} : { admin: rotator.admin }) }
  for (const key of ['reason', 'owner', 'store', 'path'] as const) if (secret[key] !== undefined) value[key] = secret[key]
  return single && Object.keys(value).length === 1 ? first[0] : value
}

/** The whole text. It loads, if names and kinds are right; comments say what a reader would ask. */
export function renderInventory(inventory: NewInventory): string {
  const lines = [
    ...(inventory.schema === undefined
      ? []
      : [`# yaml-language-server: $schema=${inventory.schema}`, `# For completion in your editor: secrets schema > ${inventory.schema}`]),
    '# Commit this file: it names the secrets and holds no values. "secrets schema" prints all that may stand here.',
    `id: ${inventory.id}  # marks streams, tags at providers and the store: never change it`,
    `project: ${inline(inventory.project)}`,
    ...(inventory.environment === undefined ? [] : [`environment: ${inline(inventory.environment)}`]),
  ]
  const recipients = inventory.recipients ?? []
  if (recipients.length > 0)
    lines.push(
      'recipients:  # every one of them can read the store',
      ...recipients.map(({ recipient, comment }) => `  - ${recipient}${comment ? `  # ${oneLine(comment)}` : ''}`),
    )
  const stores = Object.entries(inventory.stores ?? {})
  if (stores.length > 0) lines.push('stores:', ...stores.flatMap(([name, store]) => entry('  ', name, store)))
  lines.push(inventory.secrets.length > 0 ? 'secrets:' : 'secrets: {}')
  for (const secret of inventory.secrets) lines.push(...entry('  ', secret.name, secretValue(secret)))
  if (inventory.outputs.length > 0) lines.push(...outputLines(inventory.outputs))
  return `${lines.join('\n')}\n`
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

/** In one line where it fits, else its keys below. */
function entry(indent: string, key: string, value: Json): readonly string[] {
  const line = `${indent}${inline(key)}: ${inline(value)}`
  if (line.length <= WIDEST || typeof value !== 'object' || value === null || Array.isArray(value)) return [line]
  return [`${indent}${inline(key)}:`, ...Object.entries(value).flatMap(([name, below]) => entry(`${indent}  `, name, below ?? null))]
}

function outputLines(outputs: readonly NewOutput[]): readonly string[] {
  const values = outputs.map(outputValue)
  if (values.every((value) => typeof value === 'string')) {
    const line = `outputs: ${inline(values)}`
    if (line.length <= WIDEST) return [line]
  }
  return ['outputs:', ...values.flatMap(itemLines)]
}

function outputValue(output: NewOutput): Json {
  const { file, dialect, only, vars, consumers, unproven } = output
  const value: Record<string, Json> = { file }
  if (dialect !== undefined) value.dialect = dialect
  if (only) value.only = only
  if (vars && Object.keys(vars).length > 0) value.vars = vars
  if (consumers && consumers.length > 0) value.consumers = consumers
  if (unproven) value.unproven = unproven
  return Object.keys(value).length === 1 ? file : value
}

function itemLines(value: Json): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`  - ${inline(value)}`]
  const keys = Object.entries(value).flatMap(([key, below]) => {
    if (key === 'vars' && typeof below === 'object' && below !== null)
      return [`    ${key}:`, ...Object.entries(below).map(([name, text]) => `      ${name}: ${JSON.stringify(text)}`)]
    if (Array.isArray(below) && key === 'consumers') return [`    ${key}:`, ...below.map((item: Json) => `      - ${inline(item)}`)]
    return entry('    ', key, below ?? null)
  })
  return [`  - ${keys[0]?.trimStart() ?? ''}`, ...keys.slice(1)]
}
