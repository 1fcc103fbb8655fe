import { readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { makeProject } from '../support/project.ts'

const OUTPUTS = `outputs:
  - { file: .env, unproven: grace }
  - { file: run/secrets/, dialect: files, unproven: grace }
`

/** A project with an `.env` and a folder of secrets that is not there yet. */
async function withFolder() {
  const text = ['JWT_SECRET', 'SESSION_SECRET', 'DATA_ENCRYPTION_KEY'].map((name) => `${name}=${canary()}\n`).join('')
  const project = makeProject({ '.env': text, 'run/.gitkeep': '' })
  const init = await project.run(['init', '.env', '--yes', '--recovery-key-file', path.join(project.home, 'recovery-key.txt')])
  expect([init.code, init.stderr]).toEqual([0, ''])
  project.write('secrets.yaml', project.read('secrets.yaml').replace(/^outputs: .*\n/m, OUTPUTS))
  const folder = project.path('run/secrets')
  return {
    ...{ project, folder },
    held: (name: string) => project.read(`run/secrets/${name}`),
    inEnv: (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(project.read('.env'))?.[1],
    names: () => readdirSync(folder).sort(),
    async secrets(...args: readonly string[]) {
      const { code, stdout, stderr } = await project.run(args)
      expect([code, stderr]).toEqual([0, ''])
      return stdout
    },
  }
}

/** One file a secret: what Docker and `_FILE` variables read, through everything that commands do with an output. */
describe('an output of dialect files', () => {
  test('is written by sync, switched by rotate, and looked at by sync --check, status and doctor', async () => {
    const { project, held, inEnv, names, secrets } = await withFolder()
    await using _ = project
    const missing = await project.run(['sync', '--check', 'run/secrets/'])
    expect([missing.code, missing.stdout]).toEqual([3, 'run/secrets/\n  + JWT_SECRET\n  + SESSION_SECRET\n  + DATA_ENCRYPTION_KEY\n'])
    await secrets('sync')
    expect(names()).toEqual(['..data', '..gen-1', 'DATA_ENCRYPTION_KEY', 'JWT_SECRET', 'SESSION_SECRET'])
    expect([held('JWT_SECRET'), held('SESSION_SECRET')]).toEqual([inEnv('JWT_SECRET'), inEnv('SESSION_SECRET')])
    expect([project.mode('run/secrets'), project.mode('run/secrets/SESSION_SECRET')]).toEqual([0o700, 0o600])

    const before = [held('JWT_SECRET'), held('DATA_ENCRYPTION_KEY')]
    const rotated = await project.run(['rotate', 'JWT_SECRET', '--yes'])
    expect([rotated.code, rotated.stderr]).toEqual([0, expect.stringContaining('restart what reads run/secrets/')])
    expect(held('JWT_SECRET')).not.toBe(before[0])
    expect(held('JWT_SECRET')).toBe(inEnv('JWT_SECRET'))
    expect(held('DATA_ENCRYPTION_KEY')).toBe(before[1])
    expect(names().filter((name) => name.startsWith('..'))).toEqual(['..data', '..gen-2'])
    expect(await secrets('sync', '--check', 'run/secrets')).toBe('every output holds what the store has\n')
    expect(JSON.parse(await secrets('status', '--json'))).toMatchObject({ summary: { total: 3 } })
    expect((await project.run(['doctor'])).stdout).not.toContain('run/secrets')
  })

  test('keeps what somebody wrote there by hand, until a person says which it shall be', async () => {
    const { project, folder, held, inEnv, names, secrets } = await withFolder()
    await using _ = project
    await secrets('sync')
    const [mine, other] = [canary(), canary()]
    rmSync(`${folder}/JWT_SECRET`)
    writeFileSync(`${folder}/JWT_SECRET`, mine)
    const checked = await project.run(['sync', '--check', 'run/secrets'])
    expect([checked.code, checked.stdout]).toEqual([3, 'run/secrets/\n  ! JWT_SECRET   edited by hand\n'])
    await project.run(['rotate', 'SESSION_SECRET', '--yes'])
    expect([held('JWT_SECRET'), held('SESSION_SECRET')]).toEqual([mine, inEnv('SESSION_SECRET')])
    await secrets('sync', '--discard', 'JWT_SECRET')
    expect(held('JWT_SECRET')).toBe(inEnv('JWT_SECRET'))
    // In place this time, through the link.
    writeFileSync(`${folder}/JWT_SECRET`, other)
    expect((await project.run(['sync', '--import', 'JWT_SECRET'])).code).toBe(0)
    expect([held('JWT_SECRET'), inEnv('JWT_SECRET')]).toEqual([other, other])
    expect(readlinkSync(`${folder}/JWT_SECRET`)).toBe('..data/JWT_SECRET')
    expect(names().filter((name) => name.startsWith('..'))).toHaveLength(2)
  })

  test('is refused where git tracks one of its files, and nothing is written', async () => {
    const { project, names } = await withFolder()
    await using _ = project
    project.git('init')
    project.write('run/secrets/JWT_SECRET', 'old\n')
    project.git('add', '-f', 'run/secrets/JWT_SECRET')
    const { code, stderr, stdout } = await project.run(['sync', '--discard', 'JWT_SECRET'])
    expect(code).not.toBe(0)
    expect(stdout + stderr).toContain('git tracks this file')
    expect(names()).toEqual(['JWT_SECRET'])
  })

  test('gives run its variables, and is left by eject as a folder of plain files', async () => {
    const { project, names, held, secrets } = await withFolder()
    await using _ = project
    await secrets('sync')
    const command = 'test "$JWT_SECRET" = "$(cat run/secrets/JWT_SECRET)" && echo same'
    const printed = await project.run(['run', '--', 'sh', '-c', command], { passes: names().slice(2).map(held) })
    expect(printed.stdout).toBe('same\n')
    const now = [held('JWT_SECRET'), held('SESSION_SECRET')]
    await secrets('eject', '--yes')
    expect(names()).toEqual(['DATA_ENCRYPTION_KEY', 'JWT_SECRET', 'SESSION_SECRET'])
    expect([held('JWT_SECRET'), held('SESSION_SECRET')]).toEqual(now)
  })
})
