import * as z from 'zod'
import { KeyturnError } from '../errors.ts'
import type { RotatorContext } from '../ports.ts'
import type { Fields } from '../terms.ts'
import { defineRotator } from './define.ts'
import { completeFields, secretField } from './fields.ts'

const params = z.strictObject({
  /** A regular expression for the whole value. */
  pattern: z.string().max(1000).refine(compiles, 'not a regular expression').optional(),
  /** The page where keys are made and deleted. */
  url: z.url({ protocol: /^https?$/ }).optional(),
  /** What a person must know, one step a line. */
  instructions: z.union([z.string(), z.array(z.string())]).optional(),
  /** The field that holds the secret, where there are several. */
  field: z.string().optional(),
  /** True where giving the new value to the provider ends the old one by itself: a password, not a key. */
  replaces: z.boolean().default(false),
})
type Params = z.output<typeof params>

/**
 * Guided rotation: a person makes the new value at the provider and deletes the old one. Keyturn does all that lies
 * between: checks the form, stores, delivers, waits for the proofs and the grace, and asks for the deletion only then.
 */
export const manual = defineRotator<Params>({
  name: 'manual',
  params,
  summary: 'a person makes the new value and deletes the old one; Keyturn does the rest',
  overlap: () => true,
  revokes: (given) => !given.replaces,
  plan: (given) => [
    `a person makes the new value${at(given)} and gives it on the prompt or by "secrets set NAME"`,
    given.replaces
      ? 'that ends the old value at once, so do it when the consumers may be refreshed'
      : 'a person deletes the old one after the grace, when "secrets status" asks for it',
  ],
  guide: (given) => ({ instructions: steps(given), ...(given.url !== undefined && { url: given.url }) }),
  create: async (ctx) => {
    if (ctx.given === null) {
      throw new KeyturnError('NEEDS_PERSON', `manual: a person has to make the new value${at(ctx.params)}`, {
        hint: 'Then give it: "secrets rotate NAME" asks for it on a terminal, "secrets set NAME" reads it from stdin.',
        details: steps(ctx.params),
      })
    }
    const fields = completeFields(ctx, 'manual', ctx.given.reveal())
    checkForm(ctx, fields.reveal())
    return { fields, id: null }
  },
  test: async (ctx, version) => {
    checkForm(ctx, version.fields.reveal())
    return {}
  },
  revoke: async (ctx) => {
    if (ctx.params.replaces) return
    throw new KeyturnError('NEEDS_PERSON', `manual: a person has to delete the old key${at(ctx.params)}`, {
      hint: 'once it is deleted there: secrets approve NAME --reason "deleted at the provider"',
    })
  },
})

/** VALUE_REFUSED unless the value has the form asked for. That is all that can be tested without the provider. */
function checkForm(ctx: RotatorContext<Params>, fields: Fields): void {
  const field = secretField('manual', ctx.fields, ctx.params.field)
  const value = fields[field] ?? ''
  if (value === '') throw new KeyturnError('VALUE_REFUSED', `manual: the field "${field}" is empty`)
  if (ctx.params.pattern === undefined || new RegExp(`^(?:${ctx.params.pattern})$`, 'su').test(value)) return
  throw new KeyturnError('VALUE_REFUSED', `manual: the value of "${field}" (${value.length} characters) does not have the form ${ctx.params.pattern}`, {
    hint: 'Copy the whole key again, or correct "pattern:" in secrets.yaml.',
  })
}

function steps(given: Params): readonly string[] {
  if (given.instructions !== undefined)
    return typeof given.instructions === 'string' ? given.instructions.split('\n').filter((line) => line !== '') : given.instructions
  if (given.replaces) return [`Change it${at(given)}: that ends the old value at once.`, 'Then give the new value here, so that it is delivered.']
  return [`Make a new key${at(given)} with the same permissions as the old one.`, 'Keep the old one until Keyturn asks you to delete it.']
}

const at = (given: Params): string => (given.url === undefined ? ' at the provider' : ` at ${given.url}`)

function compiles(pattern: string): boolean {
  try {
    new RegExp(`^(?:${pattern})$`, 'su')
    return true
  } catch {
    return false
  }
}
