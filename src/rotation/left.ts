import { isKeyturnError } from '../errors.ts'
import { findSecret } from '../inventory/lookup.ts'
import type { Inventory, Secret, SecretState, Snapshot } from '../terms.ts'
import type { Engine } from './engine.ts'
import { secretStates } from './surroundings.ts'

type Reading = { readonly inventory: Engine['inventory']; readonly ledger: Pick<Engine['ledger'], 'states'> }

/**
 * Secrets that somebody took out of the inventory while a rotation was open. Their rotations still have to end (failure rule 2):
 * the snapshot says all that is needed for it.
 */
export const leftOpen = (inventory: Inventory, states: ReadonlyMap<string, SecretState>): readonly Secret[] =>
  undeclared(inventory, states).flatMap((state) => openSecret(state) ?? [])

/** Those of which a provider may still list what a crash left behind (failure rule 4). */
export const leftLate = (inventory: Inventory, states: ReadonlyMap<string, SecretState>): readonly Secret[] =>
  undeclared(inventory, states).flatMap(({ secret, rotation, late }) => (rotation === null && late ? asDeclared(secret, late.snapshot) : []))

/** The secret of an open rotation as it was declared when that began; `null`: none is open. */
export const openSecret = ({ secret, rotation }: SecretState): Secret | null => rotation && asDeclared(secret, rotation.snapshot)

const undeclared = (inventory: Inventory, states: ReadonlyMap<string, SecretState>): readonly SecretState[] => {
  const declared = new Set(inventory.secrets.map((s) => s.id))
  return [...states.values()].filter(({ secret }) => !declared.has(secret))
}

function asDeclared(id: string, { name, fields, store, path, rotator, policy }: Snapshot): Secret {
  return { id, name, env: {}, fields, store, path, rotator, rotatorDeclared: true, policy, accept: [] }
}

/** A secret by its name or by one of its variables, also one that left the inventory with a rotation open. NAME_UNKNOWN otherwise. */
export async function openOrDeclared({ inventory, ledger }: Reading, name: string): Promise<Secret> {
  try {
    return findSecret(inventory(), name)
  } catch (error) {
    if (!isKeyturnError(error, 'NAME_UNKNOWN')) throw error
    const left = leftOpen(inventory(), await secretStates({ ledger })).find((s) => s.name === name)
    if (left) return left
    throw error
  }
}
