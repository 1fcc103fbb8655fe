import { expect, it } from 'vitest'
import { hasten, retry } from '../../src/rotation/decide.ts'
import { agendaOf } from '../../src/rotation/due.ts'
import { mendOfLast, outcomeOf } from '../../src/rotation/outcome.ts'
import { secretStream } from '../../src/terms.ts'
import { recover } from './drive.ts'
import type { MintingAccount } from './minting.ts'
import type { Running } from './running.ts'
import { DAY, SCENARIOS } from './scenario.ts'
import { endsWell, person, runNow, runTo, secretOf, started, workerOf } from './schedule.ts'
import type { World } from './world.ts'

/** Failure rule 10, where consumers tell their health. `npm run test:mutants` takes each part out and shows that its test fails then. */

const { overlap } = SCENARIOS
const MINUTE = 60_000
const NEW = 'canary-key-minted-2'

const app = (world: World): Running => world.runnings.get('app') as Running
const live = (world: World) => world.accounts.get('key')?.live()

/** The program of this world tells its health, and is ill while this holds. */
async function watched(ill: Running['ill']): Promise<World> {
  const world = await started(overlap)
  Object.assign(app(world), { tells: true, ill })
  return world
}

const onTheNew: Running['ill'] = (env) => Object.values(env).includes(NEW)

it('rule 10: a consumer falls ill on the new value within its probation; the former value is current, written and running again, and the new one dies after proof', async () => {
  const world = await watched(onTheNew)
  const first = workerOf(world, 'first', ['key'])
  const began = world.now
  await runTo(world, first, 'provider.test:before', 2)
  expect(world.now - began).toBeLessThan(MINUTE)
  expect(world.state('key')?.rotation?.unhealthy).toBe(
    'CONSUMER_UNHEALTHY: app (.env) on alpha became unhealthy on the new value: simulated: refused by its provider',
  )
  await runTo(world, first, 'provider.revoke:before')
  expect(Object.values(app(world).env)).not.toContain(NEW)
  await endsWell(world)
  expect(live(world)).toEqual(['canary-key-minted-1'])
  const state = world.state('key')
  expect(state).toMatchObject({ current: { n: 1 }, last: { outcome: 'back', unhealthy: true } })
  expect(outcomeOf(state, { kind: 'idle' }, state?.last?.rotation ?? null)).toMatchObject({
    kind: 'back',
    message: expect.stringContaining('went back to version 1: CONSUMER_UNHEALTHY: app (.env) on alpha became unhealthy'),
    hint: expect.stringContaining('secrets rotate NAME'),
  })
  expect(state && (await mendOfLast(world.ledger, state))).toContain('Without a name it is not rotated again')
  // The timer does not do it all over again each time it runs.
  const states = new Map(state ? [['key', state]] : [])
  expect(agendaOf(world.inventory, states, world.now + 365 * DAY).due).toEqual([])
})

it('rule 10: a consumer falls ill on the new value only after a while; the grace has not begun before its probation is over', async () => {
  const world = await watched(() => false)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'consumer.health:before', 3)
  Object.assign(app(world), { ill: onTheNew })
  await endsWell(world)
  expect(world.state('key')?.last?.outcome).toBe('back')
})

it('rule 10: a consumer that stays healthy is watched until its probation is over, and then the grace begins', async () => {
  const world = await watched(() => false)
  const began = world.now
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'ledger.append saw:before')
  expect(world.now - began).toBeGreaterThanOrEqual(MINUTE)
  expect(app(world).said?.healthy).toBeLessThan(12)
  await endsWell(world)
  expect(live(world)).toEqual([NEW])
})

it('rule 10: a consumer was ill before the delivery; that is no reason to go back, and holds nothing', async () => {
  const world = await watched(() => true)
  await recover(world, ['key'])
  await endsWell(world)
  expect(world.state('key')?.last).toMatchObject({ outcome: 'rotated' })
  expect(live(world)).toEqual([NEW])
})

it('rule 10: a consumer falls ill and the former key is dead already; nothing is turned round, and a person is asked at once', async () => {
  const world = await watched(onTheNew)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'consumer.health:before', 2)
  const state = world.state('key')
  const dead = { kind: 'dead' as const, token: state?.rotation?.retiring?.token ?? '', note: 'ended at the provider' }
  await person(world).ledger.append(secretStream('kt_simulated', 'key'), (state?.seq ?? 0) + 1, { type: 'saw', facts: dead }, { policy: null })
  await runTo(world, first, 'wait', 4)
  await runNow(world, first)
  expect(first.waiting?.settled.secrets.get('key')).toMatchObject({
    kind: 'attention',
    message:
      'app (.env) on alpha is not healthy on version 2: simulated: refused by its provider; the rotation does not go back by itself, because the version before it is revoked already',
  })
  Object.assign(app(world), { ill: () => false })
  await recover(world)
  expect(world.state('key')?.current?.n).toBe(2)
})

it('rule 10: a consumer falls ill and the former key leaked; it is revoked all the same, and what is ill is named', async () => {
  const world = await watched(onTheNew)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'consumer.health:before', 3)
  await hasten(person(world), secretOf(world, 'key'), MINUTE, 'it leaked')
  await recover(world)
  expect(live(world)).toEqual([NEW])
  const closed = (await world.ledger.read(secretStream('kt_simulated', 'key'))).find(({ event }) => event.type === 'did' && event.result.step === 'revoke')
  expect(closed?.event).toMatchObject({ result: { broke: ['app (.env on alpha)'] } })
})

it('rule 10: a consumer is ill on both values; it goes back once, and then a person is asked', async () => {
  const world = await watched(() => false)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'consumer.health:before', 2)
  Object.assign(app(world), { ill: () => true })
  await recover(world)
  const second = workerOf(world, 'second')
  await runNow(world, second)
  expect(second.waiting?.settled.secrets.get('key')).toMatchObject({
    kind: 'attention',
    message: expect.stringContaining('is not healthy on version 1'),
    hint: 'secrets approve key --reason TEXT   goes on, once it works',
  })
  expect(live(world)).toHaveLength(2)
  Object.assign(app(world), { ill: () => false })
  world.moveTo(world.now + MINUTE)
  await retry(person(world), secretOf(world, 'key'), 'it is mended')
  await endsWell(world)
  expect(live(world)).toEqual(['canary-key-minted-1'])
})

it('rule 10: what it goes back to is refused by the provider; it is turned forth again, does not go back a second time, and a person is asked', async () => {
  const world = await watched(onTheNew)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.test:before', 2)
  const [old] = (world.accounts.get('key') as MintingAccount).keys
  Object.assign(old ?? {}, { alive: false })
  await recover(world)
  const second = workerOf(world, 'second')
  await runNow(world, second)
  expect(second.waiting?.settled.secrets.get('key')).toMatchObject({
    kind: 'attention',
    message: expect.stringContaining('this rotation went back once already'),
  })
  expect(world.state('key')?.current?.n).toBe(2)
  Object.assign(app(world), { ill: () => false })
  world.moveTo(world.now + MINUTE)
  await retry(person(world), secretOf(world, 'key'), 'it is mended')
  await endsWell(world)
  expect(live(world)).toEqual([NEW])
})

it('rule 10: something that nobody declared still uses the old key after the proofs; it waits and names when, until the key was quiet for a whole grace', async () => {
  const world = await started(overlap)
  const [old] = (world.accounts.get('key') as MintingAccount).keys
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'wait')
  expect(world.state('key')?.rotation?.graceUntil).toBe(world.now + DAY)
  world.moveTo(world.now + DAY - 60 * MINUTE)
  Object.assign(old ?? {}, { usedAt: world.now })
  const used = new Date(world.now).toISOString()
  world.moveTo(world.now + 61 * MINUTE)
  const second = workerOf(world, 'second')
  await runNow(world, second)
  const told = second.waiting?.settled.secrets.get('key') ?? { kind: 'idle' as const }
  expect(outcomeOf(world.state('key'), told, world.state('key')?.rotation?.id ?? null)).toMatchObject({
    kind: 'failing',
    message: `revoke: key: the old credential was used at ${used}, after everything that is declared proved to run on the new one: something else still uses it`,
    hint: 'find what uses it and give it the new value; or: secrets revoke key --previous   ends it all the same',
  })
  expect(live(world)).toHaveLength(2)
  world.moveTo(world.now + DAY)
  await endsWell(world)
  expect(live(world)).toEqual([NEW])
})

it('rule 10: the old key was used between the promote and the proofs, as it should be; that holds nothing', async () => {
  const world = await started(overlap)
  const [old] = (world.accounts.get('key') as MintingAccount).keys
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'consumer.refresh:before')
  Object.assign(old ?? {}, { usedAt: world.now })
  await endsWell(world)
  expect(live(world)).toEqual([NEW])
})
