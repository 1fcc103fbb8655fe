import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { watch } from '../support/canary.ts'
import type { Project } from '../support/project.ts'
import { idsIn, importedProject } from './imported.ts'

const FILES = { '.git/HEAD': 'ref: refs/heads/main\n', '.gitignore': '# mine\nnode_modules', Dockerfile: 'FROM scratch\n' }
const backups = (project: Project): readonly string[] => {
  const folder = path.join(project.home, 'state', 'keyturn', 'ejected')
  return readdirSync(folder).map((name) => path.join(folder, name))
}

describe('secrets eject', () => {
  test('after init: everything is as it was, and an encrypted backup is kept', async () => {
    const { project, sample, recovery } = await importedProject(FILES)
    await using _ = project
    const result = await project.run(['eject', '--yes'])
    expect([result.code, result.stderr]).toEqual([0, ''])
    expect(project.list()).toEqual(['.env', '.gitignore', 'Dockerfile'])
    expect(project.read('.env')).toBe(sample.text)
    expect(project.read('.gitignore')).toBe(FILES['.gitignore'])
    expect(idsIn(project)).toEqual([])
    const [backup = ''] = backups(project)
    expect(statSync(backup).mode & 0o777).toBe(0o600)
    expect(project.leaks()).toEqual(['project/.env'])
    // The way back: the backup, with the recovery key, on a machine that knows nothing.
    const restored = await project.run(['restore', backup, '--recovery-key-file', recovery, '--yes'])
    expect([restored.code, restored.stderr]).toEqual([0, expect.stringContaining('doctor')])
    expect((await project.run(['get', 'JWT_SECRET'], { reveals: [sample.values.jwt] })).stdout.trim()).toBe(sample.values.jwt)
  })

  test('after a rotation the plain file has the present values', async () => {
    const { project, sample } = await importedProject()
    await using _ = project
    expect((await project.run(['rotate', 'jwt', '--yes'])).code).toBe(0)
    const now = (await project.run(['get', 'JWT_SECRET'])).stdout
    expect(now).toMatch(/^[\w-]{16,}$/)
    const ejected = await project.run(['eject', '--yes'])
    expect([ejected.code, ejected.stderr]).toEqual([0, ''])
    expect(project.read('.env')).toBe(sample.text.replace(sample.values.jwt, now))
    expect(project.exists('secrets.yaml')).toBe(false)
  })

  test('--original brings the file back as it was before init, and says what may be dead', async () => {
    const { project, sample } = await importedProject()
    await using _ = project
    expect((await project.run(['rotate', 'jwt', '--yes'])).code).toBe(0)
    const { code, stdout } = await project.run(['eject', '--original', '--yes'])
    expect([code, stdout]).toEqual([0, expect.stringMatching(/may be dead: jwt/)])
    expect(project.read('.env')).toBe(sample.text)
  })

  test('--dry-run changes nothing, and without a terminal it wants --yes', async () => {
    const { project } = await importedProject(FILES)
    await using _ = project
    const before = project.list()
    expect((await project.run(['eject', '--dry-run'])).stdout).toContain('Nothing was changed.')
    expect((await project.run(['eject'])).code).toBe(2)
    expect(project.list()).toEqual(before)
    expect((await project.run(['status'])).code).toBe(0)
  })

  test('--no-backup leaves nothing at all', async () => {
    const { project } = await importedProject(FILES)
    await using _ = project
    expect((await project.run(['eject', '--yes', '--no-backup'])).code).toBe(0)
    expect(idsIn(project)).toEqual([])
    expect(() => backups(project)).toThrow()
  })

  test('a value edited by hand stays in the file', async () => {
    const { project, sample } = await importedProject()
    await using _ = project
    await project.run(['sync'])
    const edited = watch('edited-by-hand-0123456789')
    project.write('.env', readFileSync(project.path('.env'), 'utf8').replace(sample.values.openai, edited))
    expect((await project.run(['eject', '--yes'])).code).toBe(0)
    expect(project.read('.env')).toContain(`OPENAI_API_KEY=${edited}`)
  })

  test('the ignore lines stay while another environment needs them', async () => {
    const { project } = await importedProject(FILES)
    await using _ = project
    project.write('.env.staging', 'OPENAI_API_KEY=\n')
    await project.run(['init', '.env.staging', '-e', 'staging', '--yes'])
    expect((await project.run(['eject', '--yes'])).code).toBe(0)
    expect(project.read('.gitignore')).toContain('\n.env\n')
    expect((await project.run(['status', '-e', 'staging'])).code).toBe(0)
  })
})
