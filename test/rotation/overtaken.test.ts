import { expect, it } from 'vitest'
import { KeyturnError } from '../../src/errors.ts'
import { approve, hasten, rollback } from '../../src/rotation/decide.ts'
import { agendaOf } from '../../src/rotation/due.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import { introduce } from '../../src/rotation/introduce.ts'
import { openOrDeclared } from '../../src/rotation/left.ts'
import { noticeForeign, openRotation, stateOf } from '../../src/rotation/open.ts'
import { restoreLedger } from '../../src/rotation/restore.ts'
import { settle } from '../../src/rotation/settle.ts'
import { secretStates } from '../../src/rotation/surroundings.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { recover } from '../simulation/drive.ts'
import type { MintingAccount } from '../simulation/minting.ts'
import { DAY, SCENARIOS } from '../simulation/scenario.ts'
import { edit, endsWell, fail, kill, person, runNow, runTo, secretOf, sleeps, started, wakes, workerOf } from '../simulation/schedule.ts'
import type { SingleAccount } from '../simulation/single.ts'
import type { World } from '../simulation/world.ts'

/** Schedules in which a person, a clock or a restore comes in the middle of a step. */

const { overlap, noOverlap, admin, oneOutput } = SCENARIOS
const HOUR = 3_600_000
const PATH = 'simulated/production/key'
const minting = (world: World, name = 'key') => world.accounts.get(name) as MintingAccount
const readers = (world: World) => world.storage.documents.get(PATH)?.fields.key_value
const withoutGrace = (world: World, id: string): void => edit(world, id, (s) => ({ ...s, policy: { ...s.policy, graceMs: 0 } }))

it('a look for late orphans that fails is repeated within the hour, not at once', async () => {
  const world = await started(overlap)
  withoutGrace(world, 'key')
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'store.put:before')
  kill(world, first)
  await recover(world)
  world.moveTo(world.now + 2 * HOUR)
  const second = workerOf(world, 'second')
  await runTo(world, second, 'provider.orphans:before')
  const seq = world.state('key')?.seq ?? 0
  await fail(world, second, new KeyturnError('PROVIDER_UNAVAILABLE', 'simulated: no answer'))
  await runNow(world, second)
  expect(world.state('key')).toMatchObject({ seq: seq + 1, claim: null, late: { sweptAt: world.now } })
  await endsWell(world)
})

it('a rollback waits for a set that is under way in another process, and what it did counts for nothing', async () => {
  const world = await started(noOverlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.set:before')
  sleeps(first)
  await rollback(person(world), secretOf(world, 'key'), 'not now')
  const second = workerOf(world, 'second')
  await runNow(world, second)
  expect(second.waiting?.settled.secrets.get('key')).toMatchObject({ kind: 'wait', why: 'claim' })
  await wakes(world, first)
  await endsWell(world)
  expect((world.accounts.get('key') as SingleAccount).password).toBe(readers(world))
})

it('a rollback after the promote waits for a revoke that is under way, and does not bring back what it ends', async () => {
  const world = await started(overlap)
  withoutGrace(world, 'key')
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.revoke:before')
  sleeps(first)
  await rollback(person(world), secretOf(world, 'key'), 'not now')
  await runNow(world, workerOf(world, 'second'))
  await wakes(world, first)
  await endsWell(world)
  expect(minting(world).live()).toEqual([readers(world)])
})

it('what a step did is recorded although a person decided something meanwhile', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'store.put:after')
  const { now } = world
  await hasten(person(world), secretOf(world, 'key'), 0, 'it leaked')
  await runTo(world, first, 'ledger.append claimed test:before')
  expect(world.state('key')?.rotation?.done).toEqual(['create'])
  expect(world.now).toBe(now)
  await endsWell(world)
})

it('one damaged file in the store stops its own rotation and no other', async () => {
  const world = await started(oneOutput)
  const engine = person(world)
  const store = await engine.store('main')
  const damaged: Engine = {
    ...engine,
    store: async () => ({
      ...store,
      versions: async (path) => {
        if (path === PATH) throw new KeyturnError('STORE_DAMAGED', 'simulated: versions/000001 is cut short')
        return store.versions(path)
      },
    }),
  }
  const secrets = ['key', 'pass'].map((id) => secretOf(world, id))
  for (const secret of secrets) await openRotation(engine, secret)
  const { secrets: nexts } = await settle(damaged, secrets, { patientUntil: world.now })
  expect(nexts.get('key')).toMatchObject({ kind: 'attention', message: expect.stringContaining('000001') })
  expect(world.state('pass')?.last?.outcome).toBe('rotated')
  await endsWell(world)
})

it('the new value is no stranger to a sync between the promote and its record', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'store.promote:after')
  kill(world, first)
  await noticeForeign(person(world), secretOf(world, 'key'), await stateOf(person(world), secretOf(world, 'key')))
  await endsWell(world)
  const state = world.state('key')
  expect([state?.current, ...(state?.former ?? [])].map((v) => v?.n)).toEqual([2, 1])
})

it('a restore between the promote and its record leaves the rotation open, and the old key ends', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'store.promote:after')
  kill(world, first)
  await restoreLedger(person(world))
  expect(world.state('key')?.rotation).not.toBeNull()
  await endsWell(world)
})

it('a sync on a lost ledger takes no value for a stranger: first it has to be restored, and then the handle is known', async () => {
  const before = await started(overlap, 1)
  await recover(before, ['key'])
  const world = await started(overlap, 2)
  for (const [path, versions] of before.storage.versions) world.storage.versions.set(path, versions)
  for (const [path, document] of before.storage.documents) world.storage.documents.set(path, document)
  minting(world).keys.splice(0, 1, ...minting(before).keys)
  const engine = person(world)
  const secret = secretOf(world, 'key')
  await expect(noticeForeign(engine, secret, await stateOf(engine, secret))).rejects.toMatchObject({ code: 'LEDGER_BEHIND' })
  await restoreLedger(engine)
  expect(world.state('key')).toMatchObject({ current: { n: 2, handle: { id: 'key-key-2' } }, former: [{ n: 1, replacedAt: world.now }] })
})

it('a grace does not begin while the clock is behind, or it would be over when the clock is put right', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'ledger.append saw:before')
  kill(world, first)
  const right = world.now
  world.moveTo(right - 2 * DAY)
  await runNow(world, workerOf(world, 'second'))
  world.moveTo(right)
  await runNow(world, workerOf(world, 'third'))
  expect(minting(world).live()).toHaveLength(2)
  await endsWell(world)
})

it('an admin key that is renamed while a live claim works with it is not ended, and what works with it goes on', async () => {
  const world = await started(admin)
  withoutGrace(world, 'root')
  const second = workerOf(world, 'second', ['root'])
  await runTo(world, second, 'store.promote:before')
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.create:before')
  edit(world, 'root', (s) => ({ ...s, name: 'renamed' }))
  edit(world, 'key', (s) => ({ ...s, rotator: { ...s.rotator, admin: 'renamed' } }))
  await runNow(world, second)
  expect(minting(world, 'root').keys.map(({ alive }) => alive)).toEqual([true, true])
  await endsWell(world)
  expect(world.state('key')?.last?.outcome).toBe('rotated')
})

it('a secret that left the inventory with a rotation open is still on the agenda, and its rotation ends', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.create:after')
  kill(world, first)
  world.inventory = { ...world.inventory, secrets: [], hash: `${world.inventory.hash}+` }
  const engine = person(world)
  const { open } = agendaOf(world.inventory, await secretStates(engine), world.now)
  expect(open.map(({ id }) => id)).toEqual(['key'])
  world.moveTo(world.now + HOUR)
  await settle(engine, open, { patientUntil: world.now })
  expect(world.state('key')?.rotation).toMatchObject({ done: ['create', 'test', 'promote'] })
  expect(minting(world).keys.map(({ alive }) => alive)).toEqual([true, false, true])
  // Nobody writes its file any more, so nobody can prove: a person says so, by its name.
  await approve(engine, await openOrDeclared(engine, 'key'), 'nothing runs on it')
  await settle(engine, open, { patientUntil: world.now })
  world.moveTo(world.now + DAY)
  await settle(engine, open, { patientUntil: world.now })
  expect(world.state('key')).toMatchObject({ rotation: null, last: { outcome: 'rotated' } })
  await expect(openOrDeclared(engine, 'key')).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
})

for (const [what, value] of [
  ['the same', 'canary-key-minted-1'],
  ['another', 'canary-given-again'],
] as const) {
  it(`a secret that was removed gets a value again: ${what} one`, async () => {
    const world = await started(overlap)
    const engine = person(world)
    const secret = secretOf(world, 'key')
    await (await engine.store('main')).withdraw(secret.path, secret.fields)
    const state = await stateOf(engine, secret)
    await engine.ledger.append(state?.stream ?? '', (state?.seq ?? 0) + 1, { type: 'saw', facts: { kind: 'removed' } }, { policy: null })
    await introduce(engine, secret, new Sensitive({ key_value: value }), { bornAt: world.now, source: 'first-seen' })
    expect(readers(world)).toBe(value)
    expect(world.state('key')).toMatchObject({ removed: false })
  })
}
