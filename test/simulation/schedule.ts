import { expect, onTestFinished } from 'vitest'
import type { Inventory, Secret } from '../../src/terms.ts'
import { begin } from './beginning.ts'
import { act, recover, runUntilWait, spawnWorker, type Worker } from './drive.ts'
import { judgeEnd } from './judge.ts'
import type { Scenario } from './scenario.ts'
import type { World } from './world.ts'

/** Words to tell one schedule in: who goes how far, who dies or sleeps, what somebody does meanwhile. */

/** Another seed makes other tokens and values. */
export async function started(scenario: Scenario, seed = 0): Promise<World> {
  const world = await begin(scenario, seed)
  onTestFinished(() => world.ledger.close())
  return world
}

/** A worker that opens rotations of these secrets; it has not done anything yet. */
export const workerOf = (world: World, name: string, open: readonly string[] = [], host = 'alpha'): Worker => spawnWorker(world, name, host, open)

/** Lets a worker go on until it is about to pass this point, the n-th time. Waits that pass by themselves are waited for. */
export async function runTo(world: World, worker: Worker, point: string, nth = 1): Promise<void> {
  const { process } = worker
  let met = 0
  for (let passed = 0; passed < 3_000; passed++) {
    const now = world.schedule.point(process)
    if (now === null) throw new Error(`${process.name} ended before ${point}`)
    if (now === point && ++met === nth) return
    if (now === 'wait' && worker.waiting?.until) world.moveTo(Math.max(world.now, worker.waiting.until))
    await act(world, process, null)
  }
  throw new Error(`${process.name} never comes to ${point}`)
}

/** Lets it do everything that it can do now. */
export async function runNow(world: World, { process }: Worker): Promise<void> {
  for (let rounds = 0; rounds < 20 && process.status === 'alive'; rounds++) {
    const before = world.pos()
    await runUntilWait(world, process)
    if (world.schedule.point(process) === 'wait') await act(world, process, null)
    await runUntilWait(world, process)
    if (world.pos() === before) return
  }
}

export const kill = (world: World, { process }: Worker): void => world.schedule.crash(process)

/** The call that a worker is at fails, before its effect or after it. */
export const fail = (world: World, { process }: Worker, error: Error): Promise<void> => act(world, process, error)

export const sleeps = ({ process }: Worker): void => {
  process.status = 'asleep'
}

export async function wakes(world: World, { process }: Worker): Promise<void> {
  process.status = 'alive'
  await runUntilWait(world, process)
}

export function edit(world: World, id: string, change: (secret: Secret) => Secret): void {
  const { inventory } = world
  world.inventory = { ...inventory, secrets: inventory.secrets.map((s) => (s.id === id ? change(s) : s)), hash: `${inventory.hash}+` }
}

export const editOutputs = (world: World, outputs: Inventory['outputs']): void => {
  world.inventory = { ...world.inventory, outputs, hash: `${world.inventory.hash}+` }
}

/** Others bring everything to its end, and a day passes; nothing may be bad. */
export async function endsWell(world: World, extra: readonly string[] = []): Promise<void> {
  await recover(world)
  for (const hours of [2, 12, 12]) {
    world.moveTo(world.now + hours * 3_600_000)
    await recover(world)
  }
  await judgeEnd(world)
  expect([...world.bad, ...extra], world.trace.join('\n')).toEqual([])
}

/** The engine for a person at a keyboard. */
export const person = (world: World) => world.engine({ name: 'person', host: 'alpha', gates: [], status: 'alive' }, async () => {})

export const secretOf = (world: World, id: string): Secret => world.inventory.secrets.find((s) => s.id === id) as Secret
