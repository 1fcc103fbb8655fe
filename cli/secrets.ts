import { apart, placeOf } from './apart.ts'
import { openSink } from './direct.ts'
import { interrupted } from './failure.ts'
import type { Sink } from './output.ts'
import { runCommandLine, type World } from './run.ts'

/** The program. The only file that ends the process. */

const INTERRUPTED = 130

const controller = new AbortController()
const closed = (): never => process.exit(process.exitCode ?? 0)
/** Inside of a thread of its own: what the terminal is like, which only the program's own thread can tell. */
const place = placeOf(process.env)
let stdout: Sink | null = null
let stderr: Sink | null = null

const world: World = {
  // Opened when they are used: each costs a module or more that most commands never need.
  get stdout(): Sink {
    stdout ??= openSink(1, () => process.stdout, closed, place)
    return stdout
  },
  get stderr(): Sink {
    stderr ??= openSink(2, () => process.stderr, closed, place)
    return stderr
  },
  get stdin() {
    return process.stdin
  },
  env: process.env,
  get cwd() {
    return process.cwd()
  },
  signal: controller.signal,
  ...(!place && { apart: () => apart(process.argv.slice(2), world.stdout, controller.signal) }),
  takeSignals: (take: (signal: NodeJS.Signals) => void): void => {
    taken = take
  },
}

let taken: ((signal: NodeJS.Signals) => void) | null = null

function stop(signal: NodeJS.Signals): void {
  if (taken !== null) {
    taken(signal)
    return
  }
  // The second one means it: a step that hangs must not hold the terminal.
  if (controller.signal.aborted) process.exit(INTERRUPTED)
  world.stderr.write('secrets: stopping at the next safe point; once more to stop at once\n')
  controller.abort(interrupted())
}

if (!place) for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)

runCommandLine(process.argv.slice(2), world).then((status) => {
  process.exitCode = status
  // Not left to the event loop: a timer or socket that somebody forgot would keep the terminal. Pipes and files have been written;
  // only a real stream may still hold something.
  if (stdout !== null && 'once' in stdout) process.stdout.write('', () => process.exit(status))
  else process.exit(status)
})
