import { afterAll, expect, test, vi } from 'vitest'
import { isLongRun } from '../support/runs.ts'
import { courseOf, firstPassings } from './points.ts'
import { type Command, killAndRecover } from './recovery.ts'
import { copyWorld, makeWorld, type World } from './world.ts'

/** Commands other than `rotate` that change something, killed at every point. */

// Several runs of the program each, on a machine that does other things as well.
vi.setConfig({ testTimeout: 120_000 })

const world = await makeWorld()
// Two versions of the password, so that there is one to go back to.
await world.secrets(['rotate', 'db', '--wait', '30s'])
// A value that somebody took out of the file by accident.
const incomplete = copyWorld(world)
incomplete.project.write('.env', incomplete.project.read('.env').replace(/^API_KEY=.*\n/m, ''))
// A value that somebody typed into it.
const edited = copyWorld(world)
const typed = 'canary-typed-by-hand-4f0aa1c93b7e'
edited.project.write('.env', edited.project.read('.env').replace(/'canary-.*'/, `'${typed}'`))

afterAll(async () => {
  for (const one of [world, incomplete, edited]) await one[Symbol.asyncDispose]()
})

interface Suite {
  readonly title: string
  readonly from: World
  readonly command: Command
}

const input = 'canary-given-by-a-person-8Qm2ZtR7vX\n'
const suites: readonly Suite[] = [
  { title: 'set db, where the old password dies', from: world, command: { args: ['set', 'db'], names: ['db'], options: { input } } },
  { title: 'set api, which the provider takes over', from: world, command: { args: ['set', 'api'], names: ['api'], options: { input } } },
  { title: 'set session', from: world, command: { args: ['set', 'session'], names: ['session'], options: { input } } },
  { title: 'set of a new name', from: world, command: { args: ['set', 'EXTRA_TOKEN'], names: [], options: { input }, check: expectExtra } },
  { title: 'rollback db', from: world, command: { args: ['rollback', 'db'], names: ['db'] } },
  { title: 'rollback session', from: world, command: { args: ['rollback', 'session'], names: ['session'] } },
  { title: 'sync of a file that lacks a value', from: incomplete, command: { args: ['sync'], names: ['api'] } },
  // Once the file is written, or the value taken over, nothing is left to be done, and it says so.
  {
    title: 'sync --discard',
    from: edited,
    command: { args: ['sync', '--discard', 'session'], names: ['session'], again: [['sync', '--discard', 'session'], ['sync']] },
  },
  {
    title: 'sync --import',
    from: edited,
    command: { args: ['sync', '--import', 'session'], names: ['session'], again: [['sync', '--import', 'session'], ['sync']] },
  },
  {
    title: 'rotate api --compromised',
    from: world,
    command: { args: ['rotate', 'api', '--compromised', '--reason', 'leaked', '--wait', '30s'], names: ['api'] },
  },
]

const { around: complete } = await courseOf(incomplete, ['sync'])

for (const { title, from, command } of suites) {
  const { points, around } = await courseOf(from, command.args, command.options)
  const names = firstPassings(points)
  // Some way after the middle: there the most has happened that is not recorded everywhere yet.
  const chosen = isLongRun('kill') ? points : [names[Math.floor(names.length * 0.6)] ?? '']
  test.each(chosen)(`${title}, killed at %s, ends well when it is run again`, (point) => killAndRecover(from, { ...command, around }, [point]))
}

test('what a sync that was killed left undone, the timer does: it refreshes who reads the file', () =>
  killAndRecover(incomplete, { args: ['sync'], names: ['api'], again: [['rotate']], around: complete }, ['write:recorded#1']))

async function expectExtra(world: World): Promise<void> {
  const value = input.trim()
  expect((await world.secrets(['get', 'EXTRA_TOKEN'], { reveals: [value] })).stdout).toBe(value)
  expect(world.inFile().EXTRA_TOKEN).toBe(value)
  expect(world.project.read('secrets.yaml').match(/EXTRA_TOKEN/g)).toHaveLength(1)
}
