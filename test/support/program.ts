import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import path from 'node:path'
import { inject } from 'vitest'
import { expectNoCanary } from './canary.ts'
import { recordPrinted } from './printed.ts'
import { watchProcesses } from './processes.ts'

/** Runs the real program, as built for this run of the tests, in a process of its own. */

export interface ProgramOptions {
  readonly cwd: string
  /** The whole environment: nothing of the tests' own goes in. */
  readonly env: Readonly<Record<string, string>>
  /** What it reads from stdin; without it, stdin is at its end. */
  readonly input?: string | Uint8Array
  /** Sent SIGKILL after this; default 60 s. */
  readonly timeoutMs?: number
  /** `release` as users get it, `test` with the points where it can be told to kill itself. Default: `release`. */
  readonly build?: 'release' | 'test'
  /**
   * On a terminal of its own: prompts appear, stdout and stderr are one, lines end in CR LF. What a person types is written to
   * `stdin` (Ctrl-C is `\x03`), which stays open.
   */
  readonly terminal?: boolean
  /** Values that may be printed, as by `secrets get --reveal`. */
  readonly reveals?: readonly string[]
  /** Values that children may find in their environment, as by `secrets run`. */
  readonly passes?: readonly string[]
}

export interface Result {
  readonly stdout: string
  readonly stderr: string
  /** `null` when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A program that runs. */
export interface Running {
  readonly pid: number
  readonly stdin: ChildProcessWithoutNullStreams['stdin']
  /** What it has printed so far. */
  printed(): { readonly stdout: string; readonly stderr: string }
  /** Resolves once it has printed this to stdout or stderr; rejects when it ends before. */
  until(text: string): Promise<void>
  kill(signal: NodeJS.Signals): void
  /** The end of it. Everything was searched for canaries then, also command lines and environments of its children. */
  readonly done: Promise<Result>
}

/** Where the program lies that {@link startProgram} runs. Throws what went wrong when it could not be built. */
export function programFile(build: 'release' | 'test' = 'release'): string {
  const error = inject('buildError')
  if (error !== '') throw new Error(`the program could not be built:\n${error}`)
  return path.join(inject('runFolder'), 'dist', build === 'release' ? 'secrets.cjs' : 'secrets.test.cjs')
}

export async function runProgram(args: readonly string[], options: ProgramOptions): Promise<Result> {
  return startProgram(args, options).done
}

export function startProgram(args: readonly string[], options: ProgramOptions): Running {
  return startCommand([process.execPath, programFile(options.build), ...args], `secrets ${args.join(' ')}`.trim(), options)
}

/** Any other command in the same way, such as one that a user would write; `name` is what failures call it. */
export function startCommand(command: readonly string[], name: string, options: ProgramOptions): Running {
  const [file = '', ...args] = options.terminal ? onTerminal(command) : command
  const child = spawn(file, args, { cwd: options.cwd, env: { ...options.env } })
  const out = { stdout: '', stderr: '' }
  const waiters: (() => void)[] = []
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      out[stream] += text
      for (const look of waiters) look()
    })
  }
  // A program that ends without reading its stdin is no fault of the test.
  child.stdin.on('error', () => {})
  if (options.input !== undefined) child.stdin.write(options.input)
  if (!options.terminal) child.stdin.end()

  const pid = child.pid ?? 0
  const processes = watchProcesses(pid)
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000)
  const ended = new Promise<Result>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ ...out, code, signal }))
  }).finally(() => {
    clearTimeout(timer)
    processes.stop()
    for (const look of waiters) look()
  })

  const done = ended.then((result) => {
    const hide = (text: string) => (options.reveals ?? []).reduce((rest, value) => rest.replaceAll(value, ''), text)
    recordPrinted(`stdout of "${name}"`, hide(result.stdout))
    recordPrinted(`stderr of "${name}"`, hide(result.stderr))
    expectNoCanary(processes.commandLines(), `the command line of a process that "${name}" started`)
    expectNoCanary(processes.environments(), `the environment of a process that "${name}" started`, options.passes)
    return result
  })
  // Whoever never looks at the end still gets no unhandled rejection from `until`.
  done.catch(() => {})

  return {
    pid,
    stdin: child.stdin,
    printed: () => ({ ...out }),
    until: (text) =>
      new Promise((resolve, reject) => {
        let over = false
        const look = () => {
          if (out.stdout.includes(text) || out.stderr.includes(text)) resolve()
          else if (over) reject(new Error(`"${name}" ended without printing "${text}":\n${out.stdout}${out.stderr}`))
        }
        waiters.push(look)
        ended.finally(() => {
          over = true
          look()
        })
        look()
      }),
    kill: (signal) => child.kill(signal),
    done,
  }
}

/** `script` of util-linux, which every Debian has, gives a command a terminal. */
function onTerminal(command: readonly string[]): readonly string[] {
  const quoted = command.map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(' ')
  return ['script', '--quiet', '--return', '--flush', '--command', `exec ${quoted}`, '/dev/null']
}
