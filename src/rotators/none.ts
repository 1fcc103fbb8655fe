import * as z from 'zod'
import { KeyturnError } from '../errors.ts'
import { defineRotator } from './define.ts'
import { completeFields } from './fields.ts'

/**
 * Secrets that must never change by themselves, such as the key that stored data is encrypted with: a new one would make
 * that data unreadable. The inventory has to say why (`reason:`). They are exempt from age, also with `rotate --all`. A value
 * that a person gives is taken: they have encrypted the data again.
 */
export const none = defineRotator({
  name: 'none',
  params: z.strictObject({}),
  summary: 'never rotated',
  never: true,
  overlap: () => false,
  plan: () => ['is never rotated'],
  create: async (ctx) => {
    if (ctx.given !== null) return { fields: completeFields(ctx, 'none', ctx.given.reveal()), id: null }
    throw new KeyturnError('UNSUPPORTED', 'none: this secret is declared as one that is never rotated', {
      hint: 'If it may be replaced after all, give it another rotator in secrets.yaml.',
    })
  },
  test: async () => ({}),
})
