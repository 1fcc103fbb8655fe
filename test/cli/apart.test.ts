import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type BenchProject, makeProject } from '../../bench/project.ts'
import { type Result, runProgram, startProgram } from '../support/program.ts'

/** A project so large that it is read in a thread of its own: nobody may notice but by the memory used. */

const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }
let project: BenchProject

beforeAll(async () => {
  project = await makeProject(5000, version)
})
afterAll(() => project.remove())

const env = (more: Record<string, string> = {}): Record<string, string> => ({ ...(project.env as Record<string, string>), TZ: 'UTC', ...more })
const run = (args: readonly string[], more?: Record<string, string>): Promise<Result> => runProgram(args, { cwd: project.dir, env: env(more) })
/** As it is done for a small one. */
const HERE = { KEYTURN_APART: '' }

it.each([
  ['status', '--at', '2027-01-01'],
  ['status', '--at', '2027-01-01', '--json'],
  ['status', 'secret-000003', '--at', '2027-01-01'],
  ['status', 'nonsense'],
  ['report', '--fail-on', 'overdue', '--quiet', '--json', '--format', 'markdown'],
])('secrets %s %s %s %s prints and answers the same', async (...args) => {
  expect(await run(args)).toEqual(await run(args, HERE))
})

it('passes the exit status on', async () => {
  expect((await run(['report', '--fail-on', 'overdue'])).code).toBe(3)
})

it('knows the width and the colours of the terminal', async () => {
  const { done } = startProgram(['status'], { cwd: project.dir, env: env({ TERM: 'xterm' }), terminal: true })
  const { stdout, code } = await done
  expect(code).toBe(0)
  expect(stdout).toContain('\u001b[31m! violation')
})

it('stops at a signal', async () => {
  const running = startProgram(['report', '--json'], { cwd: project.dir, env: env() })
  await running.until('"schema"')
  running.kill('SIGINT')
  const { code, signal } = await running.done
  // It may have been done already: what must not happen is that it hangs, or dies of the signal.
  expect({ code: code === 130 || code === 0, signal }).toEqual({ code: true, signal: null })
})
