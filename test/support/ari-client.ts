import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

/** An application that logs in at ARI all the time, with whatever its env file says at that moment: a process of its own. */

export interface AriClientOptions {
  readonly url: string
  readonly envFile: string
  /** Names of its variables. */
  readonly userVar: string
  readonly passwordVar: string
}

export interface AriClientReport {
  readonly logins: number
  readonly accepted: number
  /** 401. */
  readonly refused: number
  /** Everything else: no connection, 404, 503, a file that could not be read. */
  readonly failed: number
  /** From the last login accepted before a refusal or failure to the first accepted after it; 0 where there was none. */
  readonly longestGapMs: number
  /** Users it logged in as, in the order of their first success. */
  readonly users: readonly string[]
}

export interface AriClient {
  /** Asks it to end, and gives what it saw. */
  stop(): Promise<AriClientReport>
}

/** Comes back once the first login was accepted; rejects when the client ends before. */
export async function startAriClient(options: AriClientOptions): Promise<AriClient> {
  const program = path.join(import.meta.dirname, 'ari-client-process.ts')
  const args = [program, options.url, options.envFile, options.userVar, options.passwordVar]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'], env: {} })
  let out = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const closed = once(child, 'close')
  const ended = closed.then(() => {
    throw new Error(`the client ended before its first login: ${errors}`)
  })
  ended.catch(() => {})
  await Promise.race([once(child.stdout, 'data'), ended])
  return {
    // Its stdin is its leash: it also ends when the tests' process dies.
    stop: async () => {
      child.stdin.end()
      await closed
      return JSON.parse(out.trim().split('\n').at(-1) ?? '') as AriClientReport
    },
  }
}
