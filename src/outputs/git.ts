/** Five seconds: what is asked takes milliseconds, a broken network folder for ever. */
const TIMEOUT_MS = 5_000

/** Where git usually is. */
const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/opt/homebrew/bin:/run/current-system/sw/bin'

/** Many thousand names. */
const LARGEST = 64 * 1024 * 1024

export interface GitQuestion {
  /** Where git is to stand. */
  readonly folder: string
  readonly args: readonly string[]
  /** Where git is looked for; default: where it usually is. */
  readonly path?: string | undefined
  readonly input?: string
  /** Variables that git gets besides ours, such as HOME for the user's own settings. */
  readonly env?: Readonly<Record<string, string>>
}

/** What git said. */
export interface GitReply {
  /** Its exit status; `null` where it did not answer. */
  readonly status: number | null
  readonly stdout: string
  /** Why there is no answer, in a few words. */
  readonly reason: string
}

// A repository of another user (sudo) is refused by default, and an fsmonitor in its config is a program that would be run.
const SAFE = ['-c', 'safe.directory=*', '-c', 'core.fsmonitor=false']

/** All that git gets of an environment: nothing of ours is passed on, and names are never patterns. */
const ENV = { LC_ALL: 'C', GIT_LITERAL_PATHSPECS: '1', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' }

/** Asks git something that changes nothing. Never throws: a machine may have no git. */
export async function askGit({ folder, args, path = USUAL_PATH, input = '', env = { GIT_CONFIG_NOSYSTEM: '1' } }: GitQuestion): Promise<GitReply> {
  const { execFile } = await import('node:child_process')
  return new Promise((done) => {
    const child = execFile(
      'git',
      [...SAFE, '-C', folder, ...args],
      { env: { ...ENV, ...env, PATH: path }, timeout: TIMEOUT_MS, maxBuffer: LARGEST },
      (error, stdout) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : null
        done({ status, stdout, reason: error === null ? '' : reasonOf(error) })
      },
    )
    // It may end before it has read everything.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

function reasonOf(error: { readonly code?: unknown; readonly killed?: boolean | undefined }): string {
  if (error.killed) return 'no answer in 5 s'
  return error.code === 'ENOENT' ? 'it is not installed' : `status ${String(error.code)}`
}
