import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { type FileHandle, open, readdir, realpath, rename, stat, unlink, utimes } from 'node:fs/promises'
import path from 'node:path'
import { fromFileSystem, KeyturnError } from '../../errors.ts'

/** Reading and replacing the configuration files of another program, as whole files or not at all. */

/** No `ari.conf` is near this; what is larger is something else. */
const LARGEST_BYTES = 1024 * 1024

/** Marks our temporary files: hidden, so that no `#include *.conf` finds them. */
const TEMPORARY = '.keyturn'

/**
 * Asterisk reads a file again only if size or modification time changed, and the kernel's clock for that ticks every 4 ms
 * or so. A step this wide is a change for every file system in use.
 */
const MTIME_STEP_MS = 10

/**
 * One character a byte; `null` where there is no regular file. Throws FILE_UNREADABLE, or PROVIDER_CONFIG for a folder
 * that stands where the file should, a binary and a huge file.
 */
export async function readConfFile(file: string): Promise<string | null> {
  let info: Stats
  try {
    info = await stat(file)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw unreadable(error, file)
  }
  if (info.isDirectory()) throw new KeyturnError('PROVIDER_CONFIG', `${file} is a folder, not a file`, { hint: HINT_DOCKER })
  if (!info.isFile()) return null
  if (info.size > LARGEST_BYTES) throw new KeyturnError('PROVIDER_CONFIG', `${file}: ${info.size} bytes is no ari.conf`, { hint: HINT_CONFIG })
  let handle: FileHandle | undefined
  try {
    handle = await open(file, 'r')
    const text = (await handle.readFile()).toString('latin1')
    const nul = text.indexOf('\0')
    if (nul !== -1) {
      const line = text.slice(0, nul).split('\n').length
      throw new KeyturnError('PROVIDER_CONFIG', `${file}:${line}: a NUL byte; this is no text file, or a damaged one`, { hint: HINT_CONFIG })
    }
    return text
  } catch (error) {
    throw unreadable(error, file)
  } finally {
    await handle?.close()
  }
}

const HINT_CONFIG = 'Set "config:" of the rotator to the ari.conf that Asterisk reads.'
const HINT_DOCKER = 'Docker makes a folder where a mounted file is missing: remove it and put the file there.'

function unreadable(error: unknown, file: string): unknown {
  const ours = fromFileSystem(error, 'read', file)
  if (!(ours instanceof KeyturnError) || ours.code !== 'FILE_UNREADABLE') return ours
  return new KeyturnError('FILE_UNREADABLE', ours.message, {
    hint: `Run Keyturn as a user that may read and write ${file}: root, or a member of Asterisk's group.`,
  })
}

/**
 * Replaces the content. `before` is what was read: if the file holds anything else by now, nothing is written and false
 * comes back, so that the caller reads again.
 *
 * A new file beside it with the same mode and owner, a modification time of its own, fsync, rename, fsync of the folder: a
 * kill or a power cut leaves the old or the new. Where the folder or the owner does not allow that (a file mounted into a
 * container, a folder of root) it is written in place, in one call. `signal` is looked at right before the write that counts.
 *
 * Throws FILE_UNWRITABLE, DISK_FULL (the old content stands), or the signal's reason. May be repeated.
 */
export async function replaceConfFile(file: string, before: string, after: string, signal: AbortSignal): Promise<boolean> {
  const target = await realpath(file).catch((error: unknown) => {
    throw fromFileSystem(error, 'write', file)
  })
  await removeLeftovers(target)
  try {
    return await replaceByRename(target, before, after, signal)
  } catch (error) {
    if (!['EBUSY', 'EACCES', 'EPERM', 'EROFS', 'EXDEV'].includes((error as NodeJS.ErrnoException).code ?? '')) throw fromFileSystem(error, 'write', file)
  }
  try {
    return await replaceInPlace(target, before, after, signal)
  } catch (error) {
    const ours = fromFileSystem(error, 'write', file)
    if (!(ours instanceof KeyturnError) || ours.code !== 'FILE_UNWRITABLE') throw ours
    throw new KeyturnError('FILE_UNWRITABLE', ours.message, {
      hint: `Run Keyturn as a user that may write ${file}: root, or a member of Asterisk's group ("chmod g+w"). Nothing was changed.`,
    })
  }
}

async function replaceByRename(target: string, before: string, after: string, signal: AbortSignal): Promise<boolean> {
  const old = await stat(target)
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${randomBytes(6).toString('hex')}${TEMPORARY}`)
  const handle = await open(temporary, 'wx', 0o600)
  try {
    try {
      await handle.writeFile(after, 'latin1')
      const made = await handle.stat()
      // Not ours to give away: EPERM, and the file is written in place, where it keeps its owner.
      if (made.uid !== old.uid || made.gid !== old.gid) await handle.chown(old.uid, old.gid)
      await handle.chmod(old.mode & 0o7777)
      if (made.mtimeMs < old.mtimeMs + MTIME_STEP_MS) await handle.utimes(made.atimeMs / 1000, (old.mtimeMs + MTIME_STEP_MS) / 1000)
      await handle.sync()
    } finally {
      await handle.close()
    }
    const now = await readConfFile(target)
    signal.throwIfAborted()
    if (now !== before) {
      await unlink(temporary)
      return false
    }
    await rename(temporary, target)
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  }
  const folder = await open(path.dirname(target), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
  return true
}

/**
 * One write over the old content. A shorter text is filled up with line breaks first and cut after: at no time does the end of
 * the old text stand behind the new one, and a kill in between leaves empty lines, no more.
 */
async function replaceInPlace(target: string, before: string, after: string, signal: AbortSignal): Promise<boolean> {
  const handle = await open(target, 'r+')
  try {
    const old = await handle.stat()
    const now = await readConfFile(target)
    signal.throwIfAborted()
    if (now !== before) return false
    const bytes = Buffer.from(after.padEnd(before.length, '\n'), 'latin1')
    const { bytesWritten } = await handle.write(bytes, 0, bytes.length, 0).catch(() => ({ bytesWritten: -1 }))
    if (bytesWritten !== bytes.length) {
      await handle.write(Buffer.from(before, 'latin1'), 0, before.length, 0)
      await handle.truncate(before.length)
      throw new KeyturnError('DISK_FULL', `${target}: the disk took ${Math.max(0, bytesWritten)} of ${bytes.length} bytes; the old content was put back`)
    }
    if (bytes.length !== after.length) await handle.truncate(after.length)
    const made = await handle.stat()
    if (made.mtimeMs < old.mtimeMs + MTIME_STEP_MS) {
      // Only the owner may set a time; the change of size or the probe has to do for others.
      await utimes(target, made.atimeMs / 1000, (old.mtimeMs + MTIME_STEP_MS) / 1000).catch(() => {})
    }
    await handle.sync()
    return true
  } finally {
    await handle.close()
  }
}

/** What a killed writer left behind. Called under the file's lock, so no living one uses it. */
async function removeLeftovers(target: string): Promise<void> {
  const folder = path.dirname(target)
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    if (name.startsWith(`.${path.basename(target)}.`) && name.endsWith(TEMPORARY)) await unlink(path.join(folder, name)).catch(() => {})
  }
}

/** Gives the file another modification time, so that the next reload reads it again although nothing in it changed. */
export async function touchConfFile(file: string): Promise<void> {
  try {
    const info = await stat(file)
    await utimes(file, info.atimeMs / 1000, (info.mtimeMs + MTIME_STEP_MS) / 1000)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw fromFileSystem(error, 'write', file)
    // Only the owner may choose a time; a write of what is there already sets the present one.
    const handle = await open(file, 'r+')
    try {
      const first = Buffer.alloc(1)
      const { bytesRead } = await handle.read(first, 0, 1, 0)
      await handle.write(first, 0, bytesRead, 0)
    } finally {
      await handle.close()
    }
  }
}
