import { isKeyturnError } from '../errors.ts'
import { findSecret } from '../inventory/lookup.ts'
import type { Inventory, Secret, SecretState } from '../terms.ts'
import type { Engine } from './engine.ts'
import { secretStates } from './surroundings.ts'

/**
 * Secrets that somebody took out of the inventory while a rotation was open. Their rotations still have to end (failure rule 2):
 * the snapshot says all that is needed for it.
 */
export function leftOpen(inventory: Inventory, states: ReadonlyMap<string, SecretState>): readonly Secret[] {
  const declared = new Set(inventory.secrets.map((s) => s.id))
  return [...states.values()].flatMap((state) => (declared.has(state.secret) ? [] : asDeclared(state)))
}

function asDeclared({ secret: id, rotation }: SecretState): readonly Secret[] {
  if (!rotation) return []
  const { name, fields, store, path, rotator, policy } = rotation.snapshot
  return [{ id, name, env: {}, fields, store, path, rotator, rotatorDeclared: true, policy, accept: [] }]
}

/** A secret by its name or by one of its variables, also one that left the inventory with a rotation open. NAME_UNKNOWN otherwise. */
export async function openOrDeclared(engine: Engine, name: string): Promise<Secret> {
  try {
    return findSecret(engine.inventory(), name)
  } catch (error) {
    if (!isKeyturnError(error, 'NAME_UNKNOWN')) throw error
    const left = leftOpen(engine.inventory(), await secretStates(engine)).find((s) => s.name === name)
    if (left) return left
    throw error
  }
}
