import { expect, it } from 'vitest'
import { KeyturnError } from '../../src/errors.ts'
import { hasten, retry, rollback } from '../../src/rotation/decide.ts'
import { recover } from './drive.ts'
import { start } from './running.ts'
import { SCENARIOS } from './scenario.ts'
import { endsWell, fail, kill, person, runNow, runTo, secretOf, started, workerOf } from './schedule.ts'
import type { SingleAccount } from './single.ts'

/** Schedules that the simulation found to end badly once. */

const { overlap, noOverlap, oneOutput, admin } = SCENARIOS

it('a file that is ahead of the ledger is not written again and again', async () => {
  const world = await started(oneOutput)
  const first = workerOf(world, 'first', ['key', 'pass'])
  await runTo(world, first, 'store.promote:after')
  kill(world, first)
  await recover(world)
  expect((await world.ledger.read('kt_simulated/host/alpha')).length).toBeLessThan(60)
  await endsWell(world)
})

it('a rollback without overlap logs in with what the provider holds', async () => {
  const world = await started(noOverlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.set:after')
  kill(world, first)
  await rollback(person(world), secretOf(world, 'key'), 'it does not work')
  await endsWell(world)
  expect(world.accounts.get('key')?.live()).toEqual(['canary-key-first'])
})

it('a set that never does what it says is tried ever more rarely, and given up', async () => {
  const world = await started(noOverlap)
  ;(world.accounts.get('key') as SingleAccount).lies = Number.POSITIVE_INFINITY
  const began = world.now
  await recover(world, ['key'])
  expect(world.state('key')?.last?.outcome).toBe('back')
  expect(world.trace.filter((line) => line.includes('provider.set:after')).length).toBeLessThan(10)
  expect(world.now - began).toBeGreaterThan(30_000)
})

it('after a rollback before the first write, a consumer started on an old copy is asked again once it was refreshed', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'file.replace:after')
  const [before, after] = world.disk.former('alpha', '/alpha/.env')
  kill(world, first)
  world.disk.write('alpha', '/alpha/.env', before ?? '')
  await rollback(person(world), secretOf(world, 'key'), 'it does not work')
  start(world.runnings.get('app') as never, world.disk, world.moment(), after)
  await endsWell(world)
})

it('a consumer started between a write that was never recorded and its undoing is refreshed', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'file.replace:after')
  kill(world, first)
  start(world.runnings.get('app') as never, world.disk, world.moment())
  await rollback(person(world), secretOf(world, 'key'), 'it does not work')
  await hasten(person(world), secretOf(world, 'key'), 0, 'it leaked')
  const second = workerOf(world, 'second')
  await runNow(world, second)
  await endsWell(world)
})

it('a rollback that is refused for good ends nothing that is still in use, but asks a person', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'ledger.append claimed write:before')
  kill(world, first)
  await rollback(person(world), secretOf(world, 'key'), 'it does not work')
  const second = workerOf(world, 'second')
  await runTo(world, second, 'provider.test:before')
  await fail(world, second, new KeyturnError('PROVIDER_CONFIG', 'simulated: somebody has to mend this'))
  await runNow(world, second)
  expect(second.waiting?.settled.secrets.get('key')).toMatchObject({ kind: 'attention', step: 'test' })
  expect(world.accounts.get('key')?.live()).toHaveLength(2)
  await retry(person(world), secretOf(world, 'key'), 'mended')
  await endsWell(world)
  expect(world.accounts.get('key')?.live()).toEqual(['canary-key-minted-1'])
})

it('an admin credential that has no value for a while is no verdict on the key', async () => {
  const world = await started(admin)
  const path = secretOf(world, 'root').path
  const document = world.storage.documents.get(path)
  world.storage.documents.delete(path)
  const first = workerOf(world, 'first', ['key'])
  await runNow(world, first)
  expect(world.state('key')).toMatchObject({ failure: { code: 'VALUE_MISSING' }, rotation: { back: false } })
  if (document) world.storage.documents.set(path, document)
  await endsWell(world)
  expect(world.state('key')?.last?.outcome).toBe('rotated')
})
