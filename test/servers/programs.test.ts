import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { makeProject } from '../support/project.ts'
import { programMissing } from './programs.ts'

describe.skipIf(await programMissing('git'))('git', () => {
  test('works in a project of its own, without the settings of whoever runs the tests', async () => {
    await using project = makeProject({ 'a.txt': 'a\n' })
    project.git('init')
    project.git('add', 'a.txt')
    project.git('commit', '-m', 'first')
    expect(project.git('ls-files').trim()).toBe('a.txt')
    expect(project.git('log', '--format=%an').trim()).toBe('Test')
  })
})

describe.skipIf(await programMissing('openssl'))('openssl', () => {
  test('makes a certificate, for which it needs its settings', async () => {
    await using project = makeProject()
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost', '-keyout', 'key.pem']
    execFileSync('openssl', [...args, '-out', 'cert.pem'], { cwd: project.dir, stdio: 'pipe' })
    expect(project.read('cert.pem')).toMatch(/^-----BEGIN CERTIFICATE-----/)
  })
})
