import * as z from 'zod'
import type { Kinds } from './checks.ts'
import { SCHEMAS } from './schema.ts'

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = z.core.JSONSchema.JSONSchema

/**
 * What may stand in `secrets.yaml`, for editors: both forms of everything, with a description of every key. With `kinds`, rotators
 * and consumers are those of this build, each with its own parameters. It says less than the loader, which also checks one place
 * against another; what the loader takes, it takes.
 */
export function inventorySchema(kinds?: Pick<Kinds, 'rotators' | 'consumers' | 'stores'>): JsonSchema {
  const schema = jsonOf(SCHEMAS.inventory)
  if (kinds) nameKinds(schema, kinds)
  const { $schema, ...rest } = schema
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: 'Keyturn inventory',
    description: 'secrets.yaml: the secrets of one environment. It holds names and rules, and no values.',
    ...rest,
  }
}

const jsonOf = (schema: z.ZodType): JsonSchema => z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input', unrepresentable: 'any' })

/** Puts the kinds of this build where any kind may stand. */
function nameKinds(schema: JsonSchema, kinds: Pick<Kinds, 'rotators' | 'consumers' | 'stores'>): void {
  const secret = formOf(within(schema, 'secrets').additionalProperties, 'object')
  const rotator = within(secret, 'rotator')
  const ours = ['admin'] as const
  rotator.anyOf = [
    { type: 'string', enum: [...kinds.rotators.keys()] },
    ...[...kinds.rotators].map(([kind, { params }]) => withKind(kind, params, pick(formOf(rotator, 'object'), ours))),
  ]
  const consumers = within(formOf(within(schema, 'outputs').items, 'object'), 'consumers')
  const consumer = consumers.items as JsonSchema
  consumers.items = {
    anyOf: [...kinds.consumers].map(([kind, { params }]) => withKind(kind, params, pick(consumer, ['name', 'unproven', 'timeout', 'probation']))),
  }
  within(schema, 'stores').additionalProperties = { anyOf: [...kinds.stores].map(([kind, { params }]) => withKind(kind, params, {})) }
}

function withKind(kind: string, params: z.ZodType, ours: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const { $schema: _, ...brought } = jsonOf(params)
  const description = brought.description === undefined ? {} : { description: brought.description }
  // A union of several shapes cannot be merged with ours: it is named, and the loader checks the rest.
  if (brought.type !== 'object') return { type: 'object', ...description, properties: { kind: { const: kind }, ...ours }, required: ['kind'] }
  return {
    ...brought,
    properties: { kind: { const: kind, description: 'The kind.' }, ...brought.properties, ...ours },
    required: ['kind', ...(brought.required ?? [])],
    // What lets anything pass says so; what says nothing is strict, as the loader is.
    additionalProperties: brought.additionalProperties ?? false,
  }
}

const pick = (schema: JsonSchema, keys: readonly string[]): Record<string, JsonSchema> => Object.fromEntries(keys.map((key) => [key, within(schema, key)]))

function within(schema: JsonSchema, key: string): JsonSchema {
  const found = schema.properties?.[key]
  if (typeof found !== 'object') throw new Error(`the schema has no "${key}"`)
  return found
}

/** The form of that type among several. */
function formOf(schema: unknown, type: string): JsonSchema {
  const { anyOf = [] } = schema as JsonSchema
  const found = (anyOf as readonly JsonSchema[]).find((form) => form.type === type)
  if (!found) throw new Error(`the schema has no form of type ${type}`)
  return found
}
