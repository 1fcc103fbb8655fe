import { constants } from 'node:fs'
import { chmod, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fromFileSystem, KeyturnError } from '../errors.ts'
import type { Random } from '../ports.ts'

/**
 * Replaces the text of an inventory, if it still is what was read: temp file beside it, fsync, rename, fsync of the folder. A
 * kill leaves the old or the new. The mode stays; a symbolic link stays.
 *
 * @throws KeyturnError ANSWER_STALE when somebody edited it meanwhile; FILE_UNWRITABLE, DISK_FULL.
 */
export async function saveInventory(file: string, before: string, after: string, random: Random): Promise<void> {
  const target = await realpath(file)
  const beside = join(dirname(target), `.${basename(target)}.${Buffer.from(random.bytes(8)).toString('hex')}`)
  try {
    const { mode } = await stat(target)
    const written = await open(beside, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
    try {
      await written.writeFile(after)
      await written.sync()
    } finally {
      await written.close()
    }
    await chmod(beside, mode & 0o777)
    const now = await open(target, 'r')
    const text = await now.readFile('utf8')
    await now.close()
    if (text !== before) throw new KeyturnError('ANSWER_STALE', `${file}: somebody edited it meanwhile`, { hint: 'run the command again' })
    await rename(beside, target)
    const folder = await open(dirname(target), 'r')
    await folder.sync()
    await folder.close()
  } catch (error) {
    await rm(beside, { force: true })
    throw fromFileSystem(error, 'write', file)
  }
}
