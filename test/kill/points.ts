import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import type { Result } from '../support/program.ts'
import { copyWorld, type RunOptions, type World } from './world.ts'

/** `promote:done#2`: the second passing of a point. */
export type Point = string

/** How a command goes when nothing happens to it. */
export interface Course {
  /** Every point that it passes, in order. */
  readonly points: readonly Point[]
  /** What stands around the values in `.env` at its end. */
  readonly around: string
}

/** Runs a command on a copy and looks: a new point is never missed. */
export async function courseOf(world: World, args: readonly string[], options: RunOptions = {}): Promise<Course> {
  await using copy = copyWorld(world)
  const trace = path.join(copy.project.tmp, 'trace')
  await copy.secrets(args, { ...options, env: { KEYTURN_TEST_TRACE: trace } })
  return { points: readFileSync(trace, 'utf8').trim().split('\n'), around: copy.around() }
}

/** Each name once: its first passing. */
export const firstPassings = (points: readonly Point[]): readonly Point[] => points.filter((point) => point.endsWith('#1'))

/** Runs a command that is killed at a point, and fails the test when it was not. */
export async function runKilled(world: World, args: readonly string[], point: Point, options: RunOptions = {}): Promise<Result> {
  const result = await world.run(args, { ...options, env: { KEYTURN_TEST_KILL_AT: point } })
  expect(result.signal, `killed at ${point}; it printed:\n${result.stdout}${result.stderr}`).toBe('SIGKILL')
  return result
}
