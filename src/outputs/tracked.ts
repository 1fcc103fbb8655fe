import { lstat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { askGit } from './git.ts'

/** Whether git tracks a file. */
export interface Tracked {
  readonly tracked: boolean
  /** Why that is not certain. */
  readonly note?: string
}

/**
 * Asks git whether it tracks the file (an absolute path without symbolic links). `path` is where git is looked for. Outside of a repository no program is
 * started. Where git cannot say (not installed, an error, too slow) the answer is "not tracked", with a note: a guard must
 * not stop a rotation on a machine without git. Never throws.
 */
export async function isTracked(file: string, path?: string): Promise<Tracked> {
  const folder = dirname(file)
  if (!(await insideRepository(folder))) return { tracked: false }
  const { status, reason } = await askGit({ folder, args: ['ls-files', '--error-unmatch', '--', basename(file)], path })
  if (status === 0) return { tracked: true }
  return status === 1 ? { tracked: false } : { tracked: false, note: `git could not say whether it tracks ${file} (${reason})` }
}

async function insideRepository(from: string): Promise<boolean> {
  for (let folder = from; ; folder = dirname(folder)) {
    try {
      await lstat(join(folder, '.git'))
      return true
    } catch {
      if (folder === dirname(folder)) return false
    }
  }
}
