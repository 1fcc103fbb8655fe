import type { Sensitive } from '../sensitive.ts'
import type { Fields, Secret } from '../terms.ts'
import type { Engine } from './engine.ts'
import { stateOf } from './open.ts'

/**
 * The open rotation that a value belongs to which is given once more, because the command that gave it first was ended before it was
 * done: whose given value, or new version, holds these fields. `null` for none. Repeatable.
 */
export async function rotationOf(engine: Engine, secret: Secret, fields: Sensitive<Fields>): Promise<string | null> {
  const rotation = (await stateOf(engine, secret))?.rotation
  if (!rotation) return null
  const tokens = [rotation.given, rotation.made?.token].filter((token) => token !== null && token !== undefined)
  const stored = await (await engine.store(rotation.snapshot.store)).get(rotation.snapshot.path, tokens)
  const holds = (version: Sensitive<Fields>): boolean =>
    version.tells((held) => fields.tells((given) => Object.entries(given).every(([name, value]) => held[name] === value)))
  return stored.some((version) => holds(version.fields)) ? rotation.id : null
}

/** The open rotation whose value a person gave; `null` for none. */
export async function givenRotationOf(engine: Engine, secret: Secret): Promise<string | null> {
  const rotation = (await stateOf(engine, secret))?.rotation
  return rotation?.given ? rotation.id : null
}
