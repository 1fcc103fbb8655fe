import { chmodSync, chownSync, lstatSync, mkdirSync, realpathSync, type Stats } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fromFileSystem, KeyturnError } from '../errors.ts'
import { refuseNetworkFileSystem } from './network.ts'
import type { StatePaths } from './paths.ts'

export interface StateFolderQuestion {
  readonly paths: StatePaths
  /** Folder of the inventory. */
  readonly project: string
  /** `state:` names the folder: then it may also lie in the project. */
  readonly declared: boolean
  /** Only "restore" says so: it ends one that was killed. */
  readonly restoring?: boolean
}

/** What a restore is about to put in place; it is there from the moment all of it was verified until all of it is in place. */
export const restoreFolder = (state: string): string => join(state, 'restore')

/**
 * Looks whether the state may lie where it is to lie. Makes nothing: for commands that only read.
 *
 * @returns whether the folder is there.
 * @throws KeyturnError NETWORK_STATE, STATE_IN_PROJECT, STATE_INSECURE (naming the chmod), FILE_UNREADABLE; RESTORE_NEEDED
 * where a restore was killed half way.
 */
export function checkStateFolder({ paths, project, declared, restoring = false }: StateFolderQuestion): boolean {
  const { state } = paths
  refuseNetworkFileSystem(state)
  if (!declared && isInside(state, project)) {
    throw new KeyturnError('STATE_IN_PROJECT', `${state} lies in the project ${project}, where "git clean -fdx" would delete it`)
  }
  const found = look(state)
  if (!found) return false
  if (!found.isDirectory()) throw new KeyturnError('FILE_UNREADABLE', `${state}: is no folder`)
  const mode = found.mode & 0o777
  if (mode & 0o077) {
    throw new KeyturnError('STATE_INSECURE', `${state}: other users of this machine may enter it (mode ${mode.toString(8)})`, { hint: `chmod 700 ${state}` })
  }
  if (!restoring && look(restoreFolder(state))) {
    throw new KeyturnError('RESTORE_NEEDED', `${state}: a restore was interrupted, and its old and new files are both there`, {
      hint: 'Run "secrets restore" once more: it ends the one that was begun.',
    })
  }
  return true
}

/**
 * Makes the state folder where it is missing, after {@link checkStateFolder}. 0700, and under sudo the caller's.
 *
 * @throws KeyturnError as above, and FILE_UNWRITABLE or DISK_FULL.
 */
export function makeStateFolder(question: StateFolderQuestion): void {
  const { state, locks, owner } = question.paths
  checkStateFolder(question)
  for (const dir of [state, locks]) {
    try {
      const first = mkdirSync(dir, { recursive: true, mode: 0o700 })
      if (first === undefined) continue
      for (let made = dir; ; made = dirname(made)) {
        // The umask may have taken away what the owner needs.
        chmodSync(made, 0o700)
        if (owner) chownSync(made, owner.uid, owner.gid)
        if (made === first) break
      }
    } catch (error) {
      throw fromFileSystem(error, 'write', dir)
    }
  }
}

function look(dir: string): Stats | null {
  try {
    return lstatSync(dir, { throwIfNoEntry: false }) ?? null
  } catch (error) {
    throw fromFileSystem(error, 'read', dir)
  }
}

/** Whether `dir` is `folder` or lies below it; symbolic links in what exists of either are followed. */
function isInside(dir: string, folder: string): boolean {
  const real = `${resolved(dir)}${sep}`
  return real.startsWith(`${resolved(folder)}${sep}`)
}

function resolved(dir: string): string {
  const rest: string[] = []
  for (let folder = dir; ; folder = dirname(folder)) {
    try {
      return join(realpathSync(folder), ...rest)
    } catch {
      if (folder === dirname(folder)) return dir
      rest.unshift(folder.slice(dirname(folder).length).replace(/^[/\\]/, ''))
    }
  }
}
