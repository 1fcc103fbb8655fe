import { vi } from 'vitest'
import { isKeyturnError } from '../../src/errors.ts'
import { hasten, rollback } from '../../src/rotation/decide.ts'
import { begin, hostsOf } from './beginning.ts'
import { type Fault, recover, runAll, spawnWorker, type Worker, wake } from './drive.ts'
import { judgeEnd } from './judge.ts'
import type { Scenario } from './scenario.ts'
import { outageAt } from './scheduler.ts'
import type { World } from './world.ts'

// Hundreds of whole runs in one test: some seconds alone, minutes on a machine that does other things as well.
vi.setConfig({ testTimeout: 180_000 })

/** How one worker's run is disturbed, at each of its points in turn. */
export type Disturbance =
  | 'crash'
  /** The call fails before its effect, or its answer is lost after it. */
  | 'lost call'
  /** It sleeps past its lease, others finish this rotation and the next, then it wakes. */
  | 'stall'
  /** Killed, and then a person goes back. */
  | 'rollback'
  /** Killed, and then a person says that the old value leaked. */
  | 'compromised'

export interface Variant {
  /** Try every n-th point only. */
  readonly every?: number
  /** Changes the world before anything runs, such as a provider that refuses for good. */
  readonly prepare?: (world: World) => void
  /** Called when everything waits for a person; true: go on after what it did. */
  readonly person?: (world: World) => Promise<boolean>
  /** After everything has settled, before it is judged. */
  readonly after?: (world: World) => void | Promise<void>
}

export interface Outcome {
  /** How many points were tried. */
  readonly points: number
  /** For each bad run where it was disturbed and what was bad; of the first one also the schedule. */
  readonly bad: readonly string[]
}

/** Disturbs the worker that rotates everything at each of its points, lets others bring it to its end, and judges. */
export async function enumerate(scenario: Scenario, disturbance: Disturbance, variant: Variant = {}): Promise<Outcome> {
  const { every = 1 } = variant
  const points = (await undisturbed(scenario, variant)).filter(({ point }) => matters(point, disturbance)).filter((_, at) => at % every === 0)
  const bad: string[] = []
  for (const { nth, point } of points) {
    const world = await begin(scenario)
    variant.prepare?.(world)
    await disturb(world, disturbance, nth)
    await settleAll(world, variant)
    await finish(world, variant)
    if (world.bad.length > 0) {
      const schedule = bad.length === 0 ? `\n${world.trace.join('\n')}` : ''
      bad.push(`${disturbance} at ${point} (${nth}): ${world.bad.join('; ')}${schedule}`)
    }
    await world.ledger.close()
  }
  return { points: points.length, bad }
}

/** Looking at the ledger changes nothing: to be killed there is to be killed at the point before. */
const matters = (point: string, disturbance: Disturbance): boolean =>
  !point.startsWith('ledger.state') && point !== 'start' && (disturbance !== 'lost call' || outageAt(point) !== null)

/** The points of the worker's undisturbed run, which has to end well itself. */
async function undisturbed(scenario: Scenario, variant: Variant): Promise<readonly { readonly nth: number; readonly point: string }[]> {
  const world = await begin(scenario)
  variant.prepare?.(world)
  const points: { nth: number; point: string }[] = []
  const workers = crew(world)
  await runAll(world, workers, (process, point) => {
    if (process === workers[0]?.process) points.push({ nth: points.length, point })
    return null
  })
  await settleAll(world, variant)
  await finish(world, variant)
  await world.ledger.close()
  if (world.bad.length > 0) throw new Error(`bad without any disturbance: ${world.bad.join('; ')}\n${world.trace.join('\n')}`)
  return points
}

const all = (world: World): readonly string[] => world.scenario.secrets.map(({ id }) => id)

/** The first one opens a rotation of everything. */
const crew = (world: World): readonly Worker[] =>
  hostsOf(world.scenario).map((host, at) => spawnWorker(world, `worker-${host}`, host, at === 0 ? all(world) : []))

async function disturb(world: World, disturbance: Disturbance, nth: number): Promise<void> {
  const workers = crew(world)
  const victim = workers[0]?.process
  let passed = 0
  const fault: Fault = (process, point) => {
    if (process !== victim || passed++ !== nth) return null
    if (disturbance === 'lost call') return outageAt(point)
    return disturbance === 'stall' ? 'stall' : 'crash'
  }
  await runAll(world, workers, fault)
  if (disturbance === 'rollback' || disturbance === 'compromised') await decideAll(world, disturbance)
  if (disturbance !== 'stall' || !victim) return
  // Others finish this rotation and the next one before it wakes.
  await recover(world)
  await recover(world, all(world))
  await wake(world, victim)
}

/** Not every point has something to go back from. */
async function decideAll(world: World, what: 'rollback' | 'compromised'): Promise<void> {
  const engine = world.engine({ name: 'person', host: hostsOf(world.scenario)[0] ?? 'alpha', gates: [], status: 'alive' }, async () => {})
  for (const secret of world.inventory.secrets) {
    const decision = what === 'rollback' ? rollback(engine, secret, 'it does not work') : hasten(engine, secret, 0, 'it leaked')
    await decision.catch((error) => {
      if (!isKeyturnError(error, 'NOTHING_OPEN', 'ROTATION_OPEN')) throw error
    })
  }
}

async function settleAll(world: World, variant: Variant): Promise<void> {
  await recover(world)
  while (await variant.person?.(world)) await recover(world)
}

/** A day later what a provider's list had not shown yet must be gone, too. */
async function finish(world: World, variant: Variant): Promise<void> {
  for (let hour = 0; hour < 26; hour++) {
    world.moveTo(world.now + 3_600_000)
    if (hour % 6 === 0 || hour === 25) await recover(world)
  }
  await variant.after?.(world)
  await judgeEnd(world)
}
