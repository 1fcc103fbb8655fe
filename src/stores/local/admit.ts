import { KeyturnError } from '../../errors.ts'
import type { Clock, Random } from '../../ports.ts'
import type { Sensitive } from '../../sensitive.ts'
import type { Owner } from '../../state/paths.ts'
import { openLocalStore } from './store.ts'

export interface Admission {
  /** The store's folder. */
  readonly dir: string
  readonly inventoryId: string
  /** A key that opens the store and that this machine need not keep: the recovery key. */
  readonly identity: Sensitive<string>
  /** Whose writing counted until now. */
  readonly trusted: readonly string[]
  /** Who reads it from now on; the recipient of `identity` must be among them. */
  readonly recipients: readonly string[]
  readonly clock: Clock
  readonly random: Random
  readonly owner: Owner | null
}

/**
 * Encrypts every file of a store to other recipients, with a key that is not this machine's. As `reencrypt` of the store: run
 * again, it goes on with the files that are left.
 *
 * @returns how many files were changed.
 * @throws KeyturnError IDENTITY_WRONG where the key is no recipient, or a file is encrypted to others; STORE_DAMAGED naming a
 * file that cannot be opened (the others are done first); DISK_FULL, FILE_UNWRITABLE, STORE_BUSY.
 */
export function admit({ identity, trusted, recipients, ...place }: Admission): Promise<number> {
  const store = openLocalStore({
    ...place,
    identity: async () => [identity],
    recipients: [...trusted],
    fingerprints: () => Promise.reject(new KeyturnError('INTERNAL', 'no fingerprint is needed to encrypt a file anew')),
  })
  return store.reencrypt(recipients)
}
