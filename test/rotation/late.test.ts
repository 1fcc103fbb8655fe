import { expect, it } from 'vitest'
import { KeyturnError } from '../../src/errors.ts'
import { buildStatus } from '../../src/reports/build.ts'
import { approve } from '../../src/rotation/decide.ts'
import { recover } from '../simulation/drive.ts'
import { SCENARIOS } from '../simulation/scenario.ts'
import { edit, endsWell, fail, kill, person, runNow, runTo, secretOf, started, workerOf } from '../simulation/schedule.ts'
import type { World } from '../simulation/world.ts'

/** Looks for late orphans that fail, again and again. */

const { overlap } = SCENARIOS
const HOUR = 3_600_000

/** A rotation that was killed once is closed; its orphans are looked for from now on. */
async function closedOnce(): Promise<World> {
  const world = await started(overlap)
  edit(world, 'key', (s) => ({ ...s, policy: { ...s.policy, graceMs: 0 } }))
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'store.put:before')
  kill(world, first)
  await recover(world)
  return world
}

/** One look that fails, if there is one. */
async function failsOnce(world: World): Promise<boolean> {
  const worker = workerOf(world, `looks-${world.now}`)
  const looked = await runTo(world, worker, 'provider.orphans:before').then(
    () => true,
    () => false,
  )
  if (looked) await fail(world, worker, new KeyturnError('PROVIDER_UNAVAILABLE', 'simulated: no answer'))
  if (looked) await runNow(world, worker)
  kill(world, worker)
  return looked
}

const statusOf = async (world: World) => {
  const states = [world.host('alpha'), world.state('key')].filter((state) => state !== null)
  const { rows } = await buildStatus({ inventory: world.inventory, states, now: world.now })
  return rows[0]
}

it('a look that fails for a day is not repeated for ever: status says so, and a person ends it', async () => {
  const world = await closedOnce()
  let looks = 0
  for (let hour = 0; hour < 40; hour++) {
    world.moveTo(world.now + HOUR + 60_000)
    if (await failsOnce(world)) looks += 1
  }
  expect(looks).toBeGreaterThan(20)
  expect(looks).toBeLessThan(26)
  expect((await statusOf(world))?.findings[0]).toMatchObject({ severity: 'attention', hint: expect.stringContaining('kt_simulated.key.*') })
  await approve(person(world), secretOf(world, 'key'), 'nothing is left there')
  expect((await statusOf(world))?.findings.filter(({ severity }) => severity === 'attention')).toEqual([])
  expect(world.state('key')).toMatchObject({ late: null, failure: null })
  await endsWell(world)
})

it('a machine that was off for that day tries some more times before it asks', async () => {
  const world = await closedOnce()
  world.moveTo(world.now + 72 * HOUR)
  expect(await failsOnce(world)).toBe(true)
  expect((await statusOf(world))?.state).not.toBe('attention')
  world.moveTo(world.now + 2 * HOUR)
  await recover(world)
  expect(world.state('key')).toMatchObject({ late: null, failure: null })
})

it('a look that succeeds forgets the failures before it', async () => {
  const world = await closedOnce()
  for (let hour = 0; hour < 4; hour++) {
    world.moveTo(world.now + 2 * HOUR)
    await failsOnce(world)
  }
  world.moveTo(world.now + 2 * HOUR)
  await recover(world)
  expect(world.state('key')?.failure).toBeNull()
  expect(world.state('key')?.late).not.toBeNull()
  await endsWell(world)
})
