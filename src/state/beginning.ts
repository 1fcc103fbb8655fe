import { isKeyturnError, KeyturnError } from '../errors.ts'
import type { Inventory } from '../terms.ts'

/**
 * Takes the error of opening a ledger. Where all values lie on servers, none being there is how a project or a machine begins, and one
 * command makes it; what was thrown otherwise is thrown on.
 */
export const beginning =
  ({ stores }: Pick<Inventory, 'stores'>) =>
  (error: unknown): never => {
    if (!isKeyturnError(error, 'RESTORE_NEEDED') || stores.some(({ kind }) => kind === 'local')) throw error
    throw new KeyturnError('RESTORE_NEEDED', error.message, {
      hint: `"secrets restore" makes it from what ${stores.map(({ name, kind }) => `${name} (${kind})`).join(', ')} has, be it nothing; of a backup: "secrets restore FILE"`,
    })
  }
