import { expect, it } from 'vitest'
import { KeyturnError } from '../../src/errors.ts'
import type { RotatorSpec } from '../../src/ports.ts'
import { approve } from '../../src/rotation/decide.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import { forgetOld } from '../../src/rotation/forget.ts'
import { openRotation } from '../../src/rotation/open.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { recover } from '../simulation/drive.ts'
import type { MintingAccount } from '../simulation/minting.ts'
import { DAY, SCENARIOS } from '../simulation/scenario.ts'
import { edit, endsWell, fail, person, runNow, runTo, secretOf, sleeps, started, wakes, workerOf } from '../simulation/schedule.ts'
import type { World } from '../simulation/world.ts'

/** Which versions the store and the ledger keep, and which they let go. */

const { overlap, noOverlap, turns } = SCENARIOS
const PATH = 'simulated/production/key'
const MINUTE = 60_000
const minting = (world: World) => world.accounts.get('key') as MintingAccount
const stored = (world: World) => (world.storage.versions.get(PATH) ?? []).map(({ token }) => token)
const forget = (world: World, engine: Engine = person(world)) => forgetOld(engine, secretOf(world, 'key'))

/** The engine with a rotator that has other traits than it really has. */
const having = (engine: Engine, kind: string, traits: Partial<RotatorSpec>): Engine => ({
  ...engine,
  rotators: new Map([...engine.rotators, [kind, { ...engine.rotators.get(kind), ...traits } as RotatorSpec]]),
})

/** A worker is stopped after it has stored a version, and another one made and used its own meanwhile. */
async function strayed(world: World): Promise<string> {
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'store.put:before')
  sleeps(first)
  // The lease of the sleeper runs out while its call to the store is on its way: it arrives late.
  const { token } = world.state('key')?.claim ?? {}
  world.moveTo(world.now + 11 * MINUTE)
  const second = workerOf(world, 'second')
  await runTo(world, second, 'store.promote:before')
  const fields = new Sensitive({ key_value: 'canary-strayed' })
  const handle = { rotator: 'minting', params: { account: 'key' }, id: 'key-key-2' }
  await (await person(world).store('main')).put(PATH, { token: token ?? '', fields, handle })
  await runNow(world, second)
  await wakes(world, first)
  return token ?? ''
}

it('a version that a stalled create stored and nobody adopted is dropped when its orphans were looked for, and not before', async () => {
  const world = await started(overlap)
  const token = await strayed(world)
  await forget(world)
  expect(stored(world)).toContain(token)
  await endsWell(world)
  world.moveTo(world.now + DAY)
  await recover(world)
  const known = [world.state('key')?.current, ...(world.state('key')?.former ?? [])].map((v) => v?.token)
  await forget(world)
  expect(stored(world)).not.toContain(token)
  expect(stored(world)).toEqual(expect.arrayContaining(known))
  await openRotation(person(world), secretOf(world, 'key'))
  await endsWell(world)
})

it('it stays where its key may be alive at a provider that cannot be asked for it', async () => {
  const world = await started(overlap)
  const token = await strayed(world)
  await endsWell(world)
  world.moveTo(world.now + 2 * DAY)
  await recover(world)
  const { orphans: _, ...deaf } = person(world).rotators.get('minting') as RotatorSpec
  const engine = person(world)
  await forget(world, { ...engine, rotators: new Map([...engine.rotators, ['minting', deaf as RotatorSpec]]) })
  expect(stored(world)).toContain(token)
})

it('a value that was given is dropped although a person closed its rotation by their word', async () => {
  const world = await started(noOverlap)
  const engine = person(world)
  await openRotation(engine, secretOf(world, 'key'), { given: new Sensitive({ key_value: 'canary-given-by-a-person' }) })
  const first = workerOf(world, 'first')
  await runTo(world, first, 'ledger.append claimed revoke:before')
  await runTo(world, first, 'provider.test:before')
  await fail(world, first, new KeyturnError('NEEDS_PERSON', 'simulated: somebody has to look'))
  await runNow(world, first)
  await approve(engine, secretOf(world, 'key'), 'it is dead')
  expect(stored(world).filter((token) => token.includes('given-'))).toHaveLength(1)
  world.moveTo(world.now + DAY)
  await forget(world)
  expect(stored(world).filter((token) => token.includes('given-'))).toHaveLength(0)
  await endsWell(world)
})

/** How many are forgotten of what was replaced long ago, and of which nobody saw the death. */
async function forgottenOf(world: World, made: 'single' | 'turns' | null, today: 'single' | 'turns', traits: Partial<RotatorSpec> = {}): Promise<number> {
  const { token } = world.state('key')?.current ?? {}
  const params = { account: 'key' }
  edit(world, 'key', (s) => ({ ...s, rotator: { kind: today, params } }))
  const engine = having(person(world), 'turns', traits)
  const old = { token: 'kt_simulated.key.aaaabbbbccccdddd', handle: made && { rotator: made, params, id: 'x' }, replacedAt: world.now }
  const states = [[old], []].map((former) => ({ ...world.state('key'), former }))
  const ledger = { ...engine.ledger, state: async () => states.shift() ?? null, append: async () => ({}) } as unknown as Engine['ledger']
  world.moveTo(world.now + 200 * DAY)
  const count = await forget(world, { ...engine, ledger })
  expect(stored(world)).toContain(token)
  return count
}

it.each([
  ['made by what ends nothing, today by what does: forgotten', 'single', 'turns', {}, 1],
  ['made by what ends its own, today by what does not: kept', 'turns', 'single', {}, 0],
  ['made with params under which nothing is ended: forgotten', 'turns', 'turns', { revokes: () => false }, 1],
  ['of unknown making, today nothing is ended: forgotten', null, 'single', {}, 1],
  ['of unknown making, today something is ended: kept', null, 'turns', {}, 0],
] as const)('a version of which nobody saw the death, %s', async (_, made, today, traits, count) => {
  expect(await forgottenOf(await started(turns), made, today, traits)).toBe(count)
})

it('a rotation that is opened while old versions are forgotten ends nothing, and the rest is forgotten later', async () => {
  const world = await started(noOverlap)
  for (let times = 0; times < 3; times++) {
    await recover(world, ['key'])
    await recover(world)
  }
  expect(world.state('key')?.former).toHaveLength(3)
  world.moveTo(world.now + 200 * DAY)
  let met = false
  const engine = world.engine({ name: 'person', host: 'alpha', gates: [], status: 'alive' }, async (point) => {
    if (met || point !== 'store.drop:after') return
    met = true
    await openRotation(person(world), secretOf(world, 'key'))
  })
  expect(await forget(world, engine)).toBe(0)
  await recover(world)
  expect(await forget(world)).toBe(3)
  await endsWell(world)
})

it('a value of somebody else that two tries of a promote find is noted once', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'ledger.append claimed promote:before')
  Object.assign(minting(world), { limit: 3 })
  const { value } = minting(world).mint('foreign, by hand', world.now)
  world.storage.documents.set(PATH, { fields: { key_value: value }, changedAt: world.now })
  await runTo(world, first, 'store.promote:before')
  await fail(world, first, new KeyturnError('STORE_CHANGED', 'simulated: a neighbour was faster'))
  await runNow(world, first)
  const noted = (await world.ledger.read('kt_simulated/secret/key')).filter(({ event }) => event.type === 'saw' && event.facts.kind === 'current')
  expect(noted).toHaveLength(2) // the first value of all, and this one
  await endsWell(world)
})

it('facts of a version are taken under the variables of its secret, although that was renamed meanwhile', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.create:before')
  edit(world, 'key', (s) => ({ ...s, name: 'renamed', env: { OPENAI_API_KEY: 'key_value' } }))
  await runTo(world, first, 'ledger.append claimed promote:before')
  expect(world.state('key')?.rotation?.made?.facts.key_value?.shape).toContain('openai')
  Object.assign(minting(world), { limit: 3 })
  const { value } = minting(world).mint('foreign, by hand', world.now)
  world.storage.documents.set(PATH, { fields: { key_value: value }, changedAt: world.now })
  await runTo(world, first, 'store.promote:after')
  expect(world.state('key')?.current?.facts.key_value?.shape).toContain('openai')
})
