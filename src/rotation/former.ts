import { listsBoth } from '../inventory/template.ts'
import type { Inventory, Secret, SecretState, Token, VersionRef } from '../terms.ts'

/** Lists of both: outputs in which the value that a rotation replaces stands beside the new one until the rotation is closed. */

/** Whether any output lists both values of this secret. */
export const hasLists = ({ outputs }: Inventory, { name }: Secret): boolean =>
  outputs.some(({ vars }) => Object.values(vars).some((text) => listsBoth(text, name)))

/**
 * The version that stands in lists beside the one that the store has now (`token`): what an open rotation replaces. `null` once it is closed,
 * and at once where the old value leaked. Pure.
 */
export function formerOf(state: SecretState | undefined, token: Token): VersionRef | null {
  const r = state?.rotation
  if (!r?.snapshot.both || r.compromised || r.made?.token !== token || r.retiring === null || r.retiring.token === token) return null
  const { retiring } = r
  return state?.former.some((v) => v.token === retiring.token && v.deadAt !== undefined) ? null : retiring
}
