import type { App } from '../src/app.ts'
import { KeyturnError } from '../src/errors.ts'
import type { Inventory } from '../src/terms.ts'
import { ownRecipients } from './machine-key.ts'

/** What differs where values lie on servers: age keys open no store there, they seal backups alone. */

/** The stores that lie on servers, as messages name them: `main (vault)`; none is the empty text. */
export const serversOf = ({ stores }: Inventory): string => stores.flatMap(({ name, kind }) => (kind === 'local' ? [] : [`${name} (${kind})`])).join(', ')

/** Whether no store of the inventory is the embedded one. */
export const onServersAlone = ({ stores }: Inventory): boolean => stores.every(({ kind }) => kind !== 'local')

/**
 * Asked before a backup: a project whose values all lie on servers works without any key of its own, but nothing can be sealed then.
 *
 * @throws KeyturnError IDENTITY_MISSING where no key of this machine is a recipient, with `otherwise` as another way to go on.
 */
export async function needBackupKey({ inventory, paths }: App, otherwise = ''): Promise<void> {
  if (!onServersAlone(inventory)) return
  const own = await ownRecipients(paths)
  if (own.some((one) => inventory.recipients.includes(one))) return
  throw new KeyturnError('IDENTITY_MISSING', `${inventory.file}: no key of this machine is a recipient, so there is nothing to seal a backup with`, {
    hint: `secrets identity add --recovery-key-file FILE makes one here${otherwise}`,
  })
}
