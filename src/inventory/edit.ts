import { parseDocument } from 'yaml'
import { KeyturnError } from '../errors.ts'
import type { Json } from '../terms.ts'
import { type NewSecret, secretValue } from './render.ts'
import { putEntry, putItem, takeEntry, takeItem } from './splice.ts'
import type { Steps } from './spots.ts'

/**
 * Edits of `secrets.yaml`, text in and text out: comments, order and formatting of everything else stay byte for byte. Nothing is
 * written here; whoever writes the result loads it first (`loadInventoryText`). All throw CONFIG_INVALID for a text that is no YAML,
 * or that is written so cleverly (anchors, merge keys) that the change would touch something else.
 */

/** Declares a secret at the end of `secrets:`, in the shortest form that says it. A name that is there already: CONFIG_INVALID. */
export function addSecret(text: string, secret: NewSecret): string {
  const data = read(text)
  if (at(data, ['secrets', secret.name]) !== undefined) {
    throw new KeyturnError('CONFIG_INVALID', `secrets.${secret.name} is declared already`, { hint: `Use another name, or "secrets set ${secret.name}".` })
  }
  const value = secretValue(secret)
  return checked(putEntry(text, ['secrets'], secret.name, value), put(data, ['secrets', secret.name], value))
}

/**
 * Takes a secret out, also of the lists `only:` of outputs. Not declared in this text: nothing changes. An `only:` that is empty
 * afterwards is refused by the loader: the output itself has to go then.
 */
export function removeSecret(text: string, name: string): string {
  let data = read(text)
  if (at(data, ['secrets', name]) === undefined) return text
  let result = takeEntry(text, ['secrets'], name)
  data = take(data, ['secrets', name])
  const outputs = at(data, ['outputs'])
  for (const index of Array.isArray(outputs) ? outputs.keys() : []) {
    const only = at(data, ['outputs', index, 'only'])
    if (!Array.isArray(only) || !only.includes(name)) continue
    result = takeItem(result, ['outputs', index, 'only'], name)
    data = put(
      data,
      ['outputs', index, 'only'],
      only.filter((one) => one !== name),
    )
  }
  return checked(result, data)
}

/** Lets one more age recipient read the local store; one that is there already changes nothing. `comment` says whose it is. */
export function addRecipient(text: string, recipient: string, comment?: string): string {
  const data = read(text)
  const known = recipientsOf(data)
  if (known.includes(recipient)) return text
  return checked(putItem(text, ['recipients'], recipient, comment), put(data, ['recipients'], [...known, recipient]))
}

/** Takes a recipient out; one that is not there changes nothing. */
export function removeRecipient(text: string, recipient: string): string {
  const data = read(text)
  const known = recipientsOf(data)
  if (!known.includes(recipient)) return text
  const rest = known.filter((one) => one !== recipient)
  return checked(takeItem(text, ['recipients'], recipient), put(data, ['recipients'], rest))
}

/**
 * Sets one key of a secret, or takes it away (`null`); the short form becomes the long one. A secret that this text does not
 * declare (a base file does, or none): CONFIG_INVALID.
 */
export function setField(text: string, secret: string, key: string, value: Json): string {
  const data = read(text)
  const written = at(data, ['secrets', secret])
  if (written === undefined) {
    throw new KeyturnError('CONFIG_INVALID', `secrets.${secret} is not declared in this file`, {
      hint: 'It may stand in a file that this one extends: change it there.',
    })
  }
  if (typeof written === 'string') {
    if (value === null) return text
    const long = key === 'env' ? value : { env: written, [key]: value }
    return checked(putEntry(text, ['secrets'], secret, long), put(data, ['secrets', secret], long))
  }
  if (value === null) return checked(takeEntry(text, ['secrets', secret], key), take(data, ['secrets', secret, key]))
  return checked(putEntry(text, ['secrets', secret], key, value), put(data, ['secrets', secret, key], value))
}

/** The text, if it says exactly what was meant: an edit that would change anything else is not made. */
function checked(text: string, meant: Json): string {
  let data: Json | undefined
  try {
    data = read(text)
  } catch {
    data = undefined
  }
  if (data !== undefined && canonical(data) === canonical(meant)) return text
  throw new KeyturnError('CONFIG_INVALID', 'secrets.yaml is written in a way that cannot be edited without touching something else', {
    hint: 'Make this change by hand; anchors and merge keys are beyond it.',
  })
}

function read(text: string): Json {
  const document = parseDocument(text, { stringKeys: true, resolveKnownTags: false, merge: true, logLevel: 'error' })
  const [error] = document.errors
  if (!error) {
    try {
      return (document.toJS({ maxAliasCount: 1_000 }) as Json) ?? {}
    } catch {
      // An alias that leads nowhere only shows here.
    }
  }
  throw new KeyturnError('CONFIG_INVALID', `secrets.yaml cannot be edited: it is no YAML${error?.linePos ? ` in line ${error.linePos[0].line}` : ''}`, {
    hint: 'Correct it first: "secrets status" lists every problem.',
  })
}

const isMap = (value: Json | undefined): value is { readonly [key: string]: Json | undefined } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const below = (data: Json | undefined, step: string | number): Json | undefined => {
  if (Array.isArray(data)) return data[Number(step)] as Json | undefined
  return isMap(data) && Object.hasOwn(data, step) ? data[step] : undefined
}

const at = (data: Json, steps: Steps): Json | undefined => steps.reduce<Json | undefined>(below, data)

function put(data: Json | undefined, steps: Steps, value: Json): Json {
  const [step, ...rest] = steps
  if (step === undefined) return value
  const inner = put(below(data, step), rest, value)
  if (Array.isArray(data)) return data.map((item: Json, index) => (index === step ? inner : item))
  return { ...(isMap(data) ? data : {}), [step]: inner }
}

function take(data: Json, steps: Steps): Json {
  const [step, ...rest] = steps
  if (step === undefined || !isMap(data)) return data
  const inner = data[step]
  if (rest.length > 0) return { ...data, [step]: take(inner ?? {}, rest) }
  return Object.fromEntries(Object.entries(data).filter(([key]) => key !== step))
}

/** Equal for equal data: the order of keys says nothing. */
const canonical = (value: Json | undefined): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (!isMap(value)) return JSON.stringify(value ?? null)
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`
}

const recipientsOf = (data: Json): readonly Json[] => {
  const list = at(data, ['recipients'])
  return Array.isArray(list) ? list : []
}
