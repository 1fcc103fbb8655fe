import { type ErrorCode, KeyturnError } from '../../src/errors.ts'
import type { Hook } from '../support/memory-store.ts'

/** A place where a process waits until it may go on: right before or right after something it does to the world. */
interface Gate {
  readonly point: string
  open(): void
  fail(error: unknown): void
}

/** One simulated process: a function that stops at every point where it touches the world. */
export interface Process {
  readonly name: string
  readonly host: string
  readonly gates: Gate[]
  status: 'alive' | 'asleep' | 'crashed' | 'ended'
  /** What it threw, if it ended so. */
  error?: unknown
}

const OUTAGES: Readonly<Record<string, ErrorCode>> = {
  store: 'STORE_UNAVAILABLE',
  provider: 'PROVIDER_UNAVAILABLE',
  consumer: 'CONSUMER_FAILED',
  file: 'FILE_UNWRITABLE',
}

/**
 * What a call throws that is not answered: before the effect it is an outage, after it a lost answer. `null` for points at
 * which a process can only be killed.
 */
export function outageAt(point: string): KeyturnError | null {
  const code = OUTAGES[point.slice(0, point.indexOf('.'))]
  return code === undefined ? null : new KeyturnError(code, `simulated: no answer at ${point}`)
}

/**
 * Runs processes one point at a time, in whatever order the test asks for. Between two points a process runs alone, so a
 * schedule is the list of who went when, and the same list gives the same run.
 */
export interface Scheduler {
  readonly processes: readonly Process[]
  /** Starts a process; it waits at its first point. */
  spawn(name: string, host: string, work: (hook: Hook, process: Process) => Promise<void>): Process
  /** The point at which it would go on. */
  point(process: Process): string | null
  /** Lets it go on to its next point, or to its end. With an error its present point throws. */
  step(process: Process, error?: unknown): Promise<void>
  /** Those that can go on. */
  ready(): readonly Process[]
  /** It never goes on again; what the kernel held for it is released. */
  crash(process: Process): void
}

/** Real time that a process may take between two points before the simulation is thought to hang. */
const PATIENCE_MS = 10_000

export function scheduler(options: { readonly onCrash?: (process: Process) => void; readonly onStep?: (process: Process, point: string) => void }): Scheduler {
  const processes: Process[] = []
  return {
    processes,
    spawn(name, host, work) {
      const process: Process = { name, host, gates: [], status: 'alive' }
      const hook: Hook = (point) =>
        new Promise((resolve, reject) => {
          if (process.status !== 'crashed') process.gates.push({ point, open: resolve, fail: reject })
        })
      processes.push(process)
      hook('start')
        .then(() => work(hook, process))
        .then(
          () => end(process),
          (error) => end(process, error),
        )
      return process
    },
    point: (process) => process.gates[0]?.point ?? null,
    async step(process, error) {
      const gate = process.gates.shift()
      if (!gate) throw new Error(`${process.name} waits nowhere`)
      options.onStep?.(process, gate.point)
      if (error === undefined) gate.open()
      else gate.fail(error)
      await quiet(process)
    },
    ready: () => processes.filter(({ status, gates }) => status === 'alive' && gates.length > 0),
    crash(process) {
      process.status = 'crashed'
      process.gates.length = 0
      options.onCrash?.(process)
    },
  }
}

function end(process: Process, error?: unknown): void {
  if (process.status === 'crashed') return
  process.status = 'ended'
  process.gates.length = 0
  if (error !== undefined) process.error = error
}

/** Until it has reached its next point or its end. */
async function quiet(process: Process): Promise<void> {
  const since = performance.now()
  do {
    await new Promise((resolve) => setImmediate(resolve))
    if (performance.now() - since > PATIENCE_MS) throw new Error(`${process.name} waits for something outside the simulation`)
  } while (process.status === 'alive' && process.gates.length === 0)
}
