import type { ZodType } from 'zod'
import type { Clock, Fingerprinter, Random, SecretStore } from '../ports.ts'

/** What a store is opened with. Nothing is read or asked before the store is used. */
export interface StoreContext<P> {
  /** The store's name in the inventory, for messages. */
  readonly name: string
  readonly params: P
  /** Whose versions these are: stores on a server may hold those of several inventories. */
  readonly inventoryId: string
  /** Folder of the inventory: relative file names in params start there. */
  readonly dir: string
  /** Paths of this store that the inventory declares: `ready` looks whether it may write there. */
  readonly paths: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: Random
  /** Asked for only by a `promote` that expects something. */
  readonly fingerprints: () => Promise<Fingerprinter>
}

/** A kind of store that the inventory may name. */
export interface StoreKind<P = unknown> {
  readonly kind: string
  readonly params: ZodType<P>
  /** Loads what the kind needs, and no server is asked yet. Absent for `local`, which the composition root opens itself. */
  open?(context: StoreContext<P>): Promise<SecretStore>
}

/**
 * A kind whose `open` sees the params as their schema gives them. The list in `index.ts` holds all kinds side by side, so the type of the
 * params is forgotten on the way out.
 */
export function defineStore<P>(kind: StoreKind<P> & { readonly params: ZodType<P> }): StoreKind {
  return kind as StoreKind
}
