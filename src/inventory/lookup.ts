import { KeyturnError } from '../errors.ts'
import type { Inventory, Secret } from '../terms.ts'
import { nearest } from './nearest.ts'

/** A secret by its name, or by one of its variables. @throws NAME_UNKNOWN with the nearest name */
export function findSecret(inventory: Inventory, name: string): Secret {
  const found = inventory.secrets.find((secret) => secret.name === name) ?? inventory.secrets.find((secret) => Object.hasOwn(secret.env, name))
  if (found) return found
  const close = nearest(
    name,
    inventory.secrets.flatMap((secret) => [secret.name, ...Object.keys(secret.env)]),
  )
  throw new KeyturnError(
    'NAME_UNKNOWN',
    `no secret and no variable is named "${name}" in ${inventory.file}`,
    close === null ? {} : { hint: `did you mean ${close}?` },
  )
}
