import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeProject, type Project } from '../support/project.ts'
import { importedProject, type Sample } from './imported.ts'

/** A machine that has nothing but a backup and, on a stick, the recovery key. */
interface Empty {
  readonly project: Project
  readonly sample: Sample
  restore(options?: Parameters<Project['run']>[1]): ReturnType<Project['run']>
}

const json = async (project: Project, ...args: string[]) => JSON.parse((await project.run([...args, '--json'])).stdout)

/** The project with its backup; `left` says what stays in its folder. */
async function lostMachine(
  change: (project: Project) => Promise<void> = async () => {},
): Promise<{ empty(left?: readonly string[]): Empty } & AsyncDisposable> {
  const { project, sample } = await importedProject()
  await change(project)
  expect((await project.run(['backup', '../home/saved.keyturn'])).code).toBe(0)
  return {
    empty(left = []) {
      const fresh = makeProject()
      for (const name of ['saved.keyturn', 'recovery.txt']) cpSync(path.join(project.home, name), path.join(fresh.home, name))
      for (const name of left) cpSync(project.path(name), fresh.path(name))
      const args = ['restore', '../home/saved.keyturn', '--recovery-key-file', '../home/recovery.txt', '--yes']
      return { project: fresh, sample, restore: (options) => fresh.run(args, options) }
    },
    [Symbol.asyncDispose]: () => project[Symbol.asyncDispose](),
  }
}

/** The folders of keys and state hold no recovery key, and a key that opens the store and may write into it. */
async function expectOwnKey({ project, sample }: Empty): Promise<void> {
  const recovery = /AGE-SECRET-KEY-1\w+/.exec(readFileSync(path.join(project.home, 'recovery.txt'), 'utf8'))?.[0] ?? ''
  for (const folder of ['config', 'state', 'cache'].map((name) => path.join(project.home, name)).filter(existsSync)) {
    for (const name of readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())) {
      expect(readFileSync(path.join(name.parentPath, name.name), 'latin1')).not.toContain(recovery)
    }
  }
  const { recipients, recovery: note } = await json(project, 'identity', 'show')
  expect(recipients.map((one: { what: string }) => one.what)).toEqual(['another machine or person', 'recovery key', 'this machine'])
  expect(note.recipient).toBe(recipients[1].recipient)
  expect((await project.run(['identity', 'verify', '--recovery-key-file', '../home/recovery.txt'])).code).toBe(0)
  expect((await project.run(['get', 'OPENAI_API_KEY'], { reveals: [sample.values.openai] })).stdout.trim()).toBe(sample.values.openai)
  expect((await project.run(['rotate', 'jwt', '--yes'])).code).toBe(0)
}

describe('the key of a machine that was empty', () => {
  test('is a new one, listed in secrets.yaml; the recovery key stays off the machine', async () => {
    await using lost = await lostMachine()
    const empty = lost.empty()
    await using _ = empty.project
    const { code, stdout, stderr } = await empty.restore()
    expect([code, stdout]).toEqual([0, expect.stringContaining('identity.txt')])
    expect(stderr).toContain('secrets.yaml lists the key of this machine now: commit it')
    await expectOwnKey(empty)
  })

  test('is listed in a secrets.yaml that is there already, such as a fresh clone', async () => {
    await using lost = await lostMachine()
    const empty = lost.empty(['secrets.yaml', '.env'])
    await using _ = empty.project
    const env = empty.project.read('.env')
    expect((await empty.restore()).code).toBe(0)
    expect(empty.project.read('.env')).toBe(env)
    await expectOwnKey(empty)
  })

  test('a restore that is killed anywhere is ended by the same command', { timeout: 180_000 }, async () => {
    await using lost = await lostMachine()
    const traced = lost.empty()
    await using _ = traced.project
    const trace = path.join(traced.project.home, 'trace')
    expect((await traced.restore({ build: 'test', env: { KEYTURN_TEST_TRACE: trace } })).code).toBe(0)
    const passed = readFileSync(trace, 'utf8').split('\n')
    const points = [...new Set(passed.filter((one) => one.startsWith('restore:')).map((one) => one.replace(/#\d+$/, '')))]
    expect(points).toEqual(expect.arrayContaining(['restore:key made', 'restore:restore verified', 'restore:restore ready', 'restore:inventory written']))
    const killed = async (point: string): Promise<void> => {
      const empty = lost.empty()
      await using _ = empty.project
      expect((await empty.restore({ build: 'test', env: { KEYTURN_TEST_KILL_AT: point } })).signal, point).toBe('SIGKILL')
      expect((await empty.restore()).code, point).toBe(0)
      await expectOwnKey(empty)
    }
    while (points.length > 0) await Promise.all(points.splice(0, 3).map(killed))
  })

  test('a restore that was killed before secrets.yaml lists the key is also ended without the recovery key', async () => {
    await using lost = await lostMachine()
    const empty = lost.empty()
    await using _ = empty.project
    await empty.restore({ build: 'test', env: { KEYTURN_TEST_KILL_AT: 'restore:inventory written' } })
    rmSync(path.join(empty.project.home, 'saved.keyturn'))
    expect((await json(empty.project, 'identity', 'show')).recipients).toHaveLength(2)
    expect((await empty.project.run(['restore'])).code).toBe(0)
    await expectOwnKey(empty)
  })
})

describe('an output that is gone', () => {
  test('comes back as init found it, with the values of now, for its owner alone', async () => {
    await using lost = await lostMachine(async (project) => {
      expect((await project.run(['rotate', 'jwt', '--yes'])).code).toBe(0)
    })
    const empty = lost.empty()
    await using _ = empty.project
    const { project, sample } = empty
    const { code, stdout } = await empty.restore()
    expect([code, stdout]).toEqual([0, expect.stringContaining('written: .env, as init found it, with the values of now')])
    const now = (await project.run(['get', 'JWT_SECRET'])).stdout.trim()
    expect(now).not.toBe(sample.values.jwt)
    const whole = sample.text.replace(sample.values.jwt, now)
    expect([project.read('.env'), project.mode('.env')]).toEqual([whole, 0o600])
    expect((await project.run(['sync'])).code).toBe(0)
    expect(project.read('.env')).toBe(whole)
  })

  test('is named where init kept no copy of it, and nothing is written', async () => {
    await using lost = await lostMachine(async (project) => {
      project.write('secrets.yaml', `${project.read('secrets.yaml').trimEnd()}\n  - { file: other.env, only: [jwt] }\n`)
    })
    const empty = lost.empty()
    await using _ = empty.project
    const { code, stderr } = await empty.restore()
    expect([code, stderr]).toEqual([0, expect.stringContaining('other.env: there is no copy. Put your own back first')])
    expect(empty.project.list()).toEqual(['.env', 'secrets.yaml'])
  })
})
