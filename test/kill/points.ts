import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import type { Result } from '../support/program.ts'
import { copyWorld, type RunOptions, type World } from './world.ts'

/** `promote:done#2`: the second passing of a point. */
export type Point = string

/** Every point that a command passes when nothing happens to it, in order. Found by running it on a copy, so a new one is never missed. */
export async function pointsOf(world: World, args: readonly string[], options: RunOptions = {}): Promise<readonly Point[]> {
  await using copy = copyWorld(world)
  const trace = path.join(copy.project.tmp, 'trace')
  await copy.secrets(args, { ...options, env: { KEYTURN_TEST_TRACE: trace } })
  return readPoints(trace)
}

/** Those of a command that may be killed meanwhile. */
export function readPoints(trace: string): readonly Point[] {
  const points = readFileSync(trace, 'utf8').trim().split('\n')
  rmSync(trace)
  return points
}

/** Each name once: its first passing. */
export const firstPassings = (points: readonly Point[]): readonly Point[] => points.filter((point) => point.endsWith('#1'))

/** Runs a command that is killed at a point, and fails the test when it was not. */
export async function runKilled(world: World, args: readonly string[], point: Point, options: RunOptions = {}): Promise<Result> {
  const result = await world.run(args, { ...options, env: { KEYTURN_TEST_KILL_AT: point } })
  expect(result.signal, `killed at ${point}; it printed:\n${result.stdout}${result.stderr}`).toBe('SIGKILL')
  return result
}
