import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Project } from '../support/project.ts'
import { importedProject } from './imported.ts'

const forgetMachine = (project: Project): void => {
  for (const name of ['state', 'config', 'cache']) rmSync(path.join(project.home, name), { recursive: true, force: true })
}
const json = async (project: Project, ...args: string[]) => JSON.parse((await project.run([...args, '--json'])).stdout)

describe('backup and restore', () => {
  test('a lost machine: store, history and project come back from the backup and the recovery key', async () => {
    const { project, sample, recovery } = await importedProject()
    await using _ = project
    expect((await project.run(['rotate', 'jwt', '--yes'])).code).toBe(0)
    const written = await json(project, 'backup', '../saved.keyturn')
    expect(written).toMatchObject({ schema: 'keyturn/backup-written@1', file: path.join(project.dir, '..', 'saved.keyturn') })
    expect(statSync(written.file).mode & 0o777).toBe(0o600)
    forgetMachine(project)
    rmSync(project.path('secrets.yaml'))
    const restored = await project.run(['restore', written.file, '--recovery-key-file', recovery, '--yes'])
    expect([restored.code, restored.stdout]).toEqual([0, expect.stringContaining('written: ')])
    expect((await project.run(['get', 'OPENAI_API_KEY'], { reveals: [sample.values.openai] })).stdout.trim()).toBe(sample.values.openai)
    const { secrets } = await json(project, 'status')
    expect(secrets.find((one: { name: string }) => one.name === 'jwt')).toMatchObject({ ageSource: 'rotation' })
    expect((await project.run(['history', '--verify'])).code).toBe(0)
  })

  test('a backup is never written over another, nor into a folder', async () => {
    const { project } = await importedProject()
    await using _ = project
    await project.run(['backup', 'one.keyturn'])
    const before = readFileSync(project.path('one.keyturn'))
    expect((await project.run(['backup', 'one.keyturn'])).code).toBe(1)
    expect(readFileSync(project.path('one.keyturn'))).toEqual(before)
    expect((await project.run(['backup', '.'])).code).toBe(2)
    expect((await project.run(['backup'])).code).toBe(0)
    expect(project.list().some((name) => /^project-production-\d{8}T\d{6}Z\.keyturn$/.test(name))).toBe(true)
  })

  test('a damaged backup, another key, another project: refused, and nothing is changed', async () => {
    const { project, recovery } = await importedProject()
    const other = await importedProject()
    await using _ = project
    await using __ = other.project
    await project.run(['backup', 'one.keyturn'])
    const bytes = readFileSync(project.path('one.keyturn'))
    writeFileSync(project.path('cut.keyturn'), bytes.subarray(0, bytes.length - 40), { mode: 0o600 })
    const status = (await project.run(['status', '--json'])).stdout
    const codeOf = async (...args: string[]) => (await json(project, 'restore', ...args, '--yes')).code
    expect(await codeOf('cut.keyturn')).toBe('BACKUP_INVALID')
    expect(await codeOf('one.keyturn', '--recovery-key-file', other.recovery)).toBe('IDENTITY_WRONG')
    expect(await codeOf('none.keyturn')).toBe('FILE_UNREADABLE')
    await other.project.run(['backup', project.path('foreign.keyturn')])
    expect(await codeOf('foreign.keyturn', '--recovery-key-file', other.recovery)).toMatch(/BACKUP_INVALID|INVENTORY_ID_MISMATCH/)
    const known = (text: string) => JSON.parse(text).secrets.map((one: { name: string; version: string }) => [one.name, one.version])
    expect(known((await project.run(['status', '--json'])).stdout)).toEqual(known(status))
    expect(existsSync(recovery)).toBe(true)
  })

  test('a lost ledger is rebuilt from the store', async () => {
    const { project } = await importedProject()
    await using _ = project
    const state = path.join(project.home, 'state', 'keyturn')
    const [id = ''] = readdirSync(state).filter((name) => name.startsWith('kt_'))
    for (const name of readdirSync(path.join(state, id))) if (name.startsWith('ledger.db')) rmSync(path.join(state, id, name))
    const rebuilt = await json(project, 'restore')
    expect(rebuilt.secrets.find((one: { secret: string }) => one.secret === 'openai')).toMatchObject({ current: true, changed: true })
    expect((await project.run(['sync', '--check'])).code).toBe(0)
  })
})

describe('identity', () => {
  test('show names the recipients and the file, and no private key', async () => {
    const { project } = await importedProject()
    await using _ = project
    const shown = await project.run(['identity', 'show'])
    expect(shown.stdout).toMatch(/identity\.txt\n {2}age1\w+ {2}this machine\n {2}age1\w+ {2}recovery key/)
    expect(`${shown.stdout}${shown.stderr}`).not.toContain('AGE-SECRET-KEY')
  })

  test('verify refuses a key that is no recipient', async () => {
    const { project, recovery } = await importedProject()
    const other = await importedProject()
    await using _ = project
    await using __ = other.project
    expect((await project.run(['identity', 'verify', '--recovery-key-file', recovery])).code).toBe(0)
    expect(await json(project, 'identity', 'verify', '--recovery-key-file', other.recovery)).toMatchObject({ code: 'IDENTITY_WRONG' })
  })

  test('add makes a recovery key where there is none, and remove takes one away', async () => {
    const { project, sample } = await importedProject()
    await using _ = project
    const before = project.read('secrets.yaml')
    expect((await project.run(['identity', 'add', '--recovery-key-file', 'second.txt'])).code).toBe(0)
    expect(project.mode('second.txt')).toBe(0o600)
    expect((await project.run(['identity', 'verify', '--recovery-key-file', 'second.txt'])).code).toBe(0)
    const { recipients } = await json(project, 'identity', 'show')
    expect(recipients).toHaveLength(3)
    expect((await project.run(['identity', 'remove', recipients[2].recipient, '--yes'])).code).toBe(0)
    expect(project.read('secrets.yaml')).toBe(before)
    expect((await project.run(['identity', 'verify', '--recovery-key-file', 'second.txt'])).code).toBe(1)
    expect((await project.run(['get', 'JWT_SECRET'], { reveals: [sample.values.jwt] })).code).toBe(0)
  })

  test('the key of this machine and the last one cannot be removed', async () => {
    const { project } = await importedProject()
    await using _ = project
    const { own } = await json(project, 'identity', 'show')
    expect((await project.run(['identity', 'remove', own[0], '--yes'])).code).toBe(2)
  })

  test('add lets this machine in with the recovery key where it lost its own, and keeps a new one', async () => {
    const { project, sample, recovery } = await importedProject()
    await using _ = project
    const { file, own } = await json(project, 'identity', 'show')
    rmSync(file)
    expect(await json(project, 'identity', 'verify')).toMatchObject({ code: 'IDENTITY_MISSING' })
    // A kill after the key was written leaves one that is not listed: the same command goes on.
    expect((await project.run(['identity', 'add', '--recovery-key-file', recovery])).code).toBe(0)
    const listed = project.read('secrets.yaml')
    const now = await json(project, 'identity', 'show')
    expect(now.own).not.toEqual(own)
    expect(readFileSync(file, 'utf8')).not.toContain(/AGE-SECRET-KEY-1\w+/.exec(readFileSync(recovery, 'utf8'))?.[0])
    project.write('secrets.yaml', listed.replace(new RegExp(`.*${now.own[0]}.*\\n`), ''))
    expect((await project.run(['rotate', 'jwt', '--yes'])).code).toBe(1)
    expect((await project.run(['identity', 'add', '--recovery-key-file', recovery])).code).toBe(0)
    expect(project.read('secrets.yaml')).toBe(listed)
    expect((await project.run(['identity', 'add', '--recovery-key-file', recovery])).code).toBe(2)
    expect((await project.run(['get', 'JWT_SECRET'], { reveals: [sample.values.jwt] })).stdout.trim()).toBe(sample.values.jwt)
    chmodSync(file, 0o644)
    expect(await json(project, 'identity', 'verify')).toMatchObject({ code: 'STATE_INSECURE' })
  })
})
