import { lstat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Whether git tracks a file. */
export interface Tracked {
  readonly tracked: boolean
  /** Why that is not certain. */
  readonly note?: string
}

/** Five seconds: `ls-files` takes milliseconds, a broken network folder for ever. */
const TIMEOUT_MS = 5_000

/** Where git usually is. */
const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/opt/homebrew/bin:/run/current-system/sw/bin'

/**
 * Asks git whether it tracks the file (an absolute path without symbolic links). `path` is where git is looked for. Outside of a repository no program is
 * started. Where git cannot say (not installed, an error, too slow) the answer is "not tracked", with a note: a guard must
 * not stop a rotation on a machine without git. Never throws.
 */
export async function isTracked(file: string, path: string = USUAL_PATH): Promise<Tracked> {
  const folder = dirname(file)
  if (!(await insideRepository(folder))) return { tracked: false }
  const { execFile } = await import('node:child_process')
  return new Promise((done) => {
    execFile(
      'git',
      [...SAFE, '-C', folder, 'ls-files', '--error-unmatch', '--', basename(file)],
      { env: { ...ENV, PATH: path }, timeout: TIMEOUT_MS },
      (error) => {
        if (!error) done({ tracked: true })
        else if (error.code === 1) done({ tracked: false })
        else done({ tracked: false, note: `git could not say whether it tracks ${file} (${reason(error)})` })
      },
    )
  })
}

// A repository of another user (sudo) is refused by default, and an fsmonitor in its config is a program that would be run.
const SAFE = ['-c', 'safe.directory=*', '-c', 'core.fsmonitor=false']

/** All that git gets of an environment: nothing of ours is passed on. */
const ENV = {
  LC_ALL: 'C',
  GIT_LITERAL_PATHSPECS: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_NOSYSTEM: '1',
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

function reason(error: { readonly code?: unknown; readonly killed?: boolean | undefined }): string {
  if (error.killed) return 'no answer in 5 s'
  return error.code === 'ENOENT' ? 'it is not installed' : `status ${String(error.code)}`
}
