import { expect, it } from 'vitest'
import { KeyturnError } from '../../src/errors.ts'
import { hasten } from '../../src/rotation/decide.ts'
import { openRotation } from '../../src/rotation/open.ts'
import { restoreLedger } from '../../src/rotation/restore.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Event, HeldVar } from '../../src/terms.ts'
import { hostStream, secretStream } from '../../src/terms.ts'
import { recover } from './drive.ts'
import type { MintingAccount } from './minting.ts'
import { start } from './running.ts'
import { DAY, SCENARIOS } from './scenario.ts'
import { edit, editOutputs, endsWell, fail, kill, person, runNow, runTo, secretOf, sleeps, started, wakes, workerOf } from './schedule.ts'
import type { SingleAccount } from './single.ts'
import type { TurnsAccount } from './turns.ts'

/**
 * Each failure rule of the design with the schedule that it was made for. `npm run test:mutants` takes each rule out of the
 * engine (`mutants.ts`) and shows that its test fails then.
 */

const { overlap, noOverlap, turns, twoHosts, oneOutput, onePath, admin } = SCENARIOS
const MINUTE = 60_000
const minting = (world: Awaited<ReturnType<typeof started>>, name = 'key') => world.accounts.get(name) as MintingAccount

it('rule 1: killed after it claimed a step, another worker takes the step over when the lease is over, and not before', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.create:before')
  kill(world, first)
  const second = workerOf(world, 'second')
  await runNow(world, second)
  expect(second.waiting?.settled.secrets.get('key')).toMatchObject({ kind: 'wait', why: 'claim' })
  expect(minting(world).keys).toHaveLength(1)
  world.moveTo(world.now + 11 * MINUTE)
  await runNow(world, second)
  expect(minting(world).keys).toHaveLength(2)
  await endsWell(world)
})

it('rule 1: stalled right before it writes a file until its lease is over, it does not write any more', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'file.read:before')
  world.moveTo(world.now + 11 * MINUTE)
  const woke = world.trace.length
  await runTo(world, first, 'ledger.append claimed write:before')
  expect(world.trace.slice(woke)).not.toContain('first file.replace:before')
  await endsWell(world)
})

it('rule 2: the rotator in the inventory is changed right after a key was minted and the worker killed; the orphan is found where it was made', async () => {
  const world = await started(onePath)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.create:after')
  kill(world, first)
  edit(world, 'key', (s) => ({ ...s, rotator: { ...s.rotator, params: { account: 'other' } } }))
  await recover(world)
  expect(minting(world).keys.filter(({ alive }) => alive)).toHaveLength(1)
  expect(minting(world, 'other').keys).toHaveLength(1)
  await endsWell(world)
})

it('rule 2: an output is taken out of the inventory while a rotation is open; what still runs on it has to prove nevertheless', async () => {
  const world = await started(twoHosts)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.test:after')
  editOutputs(
    world,
    world.inventory.outputs.filter(({ host }) => host === 'alpha'),
  )
  await recover(world)
  expect(minting(world).keys.map(({ alive }) => alive)).toEqual([true, true])
  expect(world.bad).toEqual([])
})

it('rule 3: killed between mint and put, the orphan is removed and another key is made', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'store.put:before')
  kill(world, first)
  await recover(world)
  expect(minting(world).keys.map(({ alive }) => alive)).toEqual([false, false, true])
  await endsWell(world)
})

it('rule 3: killed between put and its record, the stored version is adopted and nothing is made again', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'ledger.append did:before')
  kill(world, first)
  await recover(world)
  expect(minting(world).keys.map(({ alive }) => alive)).toEqual([false, true])
  await endsWell(world)
})

it('rule 4: an orphan that the provider lists hours later is removed, keys with another tag or none are not', async () => {
  const world = await started(overlap)
  Object.assign(minting(world), { lagMs: 3 * 60 * MINUTE, limit: 5 })
  const foreign = [minting(world).mint('foreign kt_other.key.aaaa', world.now), minting(world).mint(null, world.now)]
  edit(world, 'key', (s) => ({ ...s, policy: { ...s.policy, graceMs: 0 } }))
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'store.put:before')
  kill(world, first)
  await recover(world)
  expect(minting(world).keys.filter(({ alive }) => alive)).toHaveLength(4) // the orphan is still there
  for (const hours of [4, 12, 12]) {
    world.moveTo(world.now + hours * 60 * MINUTE)
    await recover(world)
  }
  expect(minting(world).keys.filter(({ alive }) => alive)).toHaveLength(3)
  expect(foreign.map(({ alive }) => alive)).toEqual([true, true])
})

it('rule 5: a provider that gives no verdict for an hour is asked again, and the new key is not given up', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  for (let times = 0; times < 12; times++) {
    await runTo(world, first, 'provider.test:before')
    await fail(world, first, new KeyturnError('PROVIDER_UNAVAILABLE', 'simulated: 503'))
  }
  expect(world.state('key')).toMatchObject({ failure: { code: 'PROVIDER_UNAVAILABLE' }, rotation: { back: false } })
  expect(world.state('key')?.failure?.attempts).toBeGreaterThan(10)
  await endsWell(world)
  expect(world.state('key')?.last?.outcome).toBe('rotated')
})

it('rule 5: a refused admin credential is no verdict on the new key', async () => {
  const world = await started(admin)
  const first = workerOf(world, 'first', ['key'])
  for (let times = 0; times < 8; times++) {
    await runTo(world, first, 'provider.create:before')
    await fail(world, first, new KeyturnError('ADMIN_REJECTED', 'simulated: the admin key is refused'))
  }
  expect(world.state('key')?.rotation?.back).toBe(false)
  await endsWell(world)
  expect(world.state('key')?.last?.outcome).toBe('rotated')
})

it('rule 6: set took effect and its answer was an error; fresh logins with both values find that it is done', async () => {
  const world = await started(noOverlap)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.set:after')
  await fail(world, first, new KeyturnError('PROVIDER_CONFIG', 'simulated: a message that nobody understands'))
  await runTo(world, first, 'provider.test:before', 3)
  expect(world.state('key')?.rotation?.done).toContain('set')
  await endsWell(world)
})

it('rule 6: the new value is accepted and the old one still is; the test does not pass until the old one is refused', async () => {
  const world = await started(noOverlap)
  const account = world.accounts.get('key') as SingleAccount
  Object.assign(account, { keeps: 1, limit: 2 })
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'store.promote:before')
  expect(account.live()).toHaveLength(1)
  await endsWell(world)
})

it('rule 7: somebody uses the user that should rest; nothing is written there, and a person is asked', async () => {
  const world = await started(turns)
  const { users } = world.accounts.get('key') as TurnsAccount
  const second = users.second as { password: string | null }
  second.password = 'canary-by-hand'
  const first = workerOf(world, 'first', ['key'])
  await runNow(world, first)
  expect(first.waiting?.settled.secrets.get('key')).toMatchObject({ kind: 'attention', step: 'set' })
  expect(second.password).toBe('canary-by-hand')
  expect(world.state('key')?.rotation?.back).toBe(false)
})

it('rule 8: stalled between the lease check and the rename, the writer still holds the lock, and the file ends with all current values', async () => {
  const world = await started(oneOutput)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'file.replace:before')
  sleeps(first)
  await recover(world, ['pass'])
  await wakes(world, first)
  await endsWell(world)
})

it('rule 9: somebody wrote the field by hand before the promote; what they wrote is kept as a version, and neighbours stay', async () => {
  const world = await started(onePath)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'store.promote:before')
  Object.assign(minting(world), { limit: 3 })
  const { value } = minting(world).mint('foreign, by hand', world.now)
  const document = world.storage.documents.get('shared/keys')
  world.storage.documents.set('shared/keys', { fields: { ...document?.fields, key_value: value }, changedAt: world.now })
  await endsWell(world)
  const kept = (world.storage.versions.get('shared/keys') ?? []).filter(({ fields }) => fields.reveal().key_value === value)
  expect(kept).toHaveLength(1)
  expect(world.state('key')?.former.map(({ token }) => token)).toContain(kept[0]?.token)
})

it('rule 10: somebody restarts a consumer on a copy of the old file during the grace; it is asked once more, and the old key waits', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  const [before] = world.disk.former('alpha', '/alpha/.env')
  await runTo(world, first, 'wait')
  expect(world.state('key')?.rotation?.graceUntil).not.toBeNull()
  world.moveTo(world.now + DAY / 2)
  start(world.runnings.get('app') as never, world.disk, world.moment(), before)
  await endsWell(world)
})

it('rule 10: a proof is as old as its claim: asked before the grace ended and recorded after it, it does not count', async () => {
  const world = await started(overlap)
  const first = workerOf(world, 'first', ['key'])
  const [before] = world.disk.former('alpha', '/alpha/.env')
  await runTo(world, first, 'wait')
  const graceUntil = world.state('key')?.rotation?.graceUntil ?? 0
  // Somebody asks a minute before the grace ends, and is slow to record the answer.
  world.moveTo(graceUntil - MINUTE)
  const stream = hostStream('kt_simulated', 'alpha')
  const engine = person(world)
  const claim: Event = { type: 'claimed', step: 'prove', on: '.env consumer app', by: 'slow', until: world.now + 3 * MINUTE }
  const claimed = await engine.ledger.append(stream, (world.host('alpha')?.seq ?? 0) + 1, claim, { policy: null })
  const vars = Object.fromEntries(Object.entries(world.host('alpha')?.outputs['.env']?.vars ?? {}).map(([name, held]: [string, HeldVar]) => [name, held.value]))
  start(world.runnings.get('app') as never, world.disk, world.moment(), before)
  world.moveTo(graceUntil + MINUTE)
  await engine.ledger.append(stream, claimed.recorded.seq + 1, { type: 'did', claim: claimed.recorded.seq, result: { step: 'prove', vars } }, { policy: null })
  await endsWell(world)
})

it('rule 11: an admin key is not ended while a live claim works with it', async () => {
  const world = await started(admin)
  edit(world, 'root', (s) => ({ ...s, policy: { ...s.policy, graceMs: 0 } }))
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.create:before')
  const second = workerOf(world, 'second', ['root'])
  await runNow(world, second)
  expect(second.waiting?.settled.secrets.get('root')).toMatchObject({ kind: 'wait', why: 'admin' })
  expect(minting(world, 'root').keys.map(({ alive }) => alive)).toEqual([true, true])
  await endsWell(world)
})

it('rule 12: the ledger is lost; nothing is opened or written at the provider until it is rebuilt from the store', async () => {
  const before = await started(overlap, 1)
  await recover(before, ['key'])
  const world = await started(overlap, 2)
  for (const [path, versions] of before.storage.versions) world.storage.versions.set(path, versions)
  for (const [path, document] of before.storage.documents) world.storage.documents.set(path, document)
  minting(world).keys.splice(0, 1, ...minting(before).keys)
  const engine = person(world)
  await expect(openRotation(engine, secretOf(world, 'key'))).rejects.toMatchObject({ code: 'LEDGER_BEHIND' })
  expect(minting(world).keys).toHaveLength(2)
  await restoreLedger(engine)
  await recover(world, ['key'])
  expect(minting(world).keys.map(({ alive }) => alive)).toEqual([false, false, true])
})

it('rule 12: a clock behind the last event opens nothing and ends nothing', async () => {
  const world = await started(overlap)
  minting(world).refuses = true
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'ledger.append claimed revoke:before')
  kill(world, first)
  world.moveTo(world.now - DAY)
  const second = workerOf(world, 'second')
  await runNow(world, second)
  expect(second.waiting?.settled.secrets.get('key')).toMatchObject({ kind: 'wait', why: 'clock' })
  expect(minting(world).keys.map(({ alive }) => alive)).toEqual([true, true])
  await endsWell(world)
  world.moveTo(world.now - DAY)
  await expect(openRotation(person(world), secretOf(world, 'key'))).rejects.toMatchObject({ code: 'CLOCK_SUSPECT' })
})

it('rule 13: a host stays away; the old key stays, a person is told why, and --compromised ends it all the same', async () => {
  const world = await started(twoHosts)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'wait')
  world.moveTo(world.now + 3 * DAY)
  await runNow(world, first)
  const told = first.waiting?.settled.secrets.get('key')
  expect(told).toMatchObject({ kind: 'attention', step: 'proof', message: expect.stringContaining('on beta') })
  expect(minting(world).keys.map(({ alive }) => alive)).toEqual([true, true])
  await hasten(person(world), secretOf(world, 'key'), 0, 'it leaked')
  await runNow(world, first)
  expect(minting(world).keys.map(({ alive }) => alive)).toEqual([false, true])
  const closed = (await world.ledger.read(secretStream('kt_simulated', 'key'))).at(-1)?.event
  expect(closed).toMatchObject({ type: 'did', result: { step: 'revoke', broke: [expect.stringContaining('beta')] } })
})

it('every rule: a given value goes the same way as a made one', async () => {
  const world = await started(noOverlap)
  await openRotation(person(world), secretOf(world, 'key'), { given: new Sensitive({ key_value: 'canary-given-by-a-person' }) })
  const first = workerOf(world, 'first')
  await runTo(world, first, 'provider.set:after')
  kill(world, first)
  await endsWell(world)
  expect(world.accounts.get('key')?.live()).toEqual(['canary-given-by-a-person'])
})
