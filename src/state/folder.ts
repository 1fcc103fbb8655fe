import { chmodSync, chownSync, lstatSync, mkdirSync, realpathSync, renameSync, type Stats } from 'node:fs'
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
}

/** A restore that was killed between its two renames left the complete new state under this name. */
export const readyName = (state: string): string => `${state}.restore-ready`

/**
 * Looks whether the state may lie where it is to lie, and ends a restore that was killed. Makes nothing: for commands that
 * only read.
 *
 * @returns whether the folder is there.
 * @throws KeyturnError NETWORK_STATE, STATE_IN_PROJECT, STATE_INSECURE (naming the chmod), FILE_UNREADABLE.
 */
export function checkStateFolder({ paths, project, declared }: StateFolderQuestion): boolean {
  const { state } = paths
  refuseNetworkFileSystem(state)
  if (!declared && isInside(state, project)) {
    throw new KeyturnError('STATE_IN_PROJECT', `${state} lies in the project ${project}, where "git clean -fdx" would delete it`)
  }
  finishRestore(state)
  const found = look(state)
  if (!found) return false
  if (!found.isDirectory()) throw new KeyturnError('FILE_UNREADABLE', `${state}: is no folder`)
  const mode = found.mode & 0o777
  if (mode & 0o077) {
    throw new KeyturnError('STATE_INSECURE', `${state}: other users of this machine may enter it (mode ${mode.toString(8)})`, { hint: `chmod 700 ${state}` })
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

/**
 * Ends a restore that was killed after the old state was moved away and before the new one was moved in. Must run before
 * anything is made at `state`.
 *
 * @returns whether there was one.
 */
export function finishRestore(state: string): boolean {
  if (look(state)) return false
  if (!look(readyName(state))) return false
  try {
    renameSync(readyName(state), state)
    return true
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw fromFileSystem(error, 'write', state)
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
