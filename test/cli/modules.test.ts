import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { canary } from '../support/canary.ts'
import { programFile, startCommand } from '../support/program.ts'
import { makeProject } from '../support/project.ts'

/**
 * What `status` loads decides how fast it starts. A module that creeps in is found here, by name, and not in a benchmark some
 * months later.
 */
const SPY = `process.on('exit', () => require('node:fs').writeFileSync(process.env.SPY, JSON.stringify({
  builtin: process.moduleLoadList.filter((name) => name.startsWith('NativeModule ')).map((name) => name.slice(13)),
  files: Object.keys(require.cache).filter((name) => name !== __filename),
})))`

/** None of these is needed to read a cache and a ledger. */
const HEAVY = [
  'crypto',
  'child_process',
  'net',
  'tty',
  'http',
  'https',
  'stream',
  'readline',
  'worker_threads',
  'zlib',
  'timers/promises',
  'fs/promises',
  'util/parse_args',
  'url',
]

async function loaded(args: readonly string[]): Promise<{ readonly builtin: readonly string[]; readonly files: readonly string[] }> {
  await using project = makeProject({ '.env': `JWT_SECRET=${canary()}\n`, 'spy.cjs': SPY })
  await project.run(['init', '--yes', '.env'])
  // The first one may write the cache.
  await project.run(['status'])
  const bare = await spied(project, ['-e', '0'])
  const own = await spied(project, [programFile(), ...args])
  return { builtin: own.builtin.filter((name) => !bare.builtin.includes(name)), files: own.files }
}

async function spied(project: ReturnType<typeof makeProject>, args: readonly string[]) {
  const file = project.path('spy.json')
  const { code } = await startCommand([process.execPath, '--require', project.path('spy.cjs'), ...args], args.join(' '), {
    cwd: project.dir,
    env: { ...project.env, SPY: file },
  }).done
  expect(code).toBe(0)
  return JSON.parse(readFileSync(file, 'utf8')) as { readonly builtin: readonly string[]; readonly files: readonly string[] }
}

describe('what status loads', () => {
  it.each([[['status']], [['status', '--json']], [[]]])('with %j is one file of ours, and nothing heavy of Node', async (args) => {
    const { builtin, files } = await loaded(args)
    expect(files).toEqual([programFile()])
    expect(builtin.filter((name) => HEAVY.includes(name))).toEqual([])
    expect(builtin).toContain('sqlite')
  })

  it('holds no schema, no YAML, no age and no rotator', () => {
    const code = readFileSync(programFile(), 'utf8')
    const later = readdirSync(programFile().replace(/\.cjs$/, '')).map((name) => readFileSync(path.join(programFile().replace(/\.cjs$/, ''), name), 'utf8'))
    // Each of them is somewhere in the program, so that a search that finds nothing means something.
    for (const mark of ['ZodObject', 'YAMLMap', 'age-encryption.org/v1', 'res_ari', 'AWSPENDING']) {
      expect(code.includes(mark), mark).toBe(false)
      expect(
        later.some((chunk) => chunk.includes(mark)),
        mark,
      ).toBe(true)
    }
  })
})
