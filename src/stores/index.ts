import * as z from 'zod'
import { KeyturnError } from '../errors.ts'
import { once } from '../once.ts'
import type { SecretStore } from '../ports.ts'
import type { Inventory, StoreRef } from '../terms.ts'
import { aws } from './aws.ts'
import { defineStore, type StoreContext, type StoreKind } from './kind.ts'
import { vault } from './vault.ts'

const local = defineStore({ kind: 'local', params: z.strictObject({}).describe('The embedded store: it has only its kind.') })

/** Every kind of store there is, by the name that stands in the inventory. One line each; what a kind needs is loaded when one is opened. */
export const STORES: ReadonlyMap<string, StoreKind> = new Map([local, vault, aws].map((kind) => [kind.kind, kind]))

/**
 * The stores of an inventory that lie on servers, each opened once. No server is asked for anything yet.
 *
 * @throws KeyturnError UNSUPPORTED for a kind that cannot be opened so; and what the kind throws for its settings.
 */
export function serverStores(
  inventory: Inventory,
  around: Omit<StoreContext<unknown>, 'name' | 'params' | 'inventoryId' | 'dir' | 'paths'>,
): (ref: StoreRef) => Promise<SecretStore> {
  const opened = new Map<string, () => Promise<SecretStore>>()
  const open = async ({ name, kind, params }: StoreRef): Promise<SecretStore> => {
    const found = STORES.get(kind)
    if (!found?.open) throw new KeyturnError('UNSUPPORTED', `store "${name}": this version has no store of kind "${kind}"`)
    const paths = [...new Set(inventory.secrets.filter(({ store }) => store === name).map(({ path }) => path))]
    return found.open({ ...around, inventoryId: inventory.id, dir: inventory.dir, name, paths, params: found.params.parse(params) })
  }
  return (ref) => {
    const one = opened.get(ref.name) ?? once(() => open(ref))
    opened.set(ref.name, one)
    return one()
  }
}
