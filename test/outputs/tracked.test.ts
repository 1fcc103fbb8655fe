import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isTracked } from '../../src/outputs/tracked.ts'
import { programMissing, unpackedPrograms } from '../servers/programs.ts'

const noGit = await programMissing('git')
const PATH = `${process.env.PATH}:${unpackedPrograms()}`
let dir: string

beforeEach(() => {
  dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'keyturn-tracked-')))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const git = (...args: string[]) => execFileSync('git', ['-C', dir, ...args], { env: { PATH, HOME: dir, GIT_CONFIG_NOSYSTEM: '1' }, stdio: 'pipe' })
const file = (name: string) => {
  mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
  writeFileSync(path.join(dir, name), 'A=1\n')
  return path.join(dir, name)
}

describe('isTracked', () => {
  it('asks nobody outside of a repository', async () => {
    expect(await isTracked(file('.env'), '/nowhere')).toEqual({ tracked: false })
  })

  it('says that it does not know where there is no git program', async () => {
    mkdirSync(path.join(dir, '.git'))
    const answer = await isTracked(file('a/.env'), '/nowhere')
    expect(answer.tracked).toBe(false)
    expect(answer.note).toContain('it is not installed')
  })

  describe.skipIf(noGit)('with git', () => {
    it('knows tracked, untracked and ignored files, also with names that git takes for patterns', async () => {
      git('init', '-q')
      for (const name of ['.env', 'sub/[x]*.env', 'plain.env', 'ignored.env']) file(name)
      writeFileSync(path.join(dir, '.gitignore'), 'ignored.env\n')
      git('add', '.env', '--', ':(literal)sub/[x]*.env')
      expect(await isTracked(path.join(dir, '.env'), PATH)).toEqual({ tracked: true })
      expect(await isTracked(path.join(dir, 'sub/[x]*.env'), PATH)).toEqual({ tracked: true })
      expect(await isTracked(file('sub/xx.env'), PATH)).toEqual({ tracked: false })
      expect(await isTracked(path.join(dir, 'plain.env'), PATH)).toEqual({ tracked: false })
      expect(await isTracked(path.join(dir, 'ignored.env'), PATH)).toEqual({ tracked: false })
      git('rm', '-q', '--cached', '.env')
      expect(await isTracked(path.join(dir, '.env'), PATH)).toEqual({ tracked: false })
    })

    it('runs no program that the repository names', async () => {
      git('init', '-q')
      git('add', path.basename(file('.env')))
      writeFileSync(path.join(dir, 'monitor'), `#!/bin/sh\ntouch ${dir}/ran\n`, { mode: 0o755 })
      git('config', 'core.fsmonitor', path.join(dir, 'monitor'))
      expect(await isTracked(path.join(dir, '.env'), PATH)).toEqual({ tracked: true })
      expect(() => execFileSync('test', ['-e', path.join(dir, 'ran')])).toThrow()
    })

    it('says that it does not know in a damaged repository', async () => {
      git('init', '-q')
      writeFileSync(path.join(dir, '.git', 'index'), 'not an index')
      expect((await isTracked(file('.env'), PATH)).note).toContain('could not say')
    })
  })
})
