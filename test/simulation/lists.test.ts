import { expect, it } from 'vitest'
import { hasten, rollback } from '../../src/rotation/decide.ts'
import { recover } from './drive.ts'
import { type Disturbance, enumerate } from './enumerate.ts'
import type { MintingAccount } from './minting.ts'
import { readEnv } from './running.ts'
import type { Scenario } from './scenario.ts'
import { endsWell, kill, person, runNow, runTo, secretOf, started, workerOf } from './schedule.ts'
import type { World } from './world.ts'

/** Programs that accept two values: an output lists the old one behind the new one until it is ended. */

const LISTS: Scenario = {
  name: 'a list of both',
  secrets: [{ id: 'key', kind: 'minting' }],
  outputs: [{ host: 'alpha', file: '.env', vars: { KEY_LIST: '{key.key_value|both}', KEY_URL: 'x://u:{key.key_value}@h' }, consumers: [{ name: 'app' }] }],
}
const DAY = 24 * 3_600_000

const inFile = (world: World) => readEnv(world.disk.text('alpha', '/alpha/.env') ?? '').KEY_LIST
const inApp = (world: World) => world.runnings.get('app')?.env.KEY_LIST
const keys = (world: World) => (world.accounts.get('key') as MintingAccount).keys
const values = (world: World) => keys(world).map(({ value }) => value)

/** Nothing that was ended stands in a list, and nothing that is current is missing there. */
function judgeLists(world: World): void {
  const current = world.storage.documents.get('simulated/production/key')?.fields.key_value
  for (const [where, list] of [
    ['the file', inFile(world)],
    ['the program', inApp(world)],
  ])
    if (list !== current) world.bad.push(`${where} lists ${list} at the end, and ${current} is current`)
  // A plain template is in the same place: no single value tells whose it is.
  const url = readEnv(world.disk.text('alpha', '/alpha/.env') ?? '').KEY_URL
  if (url !== `x://u:${current}@h`) world.bad.push(`the file holds ${url} at the end, and ${current} is current`)
}

it.each([
  ['crash', 2],
  ['lost call', 3],
  ['stall', 9],
  ['rollback', 3],
  ['compromised', 3],
] satisfies [Disturbance, number][])('%s anywhere: at the end every list holds the current value alone', async (disturbance, every) => {
  const { points, bad } = await enumerate(LISTS, disturbance, { every, after: judgeLists })
  expect(bad).toEqual([])
  expect(points).toBeGreaterThan(10)
})

/** The new value is delivered and proved, and its grace has begun. */
async function inGrace(): Promise<World> {
  const world = await started(LISTS)
  expect(inFile(world)).toBe(values(world)[0])
  await runNow(world, workerOf(world, 'first', ['key']))
  return world
}

it('new and old stand side by side through the grace, in file and program, and the new one alone after the revoke', async () => {
  const world = await inGrace()
  const [old, fresh] = values(world)
  expect([inFile(world), inApp(world)]).toEqual([`${fresh},${old}`, `${fresh},${old}`])
  expect(world.state('key')?.rotation?.graceUntil).not.toBeNull()
  world.moveTo(world.now + DAY + 1)
  const worker = workerOf(world, 'second')
  // Not taken out before it is dead: the last proof and the revoke come first.
  await runTo(world, worker, 'file.replace:before')
  expect(keys(world).map(({ alive }) => alive)).toEqual([false, true])
  await runNow(world, worker)
  expect([inFile(world), inApp(world)]).toEqual([fresh, fresh])
  await endsWell(world)
})

it('killed between the close and the file, the next worker takes the old value out', async () => {
  const world = await inGrace()
  const [, fresh] = values(world)
  world.moveTo(world.now + DAY + 1)
  const worker = workerOf(world, 'second')
  await runTo(world, worker, 'ledger.append claimed write:before')
  expect(world.state('key')?.rotation).toBeNull()
  kill(world, worker)
  expect(inFile(world)).not.toBe(fresh)
  await recover(world)
  expect([inFile(world), inApp(world)]).toEqual([fresh, fresh])
  await endsWell(world)
})

it('going back in the grace turns the list round, and leaves the old value alone in it', async () => {
  const world = await inGrace()
  const [old, fresh] = values(world)
  await rollback(person(world), secretOf(world, 'key'), 'it is slow')
  await runNow(world, workerOf(world, 'second'))
  expect([inFile(world), inApp(world)]).toEqual([`${old},${fresh}`, `${old},${fresh}`])
  world.moveTo(world.now + DAY + 1)
  await recover(world)
  expect([inFile(world), inApp(world)]).toEqual([old, old])
  await endsWell(world)
})

it('what leaked is taken out at once, and the rotation is not closed before a program has forgotten it', async () => {
  const world = await inGrace()
  const [, fresh] = values(world)
  await hasten(person(world), secretOf(world, 'key'), 60_000, 'it leaked')
  const worker = workerOf(world, 'second')
  await runTo(world, worker, 'provider.revoke:before')
  expect([inFile(world), inApp(world)]).toEqual([fresh, fresh])
  await runNow(world, worker)
  await endsWell(world)
})

it('a value that somebody put into the list is left alone', async () => {
  const world = await inGrace()
  const [, fresh] = values(world)
  const text = world.disk.text('alpha', '/alpha/.env') ?? ''
  world.disk.write('alpha', '/alpha/.env', text.replace(/^KEY_LIST=.*$/m, 'KEY_LIST=canary-by-hand'))
  world.moveTo(world.now + DAY + 1)
  await recover(world)
  expect([inFile(world), readEnv(world.disk.text('alpha', '/alpha/.env') ?? '').KEY_KEY]).toEqual(['canary-by-hand', fresh])
})
