import { isKeyturnError, KeyturnError } from '../../errors.ts'
import { notListed, sealTo } from './envelope.ts'
import type { Keyring } from './keyring.ts'
import type { RecordReader } from './reader.ts'
import { encodeRecord } from './record.ts'
import type { Shelf } from './shelf.ts'

/** One to do the work, one to see that nothing came meanwhile, and some for what did. */
const PASSES = 8

export interface Reencryption {
  readonly shelf: Shelf
  readonly reader: RecordReader
  readonly ring: Keyring
  readonly recipients: readonly string[]
  readonly underLock: <T>(work: (check: () => void) => Promise<T>) => Promise<T>
}

/**
 * Passes over all files until one pass finds nothing to change: another process may put a file for the old recipients in the
 * meantime. The lock is held for one file at a time.
 *
 * @returns how many files were written.
 * @throws KeyturnError IDENTITY_WRONG, STORE_DAMAGED.
 */
export async function reencryptAll({ shelf, reader, ring, recipients, underLock }: Reencryption): Promise<number> {
  if (!ring.own.some((own) => recipients.includes(own))) throw notListed(ring)
  const wanted = [...new Set(recipients)].sort().join()
  const broken = new Map<string, KeyturnError>()
  let total = 0
  for (let pass = 0; ; pass++) {
    if (pass === PASSES)
      throw new KeyturnError('STORE_BUSY', 'other processes keep writing files for other recipients', {
        hint: 'Stop them, then run the command again: it goes on with the files that are left.',
      })
    let changed = 0
    for (const file of await shelf.all()) {
      if (broken.has(file)) continue
      try {
        if (await underLock((check) => rewrite(file, check))) changed++
      } catch (error) {
        if (!isKeyturnError(error, 'STORE_DAMAGED', 'IDENTITY_WRONG', 'STORE_NEWER')) throw error
        broken.set(file, error)
      }
    }
    total += changed
    if (changed === 0) break
  }
  const first = [...broken.values()][0]
  if (first) throw first
  return total

  async function rewrite(file: string, check: () => void): Promise<boolean> {
    const found = await reader.any(file)
    if (!found) return false
    // Also what a removed key wrote: once it is no recipient, its word no longer counts.
    if ([...found.readers].sort().join() === wanted && recipients.includes(found.writer)) return false
    await shelf.write(file, await sealTo(encodeRecord(found.record), ring, recipients), check)
    return true
  }
}
