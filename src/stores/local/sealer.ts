import { KeyturnError } from '../../errors.ts'
import { Sensitive } from '../../sensitive.ts'
import type { Sealer } from '../../state/archive.ts'
import { openSealed, sealTo } from './envelope.ts'
import { openKeyring } from './keyring.ts'

export interface SealerOptions {
  readonly identity: () => Promise<readonly Sensitive<string>[]>
  /** Who can open what is sealed. */
  readonly recipients: readonly string[]
  /** Whose sealing counts; `null` on an empty machine, where no inventory says it yet. */
  readonly trusted: readonly string[] | null
}

/** Seals backups with the keys of the store. */
export function openSealer({ identity, recipients, trusted }: SealerOptions): Sealer {
  return {
    seal: async (bytes) => sealTo(new Sensitive(bytes), await openKeyring(await identity()), recipients),
    async open(bytes) {
      const ring = await openKeyring(await identity())
      const opened = await openSealed(bytes, ring, trusted)
      if (opened.ok) return { bytes: opened.body.reveal(), readers: opened.readers }
      if (opened.why === 'foreign') {
        throw new KeyturnError('IDENTITY_WRONG', `the backup is encrypted to other keys than this one (${ring.own.join(', ')})`, {
          hint: 'Use the recovery key: "secrets restore FILE --recovery-key-file KEY".',
        })
      }
      throw new KeyturnError('BACKUP_INVALID', `the backup is ${opened.why === 'damaged' ? opened.seen : `not to be trusted: ${opened.seen}`}`)
    },
  }
}
