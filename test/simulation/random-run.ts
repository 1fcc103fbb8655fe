import { begin, hostsOf } from './beginning.ts'
import { type Chance, chance } from './chance.ts'
import { act, recover, runUntilWait, spawnWorker, type Worker, wake } from './drive.ts'
import { judgeEnd } from './judge.ts'
import { answer, decideSomething, meddle, mend } from './person.ts'
import { SCENARIOS, type Scenario } from './scenario.ts'
import { outageAt } from './scheduler.ts'
import type { World } from './world.ts'

/** How many points are passed before everything is left to come to its end. */
const POINTS = 900
const WORKERS = 3

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** A run in which a seed decides who goes next, who is killed or stalls, which calls fail, and what clock and people do. */
export async function randomRun(seed: number): Promise<readonly string[]> {
  const fate = chance(seed)
  const scenario: Scenario = fate.pick(Object.values(SCENARIOS))
  const world = await begin(scenario, seed)
  const original = world.inventory
  world.fine = true
  world.knowsDead = fate.happens(0.5)
  world.trace.push(`seed ${seed}: ${scenario.name}`)
  for (const account of world.accounts.values()) {
    account.lies = fate.happens(0.2) ? 1 : 0
    // What a list does not show yet cannot be removed yet, so such a provider has to allow more.
    if (fate.happens(0.2)) Object.assign(account, { lagMs: 2 * HOUR, limit: account.limit + 20 })
  }
  if (fate.happens(0.5)) watchHealth(world, fate)
  const workers: Worker[] = []
  for (let passed = 0; passed < POINTS && world.bad.length === 0; passed++) await turn(world, fate, workers)

  mend(world, original)
  for (const running of world.runnings.values()) running.ill = () => false
  for (const account of world.accounts.values()) account.refuses = false
  for (const { process } of workers) {
    await wake(world, process)
    await runUntilWait(world, process)
  }
  await recover(world)
  for (let questions = 0; questions < 8 && (await answer(world)); questions++) await recover(world)
  for (const hours of [1, 6, 12, 7]) {
    world.moveTo(world.now + hours * HOUR)
    await recover(world)
  }
  await judgeEnd(world)
  await world.ledger.close()
  return world.bad.length === 0 ? [] : [`seed ${seed} (${scenario.name}): ${world.bad.join('; ')}`, ...world.trace]
}

let spawned = 0

async function turn(world: World, fate: Chance, workers: Worker[]): Promise<void> {
  const alive = workers.filter(({ process }) => process.status === 'alive' || process.status === 'asleep')
  if (alive.length < WORKERS) {
    const name = `worker-${++spawned}`
    const host = fate.pick(hostsOf(world.scenario))
    const open = world.scenario.secrets.map(({ id }) => id).filter(() => fate.happens(0.5))
    workers.push(spawnWorker(world, name, host, open))
  }
  if (fate.happens(0.012)) jump(world, fate)
  if (fate.happens(0.015)) meddle(world, fate)
  if (fate.happens(0.004)) await decideSomething(world, fate)
  if (fate.happens(0.004)) change(world, fate)
  const asleep = workers.filter(({ process }) => process.status === 'asleep')
  if (asleep.length > 0 && fate.happens(0.01)) {
    const { process } = fate.pick(asleep)
    world.trace.push(`${process.name} wakes`)
    process.status = 'alive'
  }
  const ready = workers.filter(({ process }) => process.status === 'alive' && process.gates.length > 0)
  if (ready.length === 0) return
  const { process, waiting } = fate.pick(ready)
  const point = world.schedule.point(process) ?? ''
  // Mostly it sleeps as long as it was told.
  if (point === 'wait' && waiting?.until && fate.happens(0.5)) world.moveTo(Math.max(world.now, waiting.until))
  if (fate.happens(0.008)) return act(world, process, 'crash')
  if (fate.happens(0.008)) return act(world, process, 'stall')
  await act(world, process, fate.happens(0.02) ? outageAt(point) : null)
}

/** Programs that tell their health; some fall ill on some of the values that are yet to be made, some now and then. */
function watchHealth(world: World, fate: Chance): void {
  for (const running of world.runnings.values()) {
    running.tells = true
    const known = new Set(Object.values(running.env))
    const [badly, anyway] = [fate.pick([0, 0.5, 1]), fate.pick([0, 0, 0, 0.05])]
    const judged = new Map<string, boolean>()
    const isBad = (value: string): boolean => {
      const verdict = judged.get(value) ?? (!known.has(value) && fate.happens(badly))
      judged.set(value, verdict)
      return verdict
    }
    running.ill = (env) => Object.values(env).some(isBad) || fate.happens(anyway)
  }
}

/** A provider begins to refuse what is new, or takes it again. */
function change(world: World, fate: Chance): void {
  const account = fate.pick([...world.accounts.values()])
  account.refuses = !account.refuses
  world.trace.push(`${account.name} ${account.refuses ? 'refuses what is new' : 'takes what is new'}`)
}

/** Forwards past leases, graces and questions; backwards by up to hours. */
function jump(world: World, fate: Chance): void {
  const by = fate.pick([SECOND, 30 * SECOND, 11 * MINUTE, HOUR, 24 * HOUR, 60 * HOUR, -SECOND, -10 * MINUTE, -3 * HOUR])
  world.moveTo(world.now + by)
}
