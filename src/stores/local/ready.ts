import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { isKeyturnError, KeyturnError } from '../../errors.ts'
import { Sensitive } from '../../sensitive.ts'
import { openSealed, sealTo } from './envelope.ts'
import type { Keyring } from './keyring.ts'
import type { Shelf } from './shelf.ts'

/** Free bytes below which a rotation is not begun: some hundred versions, and room for the ledger beside them. */
const SPACE = 1024 * 1024

/** Opening this many files without success says that the key is the wrong one. */
const TRIES = 50

/**
 * What a `put` needs: a writable folder, space, and a key that opens the store and is among its recipients.
 *
 * @throws KeyturnError DISK_FULL, FILE_UNWRITABLE, IDENTITY_WRONG, CONFIG_INVALID.
 */
export async function checkReady({ dir, shelf, ring, recipients }: { dir: string; shelf: Shelf; ring: Keyring; recipients: readonly string[] }): Promise<void> {
  const disk = await statfs(dir)
  const free = disk.bavail * disk.bsize
  if (free < SPACE) throw new KeyturnError('DISK_FULL', `${dir}: ${Math.floor(free / 1024)} KiB free, and ${SPACE / 1024} are wanted before anything is begun`)
  const probe = join(dir, 'tmp', 'probe')
  await shelf.write(probe, await sealTo(new Sensitive(new Uint8Array(0)), ring, recipients), () => {})
  await rm(probe, { force: true })
  let tried = 0
  for (const file of await shelf.all()) {
    if (++tried > TRIES) break
    try {
      const bytes = await shelf.read(file)
      if (bytes && (await openSealed(bytes, ring, null)).ok) return
    } catch (error) {
      if (!isKeyturnError(error)) throw error
    }
  }
  if (tried > 0) throw new KeyturnError('IDENTITY_WRONG', `the key of this machine (${ring.own.join(', ')}) opens no file of the store in ${dir}`)
}
