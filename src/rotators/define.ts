import type { ZodType } from 'zod'
import type { RotatorSpec } from '../ports.ts'

/**
 * A rotator whose verbs see the params as their schema gives them. The list in `index.ts` holds all kinds side by side, so
 * the type of the params is forgotten on the way out; the engine passes what `spec.params` parsed and nothing else.
 */
export function defineRotator<P>(spec: RotatorSpec<P> & { readonly params: ZodType<P> }): RotatorSpec {
  return spec as RotatorSpec
}
