import {
  chownSync,
  closeSync,
  constants,
  fchownSync,
  fsync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { open, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type ErrorCode, fromFileSystem, KeyturnError } from '../errors.ts'
import type { Random } from '../ports.ts'
import type { Owner } from './paths.ts'

// Only the flushes wait for the disk, so only they leave the thread: everything else the kernel answers from memory, sooner than another thread
// could be asked.
const flushed = promisify(fsync)

/** Called at named points between two writes: tests kill the process there. */
export type Fault = (point: string) => void | Promise<void>

/** Everything a write needs besides bytes and name. */
export interface Writing {
  readonly random: Random
  /** Under sudo, the caller. */
  readonly owner: Owner | null
  readonly fault?: Fault | undefined
  /** Makes the names in a folder survive a power cut, or sees to it that somebody does; default: `syncFolder`, at once. */
  readonly flush?: ((folder: string) => void | Promise<void>) | undefined
}

/** Names of temporary files start with it; whatever has such a name and no writer is a leftover of a kill. */
const TEMP = '.tmp-'

/**
 * A folder that only its owner may enter, with its missing parents, on disk when this returns. One that is there already
 * stays as it is.
 *
 * @param flush - as in `Writing`
 * @throws KeyturnError DISK_FULL or FILE_UNWRITABLE.
 */
export async function makeFolder(dir: string, owner: Owner | null, flush: Writing['flush'] = syncFolder): Promise<void> {
  try {
    const first = mkdirSync(dir, { recursive: true, mode: 0o700 })
    if (first === undefined) return
    for (let made = dir; ; made = dirname(made)) {
      if (owner) chownSync(made, owner.uid, owner.gid)
      await flush(dirname(made))
      if (made === first || made === dirname(made)) return
    }
  } catch (error) {
    throw fromFileSystem(error, 'write', dir)
  }
}

/** Flushes a folder, so that the names in it survive a power cut. */
export async function syncFolder(dir: string): Promise<void> {
  const folder = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await flushed(folder)
  } catch (error) {
    // Some file systems know no fsync of a folder; they write names in order anyhow.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
  } finally {
    closeSync(folder)
  }
}

/**
 * The bytes of a regular file, or `null` where there is none. Neither follows a link nor waits on a pipe.
 *
 * @param limit - bytes; a larger file is not read.
 * @param odd - the code for what is there and is no such file: larger, a link, a folder, a pipe.
 * @throws KeyturnError FILE_UNREADABLE where the system refuses.
 */
export async function readWhole(
  file: string,
  limit: number,
  odd: ErrorCode = 'FILE_UNREADABLE',
): Promise<{ readonly bytes: Buffer; readonly stat: Stats } | null> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = await handle.stat()
      if (!stat.isFile()) throw new KeyturnError(odd, `${file}: not a regular file`)
      if (stat.size > limit) throw new KeyturnError(odd, `${file}: ${stat.size} bytes, more than the ${limit} that it may have`)
      return { bytes: await handle.readFile(), stat }
    } finally {
      await handle.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') throw new KeyturnError(odd, `${file}: a symbolic link, which is not followed here`)
    throw fromFileSystem(error, 'read', file)
  }
}

/**
 * A new file of 0600 with an unpredictable name in `folder`, its bytes on disk. It is gone again if this throws.
 *
 * @throws KeyturnError DISK_FULL or FILE_UNWRITABLE.
 */
export async function writeTemp(folder: string, bytes: Uint8Array, writing: Writing): Promise<string> {
  const file = join(folder, `${TEMP}${Buffer.from(writing.random.bytes(12)).toString('hex')}`)
  try {
    const handle = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
    try {
      await writing.fault?.('temp made')
      if (writing.owner) fchownSync(handle, writing.owner.uid, writing.owner.gid)
      const written = writeSync(handle, bytes, 0, bytes.length >> 1)
      await writing.fault?.('temp half written')
      writeFileSync(handle, bytes.subarray(written))
      await flushed(handle)
      await writing.fault?.('temp written')
    } finally {
      closeSync(handle)
    }
    return file
  } catch (error) {
    discard(file)
    throw fromFileSystem(error, 'write', file)
  }
}

/**
 * Puts a temporary file in the place of `target`, whatever was there. A kill leaves the old or the new.
 *
 * @throws KeyturnError DISK_FULL or FILE_UNWRITABLE; the temporary file is gone then.
 */
export async function placeOver(temp: string, target: string, writing: Writing): Promise<void> {
  try {
    renameSync(temp, target)
    await writing.fault?.('placed')
    await (writing.flush ?? syncFolder)(dirname(target))
  } catch (error) {
    discard(temp)
    throw fromFileSystem(error, 'write', target)
  }
}

/**
 * Gives a temporary file the name `target`, but never replaces what has that name.
 *
 * @returns false if something has it already; the temporary file is gone in every case.
 * @throws KeyturnError DISK_FULL or FILE_UNWRITABLE.
 */
export async function placeNew(temp: string, target: string, writing: Writing): Promise<boolean> {
  try {
    try {
      linkSync(temp, target)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EEXIST') return false
      // exFAT and some shared folders have no hard links.
      if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error
      if (lstatSync(target, { throwIfNoEntry: false })) return false
      renameSync(temp, target)
    }
    await writing.fault?.('placed')
    rmSync(temp, { force: true })
    await (writing.flush ?? syncFolder)(dirname(target))
    return true
  } catch (error) {
    throw fromFileSystem(error, 'write', target)
  } finally {
    discard(temp)
  }
}

/** What cannot be deleted here, `removeLeftovers` deletes. */
function discard(temp: string): void {
  try {
    rmSync(temp, { force: true })
  } catch {}
}

/** Deletes temporary files that a kill left in `folder`. Only for whoever holds the lock under which they are written. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.startsWith(TEMP)) await rm(join(folder, name), { force: true })
}
