import { expect, it } from 'vitest'
import { endCredential } from '../../src/rotation/end.ts'
import { openRotation } from '../../src/rotation/open.ts'
import type { VersionState } from '../../src/terms.ts'
import { recover } from '../simulation/drive.ts'
import type { MintingAccount } from '../simulation/minting.ts'
import { SCENARIOS } from '../simulation/scenario.ts'
import { endsWell, kill, person, runTo, secretOf, started, workerOf } from '../simulation/schedule.ts'
import type { World } from '../simulation/world.ts'

/** A person ends a credential without replacing it, and something else happens at the same time. */

const { overlap, admin } = SCENARIOS
const minting = (world: World, name: string) => world.accounts.get(name) as MintingAccount

/** A person's process that is stopped at a point: `meanwhile` happens there, once. */
const interrupted = (world: World, at: string, meanwhile: () => Promise<unknown>) => {
  let met = false
  return world.engine({ name: 'person', host: 'alpha', gates: [], status: 'alive' }, async (point) => {
    if (met || point !== at) return
    met = true
    await meanwhile()
  })
}

it('a rotation that is opened while a credential is being ended does not hide its death', async () => {
  const world = await started(overlap)
  const secret = secretOf(world, 'key')
  const version = world.state('key')?.current as VersionState
  const engine = interrupted(world, 'provider.revoke:after', () => openRotation(person(world), secret))
  await endCredential(engine, secret, version, 'it leaked')
  expect(world.state('key')).toMatchObject({ current: { token: version.token, deadAt: world.now } })
  expect(world.state('key')?.rotation).not.toBeNull()
  world.bad.splice(0) // readers had nothing that works: that is what was asked for
  world.deaths.splice(0)
  await recover(world)
  expect(world.state('key')).toMatchObject({ rotation: null, last: { outcome: 'rotated' } })
})

it('what a failed end has to say does not count once somebody else has taken the stream', async () => {
  const world = await started(overlap)
  const secret = secretOf(world, 'key')
  const version = world.state('key')?.current as VersionState
  const engine = interrupted(world, 'provider.revoke:before', async () => {
    await openRotation(person(world), secret)
    throw new Error('simulated: the connection was cut')
  })
  await expect(endCredential(engine, secret, version, 'it leaked')).rejects.toThrow('the connection was cut')
  expect(world.state('key')).toMatchObject({ failure: null, current: { token: version.token } })
  expect(world.state('key')?.current?.deadAt).toBeUndefined()
  await endsWell(world)
})

it('an admin key is not ended while a live claim works with it', async () => {
  const world = await started(admin)
  const first = workerOf(world, 'first', ['key'])
  await runTo(world, first, 'provider.create:before')
  const version = world.state('root')?.current as VersionState
  await expect(endCredential(person(world), secretOf(world, 'root'), version, 'it leaked')).rejects.toMatchObject({ code: 'ADMIN_IN_USE' })
  expect(minting(world, 'root').live()).toHaveLength(1)
  kill(world, first)
  await endsWell(world)
})

it('an end that works with an admin key says so in its claim', async () => {
  const world = await started(admin)
  const version = world.state('key')?.current as VersionState
  const codes: unknown[] = []
  const engine = interrupted(world, 'provider.revoke:before', async () => {
    const root = world.state('root')?.current as VersionState
    codes.push(await endCredential(person(world), secretOf(world, 'root'), root, 'it leaked').catch(({ code }) => code))
  })
  await endCredential(engine, secretOf(world, 'key'), version, 'it leaked')
  expect(codes).toEqual(['ADMIN_IN_USE'])
})
