import { parseParams, rotatorOf } from './context.ts'
import type { Engine } from './engine.ts'

/** What a rotator can do with some params: more than which verbs it has. */
export interface Traits {
  readonly overlap: boolean
  /** It has `set`: we invent the value and tell the provider. */
  readonly sets: boolean
  /** Something at a provider can be ended. */
  readonly revokes: boolean
  /** The provider can list what carries our tag. */
  readonly lists: boolean
}

/** UNSUPPORTED when this build has no such rotator, CONFIG_INVALID when it does not take such params. */
export function traitsOf(engine: Pick<Engine, 'rotators'>, kind: string, given: unknown): Traits {
  const rotator = rotatorOf(engine, kind)
  const params = parseParams(rotator, given)
  return {
    overlap: rotator.overlap(params),
    sets: rotator.set !== undefined && (rotator.sets?.(params) ?? true),
    revokes: rotator.revoke !== undefined && (rotator.revokes?.(params) ?? true),
    lists: rotator.orphans !== undefined && (rotator.lists?.(params) ?? true),
  }
}
