import { isKeyturnError } from '../../src/errors.ts'
import type { Next } from '../../src/rotation/next.ts'
import { openRotation } from '../../src/rotation/open.ts'
import { type Settled, settle } from '../../src/rotation/settle.ts'
import type { Millis, Secret } from '../../src/terms.ts'
import { hostsOf } from './beginning.ts'
import { inspect, judge } from './judge.ts'
import type { Process } from './scheduler.ts'
import type { World } from './world.ts'

/** What a worker last said it waits for. */
export interface Waiting {
  readonly until: Millis | null
  readonly settled: Settled
}

export interface Worker {
  readonly process: Process
  waiting: Waiting | null
}

/** At this point a worker has done what it can now, and sleeps until its time has come. */
const WAIT = 'wait'

/** A worker for one host: opens rotations of the secrets named, then advances all secrets and its host until everything is idle. */
export function spawnWorker(world: World, name: string, host: string, open: readonly string[] = []): Worker {
  const worker: { process: Process; waiting: Waiting | null } = { process: undefined as unknown as Process, waiting: null }
  worker.process = world.schedule.spawn(name, host, async (hook, process) => {
    const engine = world.engine(process, hook)
    const secrets = (): readonly Secret[] => engine.inventory().secrets
    for (const id of open) {
      const secret = secrets().find((s) => s.id === id) as Secret
      await openRotation(engine, secret).catch(tolerated)
    }
    for (;;) {
      const settled = await settle(engine, secrets(), { patientUntil: Number.NEGATIVE_INFINITY, concurrency: 1 })
      worker.waiting = { until: soonest(settled), settled }
      if (isIdle(settled)) return
      await hook(WAIT)
    }
  })
  return worker
}

/** Somebody else opened it, something is not reachable now, or its path was changed: it is opened another time. */
function tolerated(error: unknown): void {
  if (!isKeyturnError(error, 'ROTATION_OPEN', 'VALUE_MISSING') && !(isKeyturnError(error) && error.retryable)) throw error
}

const isIdle = ({ secrets, host }: Settled): boolean => host.kind === 'idle' && [...secrets.values()].every(({ kind }) => kind === 'idle')

function soonest({ secrets, host }: Settled): Millis | null {
  const waits = [...secrets.values(), host].flatMap((n: Next | Settled['host']) => (n.kind === 'wait' ? [n.until] : []))
  return waits.length === 0 ? null : Math.min(...waits)
}

/** What happens to a process at a point, instead of going on. `null`: it goes on. */
export type Fault = (process: Process, point: string) => 'crash' | 'stall' | Error | null

/** A process that passes more points than this without waiting turns in a circle. */
const MOST_POINTS = 3_000

/** Lets one process go until it waits, ended, or met a fault that stops it. */
export async function runUntilWait(world: World, process: Process, fault: Fault = () => null): Promise<void> {
  for (let passed = 0; process.status === 'alive'; passed++) {
    const point = world.schedule.point(process)
    if (point === null || point === WAIT) return
    if (passed === MOST_POINTS) {
      world.bad.push(`${process.name} turns in a circle at ${point}`)
      world.schedule.crash(process)
      return
    }
    await act(world, process, fault(process, point))
  }
}

/** One point of one process. */
export async function act(world: World, process: Process, what: ReturnType<Fault>): Promise<void> {
  const point = world.schedule.point(process)
  if (what === 'crash' || what === 'stall') {
    world.trace.push(`${process.name} ${what === 'crash' ? 'killed' : 'stalls'} at ${point}`)
    if (what === 'crash') world.schedule.crash(process)
    else process.status = 'asleep'
    return
  }
  if (what) world.trace.push(`${process.name} fails at ${point}`)
  await world.schedule.step(process, what ?? undefined)
  if (process.error !== undefined) {
    // Something was not reachable: the program says so and ends, and the next one goes on.
    if (!(isKeyturnError(process.error) && process.error.retryable))
      world.bad.push(`${process.name} fell over: ${(process.error as Error).stack ?? process.error}`)
    delete process.error
  }
  judge(world)
  inspect(world)
}

/** In how many turns of the workers something may be recorded before it counts as never ending. */
const ROUNDS = 400
/** And in how many they may only wait: a lease that was taken while the clock ran ahead is asked for every 5 seconds until it ends. */
const WAITS = 10_000
/** While somebody who sleeps holds a file's lock, the others cannot end. */
const ROUNDS_BESIDE_SLEEPERS = 40

/**
 * Lets workers take turns until each is idle, waits for a person, or was stopped by a fault. When nobody recorded anything in
 * a round, the clock moves on to the nearest time that somebody waits for.
 */
export async function runAll(world: World, workers: readonly Worker[], fault?: Fault): Promise<void> {
  const asleep = world.schedule.processes.some(({ status }) => status === 'asleep')
  let waits = 0
  for (let round = 0; round < (asleep ? ROUNDS_BESIDE_SLEEPERS : ROUNDS) && waits < WAITS; ) {
    const before = world.pos()
    for (const { process } of workers) {
      if (world.schedule.point(process) === WAIT) await act(world, process, null)
      await runUntilWait(world, process, fault)
      if (process.status === 'asleep' || process.status === 'crashed') return
    }
    if (workers.every(({ process }) => process.status === 'ended')) return
    if (world.pos() !== before || asleep) round += 1
    if (world.pos() !== before) continue
    waits += 1
    const times = workers.flatMap(({ process, waiting }) => (process.status === 'alive' && waiting?.until != null ? [waiting.until] : []))
    if (times.length === 0) return
    world.moveTo(Math.max(world.now, Math.min(...times)))
  }
  if (!asleep) world.bad.push('it never comes to an end')
}

let helpers = 0

/** New workers on every host bring everything to its end, without faults. */
export async function recover(world: World, open: readonly string[] = []): Promise<readonly Worker[]> {
  helpers += 1
  const workers = hostsOf(world.scenario).map((host, at) => spawnWorker(world, `helper-${helpers}-${host}`, host, at === 0 ? open : []))
  await runAll(world, workers)
  return workers
}

/** A stalled process goes on where it stopped, to its end or its next wait. */
export async function wake(world: World, process: Process): Promise<void> {
  if (process.status !== 'asleep') return
  world.trace.push(`${process.name} wakes`)
  process.status = 'alive'
  await runUntilWait(world, process)
}
