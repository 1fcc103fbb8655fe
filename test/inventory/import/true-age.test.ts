import { execFileSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ProposedSecret } from '../../../src/inventory/import/propose.ts'
import { trueAges } from '../../../src/inventory/import/true-age.ts'
import { Sensitive } from '../../../src/sensitive.ts'

const NOW = Date.UTC(2026, 10, 21)
const COMMITTED = Date.UTC(2026, 1, 1, 12)
const VALUE = 'canary-Vq3xT9mKd72LpZr0'

let dir: string
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'true-age-')))
  writeFileSync(join(dir, '.env'), `ARI_USER=bob\nARI_PASSWORD=${VALUE}\n`)
  const date = new Date(COMMITTED).toISOString()
  const env = { PATH: process.env.PATH, HOME: dir, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date } as NodeJS.ProcessEnv
  for (const args of [
    ['init', '-q'],
    ['add', '-A'],
    ['commit', '-q', '-m', 'x'],
  ])
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-C', dir, ...args], { env, stdio: 'pipe' })
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const ari = (password: string, bornAt: number): ProposedSecret => ({
  name: 'ari',
  env: { ARI_USER: 'username', ARI_PASSWORD: 'password' },
  files: ['.env'],
  fields: new Sensitive({ username: 'bob', password }),
  missing: null,
  rotator: { kind: 'manual', params: {}, reason: 'x' } as unknown as ProposedSecret['rotator'],
  bornAt,
  source: 'file',
  confidence: 1,
})
const aged = async (secret: ProposedSecret, created: number | null = null) => {
  const { secrets, remarks } = await trueAges([secret], { files: [{ file: '.env', real: join(dir, '.env') }], created, now: NOW })
  return { age: [secrets[0]?.source, secrets[0]?.bornAt], remarks }
}

describe('the true age', () => {
  test('is the oldest that is proved', async () => {
    expect((await aged(ari(VALUE, NOW - 1))).age).toEqual(['git', COMMITTED])
    expect((await aged(ari(VALUE, COMMITTED - 1))).age).toEqual(['file', COMMITTED - 1])
  })

  test('is not that of a user name which stayed', async () => {
    expect((await aged(ari(`${VALUE}-new`, NOW - 1))).age).toEqual(['file', NOW - 1])
  })

  test("is a person's word where git does not know better", async () => {
    expect((await aged(ari(VALUE, NOW - 1), COMMITTED - 5)).age).toEqual(['claimed', COMMITTED - 5])
    expect((await aged(ari(`${VALUE}-new`, COMMITTED), NOW - 5)).age).toEqual(['claimed', NOW - 5])
    expect(await aged(ari(VALUE, NOW - 1), NOW - 5)).toEqual({ age: ['git', COMMITTED], remarks: [expect.stringMatching(/^ari: git has the value/)] })
  })
})
