import { afterAll, expect, test } from 'vitest'
import { isLongRun } from '../support/runs.ts'
import { expectNoOutage } from './judge.ts'
import { firstPassings, type Point, pointsOf } from './points.ts'
import { type Command, expectRecovery } from './recovery.ts'
import { copyWorld, makeWorld, SECRETS } from './world.ts'

/** Ctrl-C while a rotation runs: it stops between two steps, says so, and the next run goes on. */

const world = await makeWorld()
const around = world.around()
afterAll(() => world[Symbol.asyncDispose]())

const commands: Readonly<Record<string, Command>> = Object.fromEntries(
  SECRETS.map((name) => [name, { args: ['rotate', name, '--wait', '30s'], names: [name] }]),
)
const cases: { name: string; point: Point }[] = []
for (const [name, { args }] of Object.entries(commands)) for (const point of firstPassings(await pointsOf(world, args))) cases.push({ name, point })
const chosen = isLongRun('kill') ? cases : ['open:recorded#1', 'create:claimed#1', 'set:done#1', 'output:temp made#1'].map((point) => ({ name: 'db', point }))

test.each(chosen)('rotate $name, interrupted at $point, ends with 130 and goes on when it is run again', async ({ name, point }) => {
  await using copy = copyWorld(world)
  const command = commands[name] as Command
  const { code, signal, stderr } = await copy.run(command.args, { env: { KEYTURN_TEST_KILL_AT: point, KEYTURN_TEST_KILL_WITH: 'SIGINT' } })
  expect([code, signal], stderr).toEqual([130, null])
  expect(stderr).toContain('stopping at the next safe point')
  expectNoOutage(copy)
  await expectRecovery(copy, command, around)
})
