import { expect, it } from 'vitest'
import { approve } from '../../src/rotation/decide.ts'
import { endCredential } from '../../src/rotation/end.ts'
import { openRotation } from '../../src/rotation/open.ts'
import type { VersionState } from '../../src/terms.ts'
import { recover } from '../simulation/drive.ts'
import type { MintingAccount } from '../simulation/minting.ts'
import { start } from '../simulation/running.ts'
import { DAY, SCENARIOS } from '../simulation/scenario.ts'
import { endsWell, kill, person, runNow, runTo, secretOf, started, workerOf } from '../simulation/schedule.ts'
import type { World } from '../simulation/world.ts'

/** Schedules in which the clock is wrong for a while. */

const { overlap } = SCENARIOS
const HOUR = 3_600_000
const minting = (world: World) => world.accounts.get('key') as MintingAccount
const app = (world: World) => world.runnings.get('app') as NonNullable<ReturnType<World['runnings']['get']>>

it('a proof that was claimed while the clock was ahead is none when it is right again: the consumer has to prove once more', async () => {
  const world = await started(overlap)
  const old = world.disk.text('alpha', '/alpha/.env') ?? ''
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'wait')
  const right = world.now
  world.moveTo(right + 2 * DAY)
  await runTo(world, first, 'ledger.append claimed revoke:before')
  kill(world, first)
  world.moveTo(right)
  await runNow(world, workerOf(world, 'second'))
  start(app(world), world.disk, world.moment(), old)
  world.moveTo(right + DAY + HOUR)
  await recover(world)
  expect(minting(world).live()).toEqual(expect.arrayContaining(Object.values(app(world).env).filter((value) => value.startsWith('canary-'))))
  await endsWell(world)
})

it('a credential is not ended on a clock behind the last event', async () => {
  const world = await started(overlap)
  await recover(world, ['key'])
  await recover(world)
  const version = world.state('key')?.current as VersionState
  world.moveTo(world.now - DAY)
  await expect(endCredential(person(world), secretOf(world, 'key'), version, 'it leaked')).rejects.toMatchObject({ code: 'CLOCK_SUSPECT' })
  expect(minting(world).live()).toHaveLength(1)
  expect(world.state('key')?.claim).toBeNull()
})

it('a clock that a time daemon has set back by a millisecond is nothing that a person could vouch for', async () => {
  const world = await started(overlap)
  await openRotation(person(world), secretOf(world, 'key'))
  world.moveTo(world.now - 1)
  await expect(approve(person(world), secretOf(world, 'key'), 'fine')).rejects.toMatchObject({ code: 'NOTHING_OPEN' })
  world.moveTo(world.now - HOUR)
  await expect(approve(person(world), secretOf(world, 'key'), 'the recorded time was wrong')).resolves.toMatchObject({ step: 'clock' })
})
