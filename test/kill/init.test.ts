import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { idsIn, sampleEnv } from '../cli/imported.ts'
import { makeProject } from '../support/project.ts'
import { runs } from '../support/runs.ts'

/** `init` is killed from outside while it works; test/cli/init.test.ts kills it at its points. */

// Several runs of the program each, on a machine that does other things as well.
vi.setConfig({ testTimeout: 120_000 })

const STEPS = runs('kill', 4)
/** From before it reads anything to after it has ended. */
const LONGEST_MS = 500

test.each(Array.from({ length: STEPS }, (_, i) => Math.round(((i + 0.5) * LONGEST_MS) / STEPS)))(
  'init, killed after %i ms, leaves the .env as it was and a project or none',
  async (afterMs) => {
    const sample = sampleEnv()
    await using project = makeProject({ '.env': sample.text, '.git/HEAD': 'ref: refs/heads/main\n' })
    const args = ['init', '.env', '--yes', '--recovery-key-file', path.join(project.home, 'recovery-key.txt')]
    const running = project.start(args, { build: 'test' })
    await pause(afterMs)
    running.kill('SIGKILL')
    await running.done
    expect(project.read('.env')).toBe(sample.text)
    const isThere = project.exists('secrets.yaml')

    const again = await project.run(args, { build: 'test' })
    expect(again.code, again.stderr).toBe(isThere ? 2 : 0)
    expect(project.read('.env')).toBe(sample.text)
    expect(project.list()).toEqual(['.dockerignore', '.env', '.gitignore', 'secrets.yaml'].filter((name) => project.exists(name)))
    expect(idsIn(project)).toHaveLength(1)
    const value = await project.run(['get', 'jwt'], { build: 'test', reveals: [sample.values.jwt] })
    expect(value.stdout, value.stderr).toBe(sample.values.jwt)
    expect(project.leaks()).toEqual(['project/.env'])
  },
)
