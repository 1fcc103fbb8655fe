import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, expect, test, vi } from 'vitest'
import { seededRandom } from '../support/random.ts'
import { runs } from '../support/runs.ts'
import { expectNoOutage } from './judge.ts'
import { type Command, expectRecovery } from './recovery.ts'
import { copyWorld, makeWorld, SECRETS, type SecretName } from './world.ts'

/** Several kills in a row, three secrets at once, kills from outside at any instruction. The seed is in the name of the test. */

// Several runs of the program each, on a machine that does other things as well.
vi.setConfig({ testTimeout: 120_000 })

const world = await makeWorld()
const around = world.around()
afterAll(() => world[Symbol.asyncDispose]())

const rotate = (names: readonly SecretName[]): Command => ({ args: ['rotate', ...names, '--wait', '30s'], names })
const COMMANDS: readonly Command[] = [rotate(['api']), rotate(['db']), rotate(['session']), rotate(['api', 'db']), rotate(SECRETS)]
/** About as many as a run of one secret passes; of three, thrice as many. */
const POINTS = 135

const count = runs('kill', 3)

/** Whole numbers below a limit, the same for the same seed. */
function chance(seed: string): (limit: number) => number {
  const random = seededRandom(seed)
  return (limit) => Buffer.from(random.bytes(4)).readUInt32LE() % limit
}

test.each(Array.from({ length: count }, (_, i) => i + 1))('killed up to three times at points by chance, seed %i', async (seed) => {
  const below = chance(`points ${seed}`)
  const command = COMMANDS[below(COMMANDS.length)] as Command
  await using copy = copyWorld(world)
  const kills = Array.from({ length: 1 + below(3) }, () => `*#${1 + below(POINTS * command.names.length)}`)
  for (const point of kills) {
    // A run that recovers may pass fewer points than that.
    const { code, signal, stderr } = await copy.run(command.args, { env: { KEYTURN_TEST_KILL_AT: point } })
    expect([code, signal], `${command.args.join(' ')}, killed at ${kills.join(', ')}: ${stderr}`).toEqual(signal === null ? [0, null] : [null, 'SIGKILL'])
    expectNoOutage(copy)
  }
  await expectRecovery(copy, command, around)
})

test.each(Array.from({ length: count }, (_, i) => i + 1))('killed from outside at any instruction, seed %i', async (seed) => {
  const below = chance(`instructions ${seed}`)
  const command = COMMANDS[below(COMMANDS.length)] as Command
  await using copy = copyWorld(world)
  for (let kill = 0; kill <= below(2); kill++) {
    const running = copy.project.start(command.args, { build: 'test' })
    await pause(60 + below(1500))
    running.kill('SIGKILL')
    await running.done
    // A program of ours that it had started goes on for a moment, as it would after a real kill.
    expectNoOutage(copy)
  }
  await expectRecovery(copy, command, around)
})

test.each(Array.from({ length: count }, (_, i) => i + 1))('two at once, one of them killed from outside, seed %i', async (seed) => {
  const below = chance(`two ${seed}`)
  const command = COMMANDS[below(COMMANDS.length)] as Command
  await using copy = copyWorld(world)
  const [killed, other] = [copy.project.start(command.args, { build: 'test' }), copy.project.start(command.args, { build: 'test' })]
  await pause(60 + below(1500))
  killed.kill('SIGKILL')
  await killed.done
  const { code, stdout, stderr } = await other.done
  expect(code, `${command.args.join(' ')}: ${stdout}${stderr}`).toBe(0)
  expectNoOutage(copy)
  await expectRecovery(copy, command, around)
})
