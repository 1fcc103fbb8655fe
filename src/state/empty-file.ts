import { closeSync, constants, fchownSync, openSync } from 'node:fs'
import { fromFileSystem } from '../errors.ts'
import type { Owner } from './paths.ts'

/**
 * Makes an empty file of 0600 for SQLite, if none is there. In one tick: closing any descriptor of a file drops this process's
 * POSIX locks on it, so no other caller may lock it between the open and the close.
 *
 * @throws KeyturnError FILE_UNWRITABLE, DISK_FULL.
 */
export function makeEmptyFile(file: string, owner: Owner | null): void {
  try {
    const descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
    try {
      if (owner) fchownSync(descriptor, owner.uid, owner.gid)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    // Another process was first.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw fromFileSystem(error, 'write', file)
  }
}
