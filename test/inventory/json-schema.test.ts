import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { inventorySchema, type JsonSchema } from '../../src/inventory/json-schema.ts'
import { LONG, SHORT } from './documented.ts'
import { KINDS } from './files.ts'

/** Where a value breaks a schema: the keywords that ours uses, no others. */
function faults(schema: JsonSchema | boolean, value: unknown, path = ''): readonly string[] {
  if (typeof schema === 'boolean') return schema ? [] : [path]
  const known = [
    '$schema',
    'title',
    'description',
    'type',
    'properties',
    'required',
    'additionalProperties',
    'propertyNames',
    'anyOf',
    'items',
    'pattern',
    'enum',
    'const',
    'format',
    'minItems',
    'minLength',
    'minimum',
    'maximum',
  ]
  expect(Object.keys(schema).filter((keyword) => !known.includes(keyword))).toEqual([])
  const found: string[] = []
  const wrong = (is: boolean) => is && found.push(path)
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (schema.type)
    wrong(
      !{
        object: isMap,
        array: Array.isArray(value),
        string: typeof value === 'string',
        number: typeof value === 'number',
        integer: Number.isInteger(value),
        boolean: typeof value === 'boolean',
        null: value === null,
      }[schema.type as 'string'],
    )
  if (schema.const !== undefined) wrong(value !== schema.const)
  if (schema.enum) wrong(!schema.enum.includes(value as string))
  if (schema.anyOf) wrong(!schema.anyOf.some((form) => faults(form, value, path).length === 0))
  if (typeof value === 'string') {
    wrong(schema.pattern !== undefined && !new RegExp(schema.pattern).test(value))
    wrong(schema.minLength !== undefined && value.length < schema.minLength)
  }
  if (typeof value === 'number') wrong(value < (schema.minimum ?? value) || value > (schema.maximum ?? value))
  if (Array.isArray(value)) {
    wrong(value.length < (schema.minItems ?? 0))
    for (const [index, item] of value.entries()) if (schema.items) found.push(...faults(schema.items as JsonSchema, item, `${path}[${index}]`))
  }
  if (isMap) {
    for (const key of schema.required ?? []) if (!(key in value)) found.push(`${path}.${key}`)
    for (const [key, below] of Object.entries(value)) {
      const own = schema.properties?.[key]
      if (schema.propertyNames) found.push(...faults(schema.propertyNames as JsonSchema, key, `${path}.${key}`))
      if (own !== undefined) found.push(...faults(own as JsonSchema, below, `${path}.${key}`))
      else if (schema.additionalProperties !== undefined) found.push(...faults(schema.additionalProperties as JsonSchema, below, `${path}.${key}`))
    }
  }
  return found
}

/** Every key below a schema that has no words for people. */
function undescribed(schema: unknown, path = ''): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap((one) => undescribed(one, path))
  if (typeof schema !== 'object' || schema === null) return []
  const { properties = {} } = schema as JsonSchema
  const bare = Object.entries(properties).flatMap(([key, below]) => (typeof below === 'object' && below.description === undefined ? [`${path}.${key}`] : []))
  return [...bare, ...Object.entries(schema).flatMap(([key, below]) => undescribed(below, `${path}.${key}`))]
}

describe('the JSON Schema', () => {
  test('is of draft 2020-12 and describes every key', () => {
    const schema = inventorySchema()
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
    expect(undescribed(schema)).toEqual([])
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
  })

  test.each([
    ['short', SHORT],
    ['long', LONG],
  ])('takes the %s form of everything', (_, text) => {
    expect(faults(inventorySchema(), parse(text))).toEqual([])
    expect(faults(inventorySchema(KINDS), parse(text))).toEqual([])
  })

  test.each([
    ['an unknown key', 'id: kt_8f3k2m9q\nsecert: {}', '.secert'],
    ['no id', 'secrets: {}', '.id'],
    ['an unknown key of a secret', 'id: kt_8f3k2m9q\nsecrets: { a: { rotater: random } }', '.secrets.a'],
    ['a duration in words', 'id: kt_8f3k2m9q\npolicy: { grace: one day }', '.policy.grace'],
    ['a name in capitals', 'id: kt_8f3k2m9q\nsecrets: { OpenAI: A }', '.secrets.OpenAI'],
    ['a dialect that is none', 'id: kt_8f3k2m9q\noutputs: [ { file: a, dialect: x } ]', '.outputs[0]'],
  ])('refuses %s', (_, text, place) => {
    expect(faults(inventorySchema(), parse(text))).toContain(place)
  })

  test('knows the rotators and consumers of this build, with their parameters', () => {
    const schema = inventorySchema(KINDS)
    const withRotator = (rotator: unknown) => faults(schema, { id: 'kt_8f3k2m9q', secrets: { a: { env: 'A', rotator } } })
    expect(withRotator('random')).toEqual([])
    expect(withRotator({ kind: 'random', format: 'hex', admin: 'b' })).toEqual([])
    expect(withRotator('deepgram')).not.toEqual([])
    expect(withRotator({ kind: 'random', format: 'octal' })).not.toEqual([])
    expect(withRotator({ kind: 'random', lenght: 3 })).not.toEqual([])
    const withConsumer = (consumer: unknown) => faults(schema, { id: 'kt_8f3k2m9q', outputs: [{ file: 'a', consumers: [consumer] }] })
    expect(withConsumer({ kind: 'compose', service: 'x', unproven: 'grace', timeout: '5m' })).toEqual([])
    expect(withConsumer({ kind: 'compose', servic: 'x' })).not.toEqual([])
    expect(faults(schema, { id: 'kt_8f3k2m9q', stores: { a: { kind: 'gcp' } } })).not.toEqual([])
  })
})
