import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Inventory } from '../terms.ts'

/** `secrets.yaml`, `secrets.staging.yaml`: what environments of one project are called. */
const INVENTORY = /^secrets(\.[\w-]+)?\.ya?ml$/

/** The files of the other environments of a project, absolute; none where the folder cannot be read. */
export function siblingFiles({ dir, file }: Pick<Inventory, 'dir' | 'file'>): readonly string[] {
  try {
    return readdirSync(dir)
      .filter((name) => INVENTORY.test(name) && name !== basename(file))
      .sort()
      .map((name) => join(dir, name))
  } catch {
    return []
  }
}
