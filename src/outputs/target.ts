import type { Stats } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fromFileSystem, KeyturnError } from '../errors.ts'

/** Where an output really lies. */
export interface Target {
  /** As the user named it; for messages. */
  readonly named: string
  /** The file that is read and replaced: symbolic links are resolved, so that a link stays a link. */
  readonly file: string
  readonly folder: string
}

/**
 * Resolves an output's path. The file need not be there, its folder must. A symbolic link is followed to the file it names:
 * that file is replaced, the link stays. Throws FILE_UNWRITABLE for a link that leads nowhere or in a circle, for a folder
 * that is missing, and for what is no regular file.
 */
export async function findTarget(named: string): Promise<Target> {
  const path = resolve(named)
  const stat = await look(path)
  try {
    const file = stat ? await realpath(path) : join(await realpath(dirname(path)), basename(path))
    const real = stat?.isSymbolicLink() ? await look(file) : stat
    if (real && !real.isFile()) throw new KeyturnError('FILE_UNWRITABLE', `${named}: not a regular file, so it is not replaced`)
    return { named, file, folder: dirname(file) }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (stat?.isSymbolicLink() && (code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR'))
      throw new KeyturnError('FILE_UNWRITABLE', `${named}: a symbolic link that ${code === 'ELOOP' ? 'leads in a circle' : 'leads nowhere'} (${code})`, {
        hint: 'Remove the link, or make the file it names.',
      })
    if (code === 'ENOENT') throw new KeyturnError('FILE_UNWRITABLE', `${named}: its folder does not exist`, { hint: `mkdir -p ${dirname(path)}` })
    throw fromFileSystem(error, 'write', named)
  }
}

async function look(path: string): Promise<Stats | null> {
  try {
    return await lstat(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return null
    if (code === 'ENOTDIR') throw new KeyturnError('FILE_UNWRITABLE', `${path}: a part of its path is no folder`)
    throw fromFileSystem(error, 'read', path)
  }
}
