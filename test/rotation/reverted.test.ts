import { expect, it } from 'vitest'
import { approve, hasten, retry, rollback } from '../../src/rotation/decide.ts'
import { forgetOld } from '../../src/rotation/forget.ts'
import { holdOpen } from '../../src/rotation/reverted.ts'
import { recover } from '../simulation/drive.ts'
import type { MintingAccount } from '../simulation/minting.ts'
import { DAY, SCENARIOS } from '../simulation/scenario.ts'
import { endsWell, kill, person, runNow, runTo, secretOf, started, workerOf } from '../simulation/schedule.ts'
import type { World } from '../simulation/world.ts'

/** A backup is put back in which a rotation is open. */

const { overlap } = SCENARIOS
const HOUR = 3_600_000
const minting = (world: World) => world.accounts.get('key') as MintingAccount
const alive = (world: World) => minting(world).keys.map((key) => key.alive)
const next = async (world: World) => {
  const worker = workerOf(world, `looks-${world.pos()}-${world.now}`)
  await runNow(world, worker)
  return worker.waiting?.settled.secrets.get('key')
}

/**
 * Ledger and store as a backup has them that was made between the claim of `create` and its `put`. The provider is further: the
 * key of that claim is in use, and the first one was revoked.
 */
async function putBack(): Promise<World> {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.create:after')
  kill(world, first)
  const [old] = minting(world).keys
  if (old) old.alive = false
  world.bad.splice(0)
  expect(await holdOpen(person(world).ledger, world.now)).toEqual(['key'])
  return world
}

it('nothing is asked of its provider before a person has decided, however long that takes', async () => {
  const world = await putBack()
  const calls = () => world.trace.filter((line) => line.includes('provider.')).length
  const before = calls()
  for (const ms of [0, 11 * 60_000, 3 * DAY]) {
    world.moveTo(world.now + ms)
    expect(await next(world)).toMatchObject({ kind: 'attention', step: 'restore', hint: expect.stringMatching(/secrets approve key .*secrets rollback key/s) })
  }
  // To try again, or to hurry, is not to have looked.
  await retry(person(world), secretOf(world, 'key'), 'try again')
  await hasten(person(world), secretOf(world, 'key'), 0, 'it leaked')
  expect(await next(world)).toMatchObject({ kind: 'attention', step: 'restore' })
  expect(calls()).toBe(before)
  expect(alive(world)).toEqual([false, true])
})

it('given up, it is closed, and the key that is in use is not taken for an orphan, then or later', async () => {
  const world = await putBack()
  const { rotation, last } = await rollback(person(world), secretOf(world, 'key'), 'it has ended')
  expect(rotation).toBeNull()
  expect(last).toMatchObject({ outcome: 'back', note: expect.stringContaining('it has ended') })
  for (const hours of [2, 12, 12]) {
    world.moveTo(world.now + hours * HOUR)
    await recover(world)
    await forgetOld(person(world), secretOf(world, 'key'))
  }
  expect(alive(world)).toEqual([false, true])
})

it('what was stored under its claims stays in the store when it is given up: it may be in use', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'store.put:after')
  kill(world, first)
  await holdOpen(person(world).ledger, world.now)
  const { tokens } = await rollback(person(world), secretOf(world, 'key'), 'it has ended')
  world.moveTo(world.now + 3 * DAY)
  await forgetOld(person(world), secretOf(world, 'key'))
  expect(world.storage.versions.get('simulated/production/key')?.map(({ token }) => token)).toContain(tokens[0])
})

it('a version that it had made already is known after it was given up, and not as dead', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.test:before')
  kill(world, first)
  await holdOpen(person(world).ledger, world.now)
  const made = world.state('key')?.rotation?.made?.token
  const { former } = await rollback(person(world), secretOf(world, 'key'), 'it has ended')
  expect(former).toMatchObject([{ token: made }])
  expect(former[0]?.deadAt).toBeUndefined()
})

it('with the word of a person it goes on where it was', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.create:after')
  kill(world, first)
  await holdOpen(person(world).ledger, world.now)
  expect(await holdOpen(person(world).ledger, world.now)).toEqual(['key'])
  await expect(approve(person(world), secretOf(world, 'key'), 'I have looked')).resolves.toMatchObject({ step: 'restore' })
  await endsWell(world)
  expect(alive(world)).toEqual([false, false, true])
})

it('of what was proved before the backup nothing counts when it goes on: all is written and proved again', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'wait')
  world.moveTo(world.now + 2 * DAY)
  await runTo(world, first, 'ledger.append claimed revoke:before')
  kill(world, first)
  await holdOpen(person(world).ledger, world.now)
  const proofs = () => world.trace.filter((line) => line.includes('consumer.prove:after') || /did prove/.test(line)).length
  const before = proofs()
  await approve(person(world), secretOf(world, 'key'), 'I have looked')
  expect(await next(world)).toMatchObject({ kind: 'wait', why: 'grace' })
  expect(proofs()).toBeGreaterThan(before)
  expect(alive(world)).toEqual([true, true])
  await endsWell(world)
  expect(alive(world)).toEqual([false, true])
})
