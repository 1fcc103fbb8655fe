import { lstat, readdir, rm, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fromFileSystem, KeyturnError } from '../../errors.ts'
import { type Fault, makeFolder, placeNew, placeOver, readWhole, removeLeftovers, syncFolder, type Writing, writeTemp } from '../../state/files.ts'
import type { Token } from '../../terms.ts'
import { eachOf } from './each.ts'
import { encodeName } from './names.ts'
import { LARGEST_FILE } from './record.ts'

/**
 * Where the files of the store lie:
 *
 * ```
 * paths/<path>/current.age                     the current document
 * paths/<path>/versions/<number>~<token>.age   one version, never changed
 * tmp/                                         files being written, and what a kill left of them
 * lock                                         empty; SQLite locks it
 * ```
 *
 * Every name is made by `encodeName`. All writes happen under the lock.
 */
export interface Shelf {
  readonly lock: string
  /** Makes the folders of a new store. STATE_INSECURE where others may enter. */
  prepare(): Promise<void>
  /** To be called under the lock: STORE_DAMAGED where the folder of all records is gone. */
  check(): Promise<void>
  currentFile(path: string): string
  /** The stored versions by encoded token, in the order they were put. */
  versionFiles(path: string): Promise<readonly VersionFile[]>
  versionFile(path: string, seq: number, token: Token): string
  /** `null`: not there. STORE_DAMAGED where it is no plain file or a huge one. */
  read(file: string): Promise<Buffer | null>
  /** Replaces, or makes it. `check` runs right before the write counts. */
  write(file: string, bytes: Uint8Array, check: () => void): Promise<void>
  /** Makes it; false where it is there already. */
  writeNew(file: string, bytes: Uint8Array, check: () => void): Promise<boolean>
  /** The same shelf for many writes of `work`: the bytes of each are flushed at once, the names in each folder once at the end. */
  together<T>(work: (shelf: Shelf) => Promise<T>): Promise<T>
  remove(file: string): Promise<void>
  clean(): Promise<void>
  /** Every record file there is, sorted. */
  all(): Promise<readonly string[]>
  /** As errors and reports name it: relative to the store's folder. */
  name(file: string): string
}

export interface VersionFile {
  readonly seq: number
  /** What `encodeName` made of the token. */
  readonly encoded: string
  readonly file: string
}

/** Folders flushed at once: as many as Node asks the disk for at a time. */
const FLUSHES = 4

const VERSION = /^(\d{6,})~(.+)\.age$/

export function openShelf(dir: string, writing: Writing & { readonly fault?: Fault | undefined }): Shelf {
  const paths = join(dir, 'paths')
  const temporary = join(dir, 'tmp')
  const folder = (path: string) => join(paths, encodeName(path))
  /** Once more, for what was not there: it may be that `restore` had just taken the old folder away. */
  const afterSwap = async <T>(look: () => Promise<T | null>): Promise<T | null> => {
    if (!(await exists(paths)) && (await exists(shelf.lock))) throw new KeyturnError('STORE_BUSY', `${paths}: is being replaced`)
    return look()
  }
  const folderOf = (file: string) => file.slice(0, file.lastIndexOf('/'))

  const shelf: Shelf = {
    lock: join(dir, 'lock'),

    async prepare() {
      await makeFolder(dir, writing.owner)
      const mode = (await stat(dir)).mode & 0o777
      if (mode & 0o077) {
        throw new KeyturnError('STATE_INSECURE', `${dir}: other users of this machine may enter it (mode ${mode.toString(8)})`, { hint: `chmod 700 ${dir}` })
      }
      await makeFolder(temporary, writing.owner)
      // Only before there is a lock: whoever holds it may be about to put another folder there (`restore`).
      if (!(await exists(shelf.lock))) await makeFolder(paths, writing.owner)
    },

    async check() {
      if (!(await exists(paths))) throw new KeyturnError('STORE_DAMAGED', `${paths}: the folder is gone, and the store's lock is there`)
    },

    currentFile: (path) => join(folder(path), 'current.age'),

    async versionFiles(path) {
      const versions = join(folder(path), 'versions')
      const names = (await list(versions)) ?? (await afterSwap(() => list(versions))) ?? []
      const found = names.flatMap((name): VersionFile[] => {
        const match = VERSION.exec(name)
        return match ? [{ seq: Number(match[1]), encoded: match[2] ?? '', file: join(versions, name) }] : []
      })
      return found.sort((a, b) => a.seq - b.seq)
    },

    versionFile: (path, seq, token) => join(folder(path), 'versions', `${String(seq).padStart(6, '0')}~${encodeName(token)}.age`),

    async read(file) {
      // A folder, a pipe, a link or gigabytes in place of a record: this one file is lost, the others are not.
      const bytes = async () => (await readWhole(file, LARGEST_FILE, 'STORE_DAMAGED'))?.bytes ?? null
      return (await bytes()) ?? (await afterSwap(bytes))
    },

    async write(file, bytes, check) {
      check()
      await makeFolder(folderOf(file), writing.owner, writing.flush)
      const temp = await writeTemp(temporary, bytes, writing)
      await abandonUnless(temp, check)
      await placeOver(temp, file, writing)
    },

    async writeNew(file, bytes, check) {
      check()
      await makeFolder(folderOf(file), writing.owner, writing.flush)
      const temp = await writeTemp(temporary, bytes, writing)
      await abandonUnless(temp, check)
      return placeNew(temp, file, writing)
    },

    async together(work) {
      const folders = new Set<string>()
      try {
        return await work(openShelf(dir, { ...writing, flush: (folder) => void folders.add(folder) }))
      } finally {
        await eachOf([...folders], FLUSHES, flushFolder)
      }
    },

    async remove(file) {
      try {
        await rm(file, { force: true })
        await writing.fault?.('removed')
        await syncFolder(folderOf(file))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fromFileSystem(error, 'write', file)
      }
    },

    async clean() {
      await removeLeftovers(temporary)
    },

    async all() {
      const files: string[] = []
      for (const path of (await list(paths)) ?? []) {
        for (const folder of [join(paths, path), join(paths, path, 'versions')]) {
          for (const name of (await list(folder)) ?? []) if (name.endsWith('.age')) files.push(join(folder, name))
        }
      }
      return files
    },

    name: (file) => relative(dir, file),
  }
  return shelf
}

export const findVersion = (files: readonly VersionFile[], token: Token): VersionFile | undefined => files.find(({ encoded }) => encoded === encodeName(token))

async function flushFolder(folder: string): Promise<void> {
  try {
    await syncFolder(folder)
  } catch (error) {
    throw fromFileSystem(error, 'write', folder)
  }
}

async function abandonUnless(temp: string, check: () => void): Promise<void> {
  try {
    check()
  } catch (error) {
    await rm(temp, { force: true })
    throw error
  }
}

async function exists(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => null)) !== null
}

/** Sorted; `null` where there is no such folder. */
async function list(dir: string): Promise<readonly string[] | null> {
  try {
    return (await readdir(dir)).sort()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw fromFileSystem(error, 'read', dir)
  }
}
