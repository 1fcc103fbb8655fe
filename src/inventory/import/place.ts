import type { Stats } from 'node:fs'
import { chmod, chown, link, lstat, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fromFileSystem, KeyturnError } from '../../errors.ts'
import type { Random } from '../../ports.ts'
import { syncFolder } from '../../state/files.ts'

/** Files of the project that are committed, such as `secrets.yaml` and `.gitignore`. Never for values. */

/** For everybody to read, as files of a project are. */
const MODE = 0o644
const LEFTOVER = /^\.(secrets(\.[\w-]+)?\.yaml|\.gitignore|[\w.-]*\.dockerignore)\.keyturn-[0-9a-f]{24}\.tmp$/

/**
 * Puts a text in the place of a file, or makes it; mode and owner stay. A symbolic link stays too: the file it names is
 * replaced. A kill leaves the old or the new.
 *
 * @throws KeyturnError FILE_UNWRITABLE or DISK_FULL.
 */
export async function replaceText(file: string, text: string, random: Random): Promise<void> {
  const target = await realpath(file).catch(() => file)
  await write(target, text, random, async (temp) => rename(temp, target))
}

/**
 * Makes a file, and never replaces one.
 *
 * @returns false where there is one already.
 * @throws KeyturnError FILE_UNWRITABLE or DISK_FULL.
 */
export async function makeText(file: string, text: string, random: Random): Promise<boolean> {
  let made = true
  await write(file, text, random, async (temp) => {
    try {
      await link(temp, file)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      made = code !== 'EEXIST' && (await lstat(file).catch(() => null)) === null
      // exFAT and some shared folders have no hard links.
      if (made && ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code ?? '')) await rename(temp, file)
      else if (made) throw error
    }
  })
  return made
}

async function write(target: string, text: string, random: Random, place: (temp: string) => Promise<void>): Promise<void> {
  const folder = dirname(target)
  const temp = join(folder, `.${basename(target)}.keyturn-${Buffer.from(random.bytes(12)).toString('hex')}.tmp`)
  try {
    const before = await stat(target).catch(() => null)
    if (before !== null && !before.isFile()) throw new KeyturnError('FILE_UNWRITABLE', `${target}: is no file`)
    const handle = await open(temp, 'wx', MODE)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await chmod(temp, before === null ? MODE : before.mode & 0o777)
    await giveTo(temp, before ?? (await stat(folder)))
    await place(temp)
    await syncFolder(folder)
  } catch (error) {
    throw fromFileSystem(error, 'write', target)
  } finally {
    await rm(temp, { force: true }).catch(() => {})
  }
}

/** As root, a project's files stay those of its user. */
async function giveTo(file: string, owner: Stats): Promise<void> {
  if (process.getuid?.() === 0 && (owner.uid !== 0 || owner.gid !== 0)) await chown(file, owner.uid, owner.gid)
}

/** Deletes what a kill left beside such files in a folder. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) if (LEFTOVER.test(name)) await rm(join(folder, name), { force: true })
}
