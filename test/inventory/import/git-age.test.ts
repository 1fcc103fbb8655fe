import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { gitAges } from '../../../src/inventory/import/git-age.ts'
import { readVariables } from '../../../src/inventory/import/read.ts'
import { compose } from '../../../src/outputs/dialects/compose.ts'
import { Sensitive } from '../../../src/sensitive.ts'

const NOW = Date.UTC(2026, 10, 21)
const A = 'canary-A-Vq3xT9mKd72LpZr0'
const B = 'canary-B-8sFg3JkWbYhN1cXe'

let dir: string
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'git-age-')))
  git('init', '-q', '-b', 'main')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function git(...args: string[]): string {
  return gitAt('2026-01-01', ...args)
}

function gitAt(day: string, ...args: string[]): string {
  const date = `${day}T12:00:00Z`
  const env = { PATH: process.env.PATH, HOME: dir, GIT_CONFIG_NOSYSTEM: '1', GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
  return execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-C', dir, ...args], {
    env: env as NodeJS.ProcessEnv,
    encoding: 'utf8',
    stdio: 'pipe',
  })
}

function commit(day: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  git('add', '-A')
  gitAt(day, 'commit', '-q', '-m', `of ${day}`)
}

const ages = (file = '.env', now = NOW, folder = dir) =>
  gitAges(join(folder, file), (text) => readVariables(text, compose, file).map(({ name, value }) => [name, value]), now)
const since = async (variable: string, value: string, file?: string) => {
  const at = (await ages(file)).since(variable, new Sensitive(value))
  return at === null ? null : new Date(at).toISOString().slice(0, 10)
}

describe('the history of git', () => {
  test('tells since when this very value stands under this name', async () => {
    commit('2026-02-01', { '.env': `KEY=${A}\n` })
    commit('2026-03-01', { '.env': `KEY=${B}\nOTHER=${A}\n` })
    commit('2026-04-01', { '.env': `# a comment\nKEY="${B}"\nOTHER=${A}\n` })
    expect(await since('KEY', B)).toBe('2026-03-01')
    expect(await since('KEY', A)).toBe('2026-02-01')
    expect(await since('OTHER', A)).toBe('2026-03-01')
    expect(await since('KEY', `${B}x`)).toBeNull()
    expect(await since('ABSENT', A)).toBeNull()
  })

  test('reaches back through a rename, a removal from the index and another branch', async () => {
    commit('2026-02-01', { 'settings.env': `KEY=${A}\nMORE=lines\nAND=more\n` })
    git('mv', 'settings.env', '.env')
    commit('2026-03-01', {})
    git('rm', '-q', '--cached', '.env')
    gitAt('2026-04-01', 'commit', '-q', '-m', 'untracked')
    expect(await since('KEY', A)).toBe('2026-02-01')
    git('checkout', '-q', '-f', '-b', 'side')
    commit('2026-01-05', { '.env': `KEY=${B}\n` })
    git('checkout', '-q', '-f', 'main')
    expect(await since('KEY', B)).toBe('2026-01-05')
  })

  test('says nothing of a file that was never tracked, of no repository, and of a commit from the future', async () => {
    writeFileSync(join(dir, '.env'), `KEY=${A}\n`)
    commit('2027-02-01', { 'future.env': `KEY=${A}\n` })
    git('rm', '-q', '--cached', '.env')
    expect((await ages('other.env')).notes).toEqual([])
    expect(await since('KEY', A, 'future.env')).toBeNull()
    const outside = realpathSync(mkdtempSync(join(tmpdir(), 'no-git-')))
    writeFileSync(join(outside, '.env'), `KEY=${A}\n`)
    expect((await ages('.env', NOW, outside)).since('KEY', new Sensitive(A))).toBeNull()
    rmSync(outside, { recursive: true, force: true })
  })

  test('says that a shallow clone may hide how old a value is', async () => {
    commit('2026-02-01', { '.env': `KEY=${A}\n` })
    commit('2026-03-01', { '.env': `KEY=${A}\nOTHER=1\n` })
    git('clone', '-q', '--depth', '1', `file://${dir}`, join(dir, 'clone'))
    const shallow = await ages('.env', NOW, join(dir, 'clone'))
    expect(new Date(shallow.since('KEY', new Sensitive(A)) ?? 0).toISOString()).toContain('2026-03-01')
    expect(shallow.notes.join()).toMatch(/shallow/)
  })

  test('runs nothing that the repository brings, and gives git no value', async () => {
    const ran = join(dir, 'ran')
    const evil = join(dir, 'evil.sh')
    writeFileSync(evil, `#!/bin/sh\necho "$@" >> ${ran}\n`)
    chmodSync(evil, 0o755)
    commit('2026-02-01', { '.env': `KEY=${A}\n`, '.gitattributes': '*.env diff=evil\n.env diff=evil\n' })
    for (const [key, value] of [
      ['core.fsmonitor', evil],
      ['core.pager', evil],
      ['pager.log', 'true'],
      ['diff.external', evil],
      ['diff.evil.textconv', evil],
      ['diff.evil.command', evil],
      ['log.showSignature', 'true'],
      ['gpg.program', evil],
      ['core.sshCommand', evil],
      ['core.hooksPath', dir],
      ['alias.log', `!${evil}`],
    ] as const)
      git('config', key, value)
    mkdirSync(join(dir, 'hooks'), { recursive: true })
    expect(await since('KEY', A)).toBe('2026-02-01')
    expect(existsSync(ran)).toBe(false)
  })

  test('is not stopped by versions that are no env files', async () => {
    commit('2026-02-01', { '.env': `KEY=${A}\n` })
    commit('2026-03-01', { '.env': `{"not": 'env\n` })
    commit('2026-04-01', { '.env': `KEY=${A}\n` })
    expect(await since('KEY', A)).toBe('2026-02-01')
  })
})
