import type { ChildProcess } from 'node:child_process'
import { isKeyturnError, KeyturnError } from '../errors.ts'
import type { ConsumerContext } from '../ports.ts'
import { childEnv } from './environment.ts'

/** A program and its arguments, or one text for `sh -c`. */
export type Command = string | readonly string[]

export interface Ran {
  readonly stdout: Buffer
  /** Its end, raw: it may hold anything. */
  readonly stderr: string
  /** `null`: killed by a signal. */
  readonly status: number | null
}

export interface RunOptions {
  readonly listed: readonly string[]
  readonly stdin?: string
  /** Where it runs. Default: the inventory's folder. */
  readonly cwd?: string
  /** Put into its environment besides what it inherits. Never a value. */
  readonly added?: Readonly<Record<string, string>>
  /** What is said where there is no such program. */
  readonly missing?: KeyturnError
}

/** 1 MB: an environment is at most a few hundred KB, and an answer is smaller. */
const MAX_STDOUT = 1024 * 1024
const MAX_STDERR = 64 * 1024
const LINE_FEED = 10
/** A program that was told to stop gets this long before it is killed. */
const STOP_MS = 2_000
/** A program has ended, but something that it started keeps its output open: what was said until now is all. */
const LINGER_MS = 250

/**
 * Runs a command in the inventory's folder, in a process group of its own, and waits for its end. When the time is over or
 * the signal aborts, the whole group is ended. Throws CONSUMER_FAILED for a program that does not start, takes too long or says
 * more than 1 MB; INTERRUPTED or LEASE_LOST when the signal aborts. A status other than 0 is the caller's to judge.
 */
export async function runProgram(ctx: ConsumerContext<unknown>, command: Command, options: RunOptions): Promise<Ran> {
  const { spawn } = await import('node:child_process')
  if (ctx.signal.aborted) throw ended(ctx.signal, nameOf(command))
  const [file, ...args] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command
  const child = spawn(file as string, args, {
    cwd: options.cwd ?? ctx.dir,
    env: { ...childEnv(ctx.env, ctx.vars, options.listed), ...options.added },
    stdio: ['pipe', 'pipe', 'pipe'],
    // The leader of a group: what it started is ended with it.
    detached: true,
  })
  return watch(child, ctx, nameOf(command), options)
}

/** How a command is called in messages: its program, without arguments. */
export const nameOf = (command: Command): string =>
  typeof command === 'string' ? `sh -c "${command.length > 60 ? `${command.slice(0, 57)}...` : command}"` : (command[0] ?? '')

function watch(child: ChildProcess, ctx: ConsumerContext<unknown>, name: string, { stdin, missing }: RunOptions): Promise<Ran> {
  return new Promise((done, fail) => {
    const stdout: Buffer[] = []
    let size = 0
    let stderr: Buffer = Buffer.alloc(0)
    let reason: KeyturnError | null = null
    let linger: NodeJS.Timeout | undefined
    let kill: NodeJS.Timeout | undefined

    const stop = (why: KeyturnError): void => {
      if (reason) return
      reason = why
      signalGroup(child, 'SIGTERM')
      kill = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_MS)
    }
    const timer = setTimeout(() => stop(new KeyturnError('CONSUMER_FAILED', `${name}: no end after ${ctx.timeoutMs / 1000} s`)), ctx.timeoutMs)
    const abort = (): void => stop(ended(ctx.signal, name))
    ctx.signal.addEventListener('abort', abort, { once: true })
    const settle = (work: () => void): void => {
      for (const one of [timer, linger, kill]) clearTimeout(one)
      ctx.signal.removeEventListener('abort', abort)
      child.stdout?.destroy()
      child.stderr?.destroy()
      work()
    }
    const finish = (): void =>
      settle(() => {
        // What it started may ignore the first signal, and outlive the program that did not.
        if (reason) signalGroup(child, 'SIGKILL')
        if (reason) fail(reason)
        else done({ stdout: Buffer.concat(stdout), stderr: stderr.length > MAX_STDERR ? '' : stderr.toString(), status: child.exitCode })
      })

    child.stdout?.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= MAX_STDOUT) stdout.push(chunk)
      else stop(new KeyturnError('CONSUMER_FAILED', `${name}: it says more than 1 MB`))
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = endOf(Buffer.concat([stderr, chunk]))
    })
    child.on('error', (error: NodeJS.ErrnoException) =>
      settle(() =>
        fail((error.code === 'ENOENT' && missing) || new KeyturnError('CONSUMER_FAILED', `${name}: cannot be started (${error.code ?? 'unknown'})`)),
      ),
    )
    child.on('exit', () => {
      linger = setTimeout(finish, LINGER_MS)
    })
    child.on('close', finish)
    // A program that does not read its input is no fault.
    child.stdin?.on('error', () => {})
    child.stdin?.end(stdin ?? '')
  })
}

/**
 * The last lines that fit. What is cut off ends with a line, since the rest of a value could not be told from other text; a line
 * that does not fit by itself is left out until its end.
 */
function endOf(said: Buffer): Buffer {
  if (said.length <= MAX_STDERR) return said
  const line = said.indexOf(LINE_FEED, said.length - MAX_STDERR)
  // Too long still: it goes on being cut.
  return line === -1 ? said.subarray(-MAX_STDERR - 1) : said.subarray(line + 1)
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch {
    // The group is gone already.
  }
}

/** Why the signal aborted, as an error of ours. */
export const ended = (signal: AbortSignal, name: string): KeyturnError =>
  isKeyturnError(signal.reason) ? signal.reason : new KeyturnError('LEASE_LOST', `${name}: the time for this step was over`)
