import { siblingFiles } from '../inventory/siblings.ts'
import { type Environment, valuesElsewhere } from '../policy/elsewhere.ts'
import type { FactOptions } from '../policy/facts.ts'
import type { Fingerprinter, Ledger } from '../ports.ts'
import type { Inventory, SecretState } from '../terms.ts'

/** A project that was opened for reading. */
export interface Opened {
  readonly inventory: Inventory
  ledger(): Promise<Pick<Ledger, 'states'>>
  fingerprints(): Promise<Fingerprinter>
  close(): Promise<void>
}

/**
 * What is known around the values of a project before one is judged: words that stand around, and what its other environments hold, as far as this
 * user may open them.
 *
 * @param open - opens the project of an inventory file without asking anybody for anything
 */
export async function knownAround(
  inventory: Inventory,
  host: string,
  open: (file: string) => Promise<Opened>,
): Promise<Pick<FactOptions, 'names' | 'elsewhere'>> {
  const environments: Environment[] = []
  for (const file of siblingFiles(inventory)) {
    const found = await environmentIn(file, inventory, open)
    if (found) environments.push(found)
  }
  return { names: [inventory.project, inventory.environment, host], elsewhere: valuesElsewhere(environments) }
}

/** `null`: not of this project, or it cannot be opened. Nobody is kept from rotating by another environment. */
async function environmentIn(file: string, { id, project }: Inventory, open: (file: string) => Promise<Opened>): Promise<Environment | null> {
  let opened: Opened | null = null
  try {
    opened = await open(file)
    const { inventory } = opened
    if (inventory.id === id || inventory.project !== project) return null
    const names = new Map(inventory.secrets.map((secret) => [secret.id, secret.name]))
    const states: { readonly name: string; readonly state: SecretState }[] = []
    for await (const state of (await opened.ledger()).states()) {
      if (state.kind !== 'secret' || state.removed) continue
      const name = names.get(state.secret)
      if (name !== undefined) states.push({ name, state })
    }
    // Without one value there is no key either, and asking for it would make one.
    return states.length === 0 ? null : { name: inventory.environment, fingerprints: await opened.fingerprints(), states }
  } catch {
    return null
  } finally {
    await opened?.close()
  }
}
