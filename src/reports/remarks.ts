import type { Inventory } from '../terms.ts'

/** Whole sentences about a project as such, for the end of its status. */
export function remarksOf({ stores, recipients }: Inventory): readonly string[] {
  const local = stores.length === 0 || stores.some(({ kind }) => kind === 'local')
  // One recipient is this machine alone.
  return local && recipients.length < 2
    ? ['No recovery key: if this machine is lost, so are the secrets. Make one: secrets identity add --recovery-key-file FILE']
    : []
}
