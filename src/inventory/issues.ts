import * as z from 'zod'
import { showKey } from './build.ts'
import { nearest } from './nearest.ts'
import type { Problem } from './problem.ts'
import { looksLikeValue } from './providers.ts'
import { SECRET_NAME } from './schema.ts'
import { type Node, nodeAt, type Path, placeOf } from './tree.ts'

type Issue = z.core.$ZodIssue
type Schema = z.core.$ZodType

/** What zod found, in words of ours, each at its place. No message shows a value: somebody may have pasted a key where a name belongs. */
export function asProblems(issues: readonly Issue[], schema: Schema, root: Node, base: Path = []): Problem[] {
  return issues.flatMap((issue) => explain(issue, schema, root, base))
}

function explain(issue: Issue, schema: Schema, root: Node, base: Path): Problem[] {
  const path: Path = [...base, ...(issue.path as (string | number)[])]
  const here = schemaAt(schema, issue.path as (string | number)[])
  const at = (what: 'key' | 'value') => placeOf(root, path, what)
  const name = label(path)
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = here ? keysOf(here) : []
      return issue.keys.map((key) => unknownKey(key, known, path, root))
    }
    case 'invalid_union':
      return fromUnion(issue, here, root, path)
    case 'invalid_key': {
      // The place and the words are the key's own; zod reports them below the map.
      const first = issue.issues[0]
      const key = String(path.at(-1))
      const [message, hint] = parts(first?.message ?? 'is not allowed here')
      const above = label(path.slice(0, -1))
      const lower = key.toLowerCase()
      const better = path[0] === 'secrets' && path.length === 2 && key !== lower && SECRET_NAME.test(lower) && !looksLikeValue(key) ? `write ${lower}` : hint
      return [{ ...at('key'), message: `${above ? `${above}: ` : ''}${showKey(key)} ${message}`, ...(better ? { hint: better } : {}) }]
    }
    case 'invalid_type': {
      const node = nodeAt(root, path)
      if (!node) return [missing(path, here, root)]
      return [{ ...at('value'), ...wrongType(name, node, issue.expected) }]
    }
    case 'invalid_value': {
      const node = nodeAt(root, path)
      if (!node) return [missing(path, here, root)]
      const values = issue.values.map(String)
      const meant = node.kind === 'scalar' && typeof node.value === 'string' ? nearest(node.value, values) : null
      return [{ ...at('value'), message: `${name}: is none of ${values.join(', ')}`, ...(meant ? { hint: `did you mean "${meant}"?` } : {}) }]
    }
    case 'too_small':
      return [{ ...at('value'), ...tooSmall(name, issue) }]
    case 'too_big':
      return [{ ...at('value'), message: `${name}: is more than ${issue.maximum}` }]
    default:
      return [{ ...at('value'), ...ofText(name, issue.message, nodeAt(root, path)) }]
  }
}

/** The form that was meant, by what the value is (text, a map, a list); -1: none. */
const meantForm = (issue: Extract<Issue, { code: 'invalid_union' }>): number =>
  issue.errors.findIndex((errors) => !errors.some((error) => error.path.length === 0 && error.code === 'invalid_type'))

/** Where issues really are: inside the form that was meant, and at the keys that are not known. */
export function faultyPaths(issues: readonly Issue[], base: Path = []): readonly Path[] {
  return issues.flatMap((issue): readonly Path[] => {
    const path: Path = [...base, ...(issue.path as (string | number)[])]
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...path, key])
    const inside = issue.code === 'invalid_union' ? issue.errors[meantForm(issue)] : undefined
    return inside ? faultyPaths(inside, path) : [path]
  })
}

function fromUnion(issue: Extract<Issue, { code: 'invalid_union' }>, here: Schema | null, root: Node, path: Path): Problem[] {
  const node = nodeAt(root, path)
  const fits = meantForm(issue)
  const option = here ? formsOf(here)[fits] : undefined
  if (fits !== -1 && option) return asProblems(issue.errors[fits] ?? [], option, root, path)
  const place = placeOf(root, path, 'value')
  const expected = issue.errors.flatMap((errors) => errors.flatMap((error) => (error.code === 'invalid_type' ? [expectedWords(error.expected)] : [])))
  const message = `${label(path)}: expected ${[...new Set(expected)].join(' or ')}, but this is ${node ? kindOf(node) : 'nothing'}`
  const empty = node?.kind === 'scalar' && node.value === null
  if (empty && path[0] === 'secrets') return [{ ...place, message, hint: 'write the variable that holds it, or {} for a secret that only Keyturn uses' }]
  return [{ ...place, message, ...(node && isBareNumber(node) ? { hint: 'put it in quotes' } : {}) }]
}

function unknownKey(key: string, known: readonly string[], path: Path, root: Node): Problem {
  const place = placeOf(root, [...path, key], 'key')
  const above = label(path)
  const message = `${above ? `${above}: ` : ''}unknown key ${showKey(key)}`
  const meant = nearest(key, known)
  if (meant) return { ...place, message, hint: `did you mean "${meant}"?` }
  return { ...place, message, hint: known.length > 0 ? `known here: ${known.join(', ')}` : 'take it away' }
}

function missing(path: Path, here: Schema | null, root: Node): Problem {
  const above = label(path.slice(0, -1))
  const place = placeOf(root, path.slice(0, -1), 'key')
  const key = String(path.at(-1))
  const message = `${above ? `${above}: ` : ''}"${key}" is missing`
  if (path.length === 1 && key === 'id') {
    return { ...place, message, hint: 'put back the line "id: kt_..." from your version control; a new project gets one from "secrets init"' }
  }
  const description = here ? z.globalRegistry.get(here)?.description : undefined
  return { ...place, message, ...(description ? { hint: `${key}: ${description}` } : {}) }
}

function wrongType(name: string, node: Node, expected: string): { message: string; hint?: string } {
  const message = `${name || 'the file'}: expected ${expectedWords(expected)}, but this is ${kindOf(node)}`
  if (expected === 'string' && node.kind === 'scalar' && /\.perm$/.test(name) && node.plain && /^(0o)?0*[0-7]{3}$/.test(node.plain)) {
    const mode = node.plain.replace(/^(0o)?0*/, '0')
    return {
      message: `${name}: without quotes YAML reads this as the number ${String(node.value)}`,
      hint: `write it in quotes: "${mode.endsWith('0') ? mode : '0600'}"`,
    }
  }
  if (expected === 'string' && isBareNumber(node)) return { message, hint: 'put it in quotes' }
  if (/^(int|number)$/.test(expected) && node.kind === 'scalar' && /^\d+$/.test(String(node.value))) return { message, hint: 'take the quotes away' }
  if (expected === 'array' && node.kind === 'scalar' && typeof node.value === 'string') return { message, hint: 'write it in brackets: [ ... ]' }
  if (name === 'secrets' && node.kind === 'list') return { message, hint: 'give each a name: "openai: OPENAI_API_KEY"' }
  return { message }
}

function tooSmall(name: string, issue: Extract<Issue, { code: 'too_small' }>): { message: string; hint?: string } {
  const [message, hint] = parts(issue.message)
  if (hint) return { message: `${name}: ${message}`, hint }
  if (issue.origin === 'array' || issue.origin === 'string') return { message: `${name}: is empty`, hint: 'write one or more, or take the key away' }
  return { message: `${name}: is less than ${issue.minimum}` }
}

function ofText(name: string, text: string, node: Node | null): { message: string; hint?: string } {
  const [message, hint] = parts(text)
  if (node?.kind === 'scalar' && typeof node.value === 'string') {
    if (/AGE-SECRET-KEY-/i.test(node.value)) {
      return {
        message: `${name}: this is a secret key, and anyone who has read this file can open the store`,
        hint: 'take it away here and from version control, then "secrets identity" to change keys',
      }
    }
    if (looksLikeValue(node.value)) {
      return {
        message: `${name}: this looks like a secret value, which must never stand in this file`,
        hint: 'write the name of its variable, and treat the value as leaked if the file was shared',
      }
    }
  }
  return { message: `${name}: ${message}`, ...(hint ? { hint } : {}) }
}

const parts = (text: string): readonly [string, string?] => {
  const [message = '', hint] = text.split('\n', 2)
  return hint === undefined ? [message] : [message, hint]
}

const isBareNumber = (node: Node): boolean => node.kind === 'scalar' && (typeof node.value === 'number' || typeof node.value === 'boolean')

/** `secrets.openai.rotator`, `outputs[0].perm`: how a person would say it. */
export const label = (path: Path): string =>
  path.reduce<string>((text, step) => (typeof step === 'number' ? `${text}[${step}]` : text ? `${text}.${plainKey(step)}` : plainKey(step)), '')

const plainKey = (key: string): string => (/^[\w.-]{1,64}$/.test(key) && !looksLikeValue(key) ? key : '?')

const kindOf = (node: Node): string => {
  if (node.kind !== 'scalar') return node.kind === 'map' ? 'a map' : 'a list'
  if (node.value === null) return 'empty'
  return typeof node.value === 'string' ? 'text' : typeof node.value === 'number' ? 'a number' : node.value ? 'true' : 'false'
}

const expectedWords = (expected: string): string =>
  ({ string: 'text', object: 'a map', record: 'a map', array: 'a list', int: 'a whole number', number: 'a number', boolean: 'true or false' })[expected] ??
  expected

// ---- finding the schema that an issue is about, for the keys that it knows

function schemaAt(schema: Schema, path: Path): Schema | null {
  const [step, ...rest] = path
  if (step === undefined) return schema
  for (const here of formsOf(schema)) {
    const below = schemaBelow(here, step)
    const found = below && schemaAt(below, rest)
    if (found) return found
  }
  return null
}

function schemaBelow(schema: Schema, step: string | number): Schema | null {
  if (schema instanceof z.ZodObject) return (schema.shape[step] as Schema | undefined) ?? null
  if (schema instanceof z.ZodRecord) return schema.valueType as Schema
  return schema instanceof z.ZodArray ? (schema.element as Schema) : null
}

/** The forms that a value may have: the options of a union, or the schema itself. */
function formsOf(schema: Schema): readonly Schema[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) return formsOf(schema.unwrap() as Schema)
  return schema instanceof z.ZodUnion ? (schema.options as readonly Schema[]).flatMap(formsOf) : [schema]
}

const keysOf = (schema: Schema): readonly string[] => formsOf(schema).flatMap((form) => (form instanceof z.ZodObject ? Object.keys(form.shape) : []))
