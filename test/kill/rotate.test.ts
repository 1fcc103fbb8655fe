import { afterAll, expect, test, vi } from 'vitest'
import { isLongRun } from '../support/runs.ts'
import { expectNoOutage } from './judge.ts'
import { courseOf, firstPassings, type Point } from './points.ts'
import { type Command, expectRecovery, killAndRecover } from './recovery.ts'
import { copyWorld, makeWorld, SECRETS, type SecretName } from './world.ts'

/** Every kind of secret is rotated by the real program, which is stopped at every point there is. */

// Several runs of the program each, on a machine that does other things as well.
vi.setConfig({ testTimeout: 120_000 })

const world = await makeWorld()
const around = world.around()
afterAll(() => world[Symbol.asyncDispose]())

const rotate = (name: SecretName): Command => ({ args: ['rotate', name, '--wait', '30s'], names: [name] })
const pointsOf = async (name: SecretName) => (await courseOf(world, rotate(name).args)).points
const points: Readonly<Record<SecretName, readonly Point[]>> = { api: await pointsOf('api'), db: await pointsOf('db'), session: await pointsOf('session') }

interface Case {
  readonly name: SecretName
  readonly kills: readonly Point[]
  readonly at: string
}

test.each(isLongRun('kill') ? everyPoint() : everyName())('rotate $name, killed at $at, ends well when it is run again', ({ name, kills }) => {
  // A key that was forgotten would be in the way of the one after the next.
  const more = isLongRun('kill') && name === 'api' ? { more: rotate(name).args } : {}
  return killAndRecover(world, { ...rotate(name), ...more }, kills)
})

/** Ctrl-C: it stops between two steps and says so. */
test.each(interrupts())('rotate $name, interrupted at $at, ends with 130 and goes on when it is run again', async ({ name, at }) => {
  await using copy = copyWorld(world)
  const { code, signal, stderr } = await copy.run(rotate(name).args, { env: { KEYTURN_TEST_KILL_AT: at, KEYTURN_TEST_KILL_WITH: 'SIGINT' } })
  // In the last step there is no safe point before the end: then it is done, and says nothing else.
  const isDone = at.startsWith('revoke:') && code === 0
  expect([code, signal], stderr).toEqual([isDone ? 0 : 130, null])
  if (!isDone) expect(stderr).toContain('stopping at the next safe point')
  expectNoOutage(copy)
  await expectRecovery(copy, rotate(name), around)
})

function everyPoint(): readonly Case[] {
  return SECRETS.flatMap((name) => points[name].map((point) => ({ name, kills: [point], at: point })))
}

/** Each name once, two in each case: the earlier one in the first run, the later one in the run that recovers. */
function everyName(): readonly Case[] {
  const names = firstPassings(points.db)
  const half = Math.ceil(names.length / 2)
  const pairs = names.slice(0, half).map((early, i): Case => {
    const kills = [early, ...names.slice(half + i, half + i + 1)]
    const able = SECRETS.filter((name) => kills.every((point) => points[name].includes(point)))
    return { name: able[i % able.length] ?? 'db', kills, at: kills.join(' and ') }
  })
  // The provider has made a key that nobody has stored yet: several points of these names came before.
  const unstored = points.api.slice(0, points.api.indexOf('create:done#1')).findLast((point) => point.startsWith('locked#')) ?? ''
  return [...pairs, { name: 'api', kills: [unstored], at: unstored }]
}

function interrupts(): readonly { name: SecretName; at: Point }[] {
  if (isLongRun('kill')) return SECRETS.flatMap((name) => firstPassings(points[name]).map((at) => ({ name, at })))
  return ['open:recorded#1', 'create:claimed#1', 'output:temp made#1'].map((at) => ({ name: 'db', at }))
}
