import { expectGoodEnd, expectNoOutage } from './judge.ts'
import { type Point, runKilled } from './points.ts'
import { copyWorld, type RunOptions, type SecretName, type World } from './world.ts'

/** A command, and what a person or timer runs after it was killed. */
export interface Command {
  readonly args: readonly string[]
  /** The secrets that it is about. */
  readonly names: readonly SecretName[]
  readonly options?: RunOptions
  /** Default: the same again. Of several the last has to end well. */
  readonly again?: readonly (readonly string[])[]
  /** And once more. */
  readonly more?: readonly string[]
  /** What stands around the values in `.env` at the end. Default: what stood there before. */
  readonly around?: string
  /** What else must be true at the end. */
  readonly check?: (world: World) => Promise<void>
}

/**
 * In a copy of the world: the command is killed at the first point, run again and killed at the second, and so on; then run again to its
 * end. After each kill nobody is locked out, and the end is good.
 */
export async function killAndRecover(from: World, command: Command, points: readonly Point[]): Promise<void> {
  await using world = copyWorld(from)
  const { args, options, again = [args] } = command
  const given = (which: readonly string[]) => (which === args ? options : undefined)
  for (const [i, point] of points.entries()) {
    const which = i === 0 ? args : (again[0] ?? args)
    await runKilled(world, which, point, given(which))
    expectNoOutage(world)
  }
  await expectRecovery(world, command, from.around())
}

/** Whatever happened to a command before: run again it comes to its end, and the end is good. */
export async function expectRecovery(world: World, command: Command, before: string): Promise<void> {
  const { args, names, options, again = [args], more, around = before, check = async () => {} } = command
  const given = (which: readonly string[]) => (which === args ? options : undefined)
  for (const which of again.slice(0, -1)) await world.run(which, given(which))
  for (const which of [again.at(-1) ?? args, ...(more ? [more] : [])]) {
    await world.secrets(which, given(which))
    await expectGoodEnd(world, { names, around })
    await check(world)
  }
}
