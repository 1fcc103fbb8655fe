import * as z from 'zod'
import { defineRotator } from './define.ts'
import { completeFields, secretField } from './fields.ts'
import { contradiction, generate, requirementShape } from './generate.ts'

const params = z.strictObject({ ...requirementShape, field: z.string().optional() }).superRefine((given, ctx) => {
  const problem = contradiction(given)
  if (problem !== null) ctx.addIssue({ code: 'custom', message: problem })
})

/**
 * Secrets that only your own programs know: signing keys, tokens between services. A new value is invented and delivered;
 * nothing at a provider changes, so nothing has to be revoked, and whatever holds the old value is refused by your own
 * programs as soon as they run with the new one.
 */
export const random = defineRotator({
  name: 'random',
  params,
  summary: 'invents a new value; no provider is involved',
  // No value dies at a provider, so there is no step that could not be undone before `promote`.
  overlap: () => true,
  plan: () => ['invents a new value; what was signed or encrypted with the old one is refused as soon as the consumers run with the new one'],
  create: async (ctx) => {
    if (ctx.given !== null) return { fields: completeFields(ctx, 'random', ctx.given.reveal()), id: null }
    const field = secretField('random', ctx.fields, ctx.params.field)
    const value = generate(ctx.params, ctx.policy, ctx.random)
    return { fields: completeFields(ctx, 'random', { [field]: value.reveal() }), id: null }
  },
  test: async () => ({}),
})
