import type { ChildProcess } from 'node:child_process'
import { OWN_CREDENTIALS } from '../../terms.ts'

/** Runs a user's program to its end or to its time's end, with everything that it started. */

export interface ProgramSettings {
  readonly argv: readonly string[]
  readonly input: string
  readonly dir: string
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface ProgramRun {
  readonly stdout: string
  readonly stderrBytes: number
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Why there is no answer: it could not be started, took too long, printed too much. */
  readonly problem: string | null
}

const LARGEST_BYTES = 1024 * 1024
/** Between asking a program to end and ending it. */
const PATIENCE_MS = 2000
/** Between a program's end and the end of its output. */
const DRAIN_MS = 1000

const PLAIN_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Never throws for what the program does; throws the signal's reason when that aborts. At the end of the time the whole process
 * group is sent SIGTERM, and two seconds later SIGKILL; what is left of it after the program's end is killed at once.
 */
export async function runProgram(settings: ProgramSettings): Promise<ProgramRun> {
  const { spawn } = await import('node:child_process')
  settings.signal.throwIfAborted()
  const [program = '', ...args] = settings.argv
  const env = { PATH: PLAIN_PATH, ...Object.fromEntries(Object.entries(settings.env).filter(([name]) => !OWN_CREDENTIALS.test(name))) }
  // A group of its own, so that what it starts ends with it.
  const child = spawn(program, args, { cwd: settings.dir, env, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const run = await new Promise<ProgramRun>((resolve) => {
    const chunks: Buffer[] = []
    let [stdoutBytes, stderrBytes] = [0, 0]
    let problem: string | null = null
    let killer: NodeJS.Timeout | undefined
    let drained: NodeJS.Timeout | undefined
    const stop = (reason: string): void => {
      problem ??= reason
      killGroup(child, 'SIGTERM')
      killer ??= setTimeout(() => killGroup(child, 'SIGKILL'), PATIENCE_MS)
    }
    const timer = setTimeout(() => stop(`did not end in ${settings.timeoutMs} ms`), settings.timeoutMs)
    const onAbort = (): void => stop('was stopped')
    settings.signal.addEventListener('abort', onAbort, { once: true })
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(timer)
      clearTimeout(killer)
      clearTimeout(drained)
      settings.signal.removeEventListener('abort', onAbort)
      resolve({ stdout: Buffer.concat(chunks).toString('utf8'), stderrBytes, code, signal, problem })
    }
    child.stdout.on('data', (chunk: Buffer) => {
      stdoutBytes += chunk.length
      if (stdoutBytes > LARGEST_BYTES) stop(`printed more than ${LARGEST_BYTES} bytes`)
      else chunks.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderrBytes += chunk.length
    })
    // A program that answers without reading its input breaks the pipe, which is its own affair.
    child.stdin.on('error', () => {})
    child.on('error', (error: NodeJS.ErrnoException) => {
      problem ??= `cannot be run (${error.code ?? error.name})`
      if (child.pid === undefined) end(null, null)
    })
    child.on('close', end)
    // Whoever it left behind would hold its stdout open; one that left the group too is not waited for.
    child.on('exit', (code, signal) => {
      killGroup(child, 'SIGKILL')
      drained = setTimeout(() => {
        child.stdout.destroy()
        child.stderr.destroy()
        end(code, signal)
      }, DRAIN_MS)
    })
    child.stdin.end(settings.input)
  })
  settings.signal.throwIfAborted()
  return run
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // The group has ended.
  }
}
