import { KeyturnError } from '../../errors.ts'
import type { SecretStore } from '../../ports.ts'
import type { Inventory } from '../../terms.ts'
import type { ProposedSecret } from './propose.ts'

/**
 * Looks whether a store on a server has a value already where one is about to be imported. Nothing is written.
 *
 * @throws KeyturnError STORE_CHANGED naming the paths, be the values the same: somebody or another inventory keeps them there.
 */
export async function refuseTaken(store: SecretStore, { secrets, project, environment }: Inventory, proposed: readonly ProposedSecret[]): Promise<void> {
  const names = new Set(proposed.flatMap(({ name, fields }) => (fields === null ? [] : [name])))
  const wanted = secrets.filter(({ name }) => names.has(name))
  const documents = await store.read([...new Set(wanted.map(({ path }) => path))])
  const taken = wanted.filter(({ path, fields }) => fields.some((field) => documents.get(path)?.fields.tells((held) => Object.hasOwn(held, field))))
  if (taken.length === 0) return
  throw new KeyturnError('STORE_CHANGED', 'the store has a value already where one would be imported, and none is overwritten', {
    details: taken.map(({ name, path }) => `${name}: ${path}`),
    hint: `use the inventory that keeps them, take them away on the server, or begin another environment than ${project}/${environment}: secrets init -e NAME`,
    retryable: false,
  })
}
