import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { mountPoint, whyNoMounts } from '../outputs/mounts.ts'
import { canary } from '../support/canary.ts'
import { isMissing } from '../support/missing.ts'
import { newCase } from './changing/case.ts'

const CLEAN = 'every output holds what the store has\n'
const NOT_GIVEN = '.env: no value in the store yet: EMPTY_KEY\n'

describe('looking', () => {
  test('--check finds nothing, prints + ~ ! - with names only, and writes nothing', async () => {
    await using c = await newCase()
    const clean = await c.secrets(['sync', '--check'])
    expect([clean.stdout, clean.stderr]).toEqual([CLEAN, NOT_GIVEN])
    const text = c.project.read('.env')
    const [jwt = '', api = ''] = [c.env().JWT_SECRET, c.env().API_KEY]
    await c.secrets(['rotate', 'jwt'])
    await c.secrets(['set', 'OTHER_API_TOKEN'], { input: canary() })
    c.edit('  other: OTHER_API_TOKEN\n', '')
    // One line is gone, one holds an old version, one was edited, and one is no longer declared.
    const drifted = `${text.replace(/^SLOW_KEY=.*\n/m, '').replace(api, canary())}OTHER_API_TOKEN=${c.env().OTHER_API_TOKEN}\n`
    c.project.write('.env', drifted)
    expect(drifted).toContain(jwt)
    const before = c.tree()
    const { code, stdout } = await c.run(['sync', '--check'])
    expect([code, stdout]).toEqual([3, '.env\n  ~ JWT_SECRET\n  ! API_KEY   edited by hand\n  + SLOW_KEY\n  - OTHER_API_TOKEN   no longer in the inventory\n'])
    const json = await c.json(['sync', '--check'])
    expect([json.code, json.document]).toMatchObject([
      3,
      {
        schema: 'keyturn/sync@1',
        inSync: false,
        outputs: [{ file: '.env', missing: ['EMPTY_KEY'], variables: expect.arrayContaining([{ name: 'API_KEY', kind: 'hand-edited' }]) }],
      },
    ])
    expect(c.tree()).toEqual(before)

    // What is in doubt stays, the rest is written.
    const synced = await c.run(['sync'])
    expect([synced.code, synced.stdout]).toEqual([3, '.env:\n  ~ JWT_SECRET\n  + SLOW_KEY\n'])
    expect(c.project.read('.env')).toContain(`OTHER_API_TOKEN=`)
  })

  test('files are named as in the inventory, or as seen from where one stands', async () => {
    await using c = await newCase()
    mkdirSync(c.project.path('sub'))
    expect((await c.run(['sync', '--check', '../.env'], { cwd: c.project.path('sub') })).stdout).toBe(CLEAN)
    expect((await c.run(['sync', '.env', '--quiet'])).stdout).toBe('')
    const unknown = await c.json(['sync', 'other.env'])
    expect([unknown.code, unknown.document]).toMatchObject([2, { code: 'NAME_UNKNOWN', hint: 'there are: .env' }])
    for (const args of [
      ['--check', '--import', 'jwt'],
      ['--import', 'jwt', '--discard', 'jwt'],
    ]) {
      expect((await c.run(['sync', ...args])).stderr).toContain('--check, --import and --discard are three questions')
    }
  })
})

describe('a value edited by hand', () => {
  test('is never overwritten: it is named, with status 3 and both ways on', async () => {
    await using c = await newCase()
    const mine = canary()
    const text = c.project.read('.env').replace(c.env().API_KEY ?? '', mine)
    c.project.write('.env', text)
    for (const args of [['sync'], ['rotate', 'jwt']]) {
      await c.run(args)
      expect(c.env().API_KEY).toBe(mine)
    }
    const { code, stderr } = await c.run(['sync'])
    expect(code).toBe(3)
    expect(stderr).toContain('secrets: warning: .env: API_KEY was edited by hand and is left as it is\n')
    expect(stderr).toContain('secrets: hint: secrets sync --import API_KEY   keeps it;  secrets sync --discard API_KEY   writes the stored value\n')
  })

  test('--discard writes the stored value again, and nothing else', async () => {
    await using c = await newCase()
    const text = c.project.read('.env')
    c.project.write('.env', text.replace(c.env().API_KEY ?? '', canary()).replace(c.env().SLOW_KEY ?? '', canary()))
    const slow = c.env().SLOW_KEY ?? ''
    const first = await c.run(['sync', '--discard', 'api'])
    expect([first.code, first.stdout]).toEqual([3, '.env:\n  ! API_KEY\n'])
    expect(c.env().SLOW_KEY).toBe(slow)
    expect((await c.secrets(['sync', '--discard', 'SLOW_KEY'])).stdout).toBe('.env:\n  ! SLOW_KEY\n')
    expect(c.project.read('.env')).toBe(text)
    expect(c.running()).toEqual(c.env())
  })

  test('--import makes it the next version, several in one document; a weak one only with --force', async () => {
    await using c = await newCase()
    const [jwt, vendor] = [canary(), canary()]
    c.project.write(
      '.env',
      c.project
        .read('.env')
        .replace(c.env().JWT_SECRET ?? '', jwt)
        .replace(c.env().VENDOR_API_KEY ?? '', vendor),
    )
    const { code, document } = await c.json(['sync', '--import', 'JWT_SECRET', '--import', 'vendor'])
    expect([code, document]).toMatchObject([
      0,
      {
        schema: 'keyturn/import@1',
        results: [
          { name: 'jwt', kind: 'rotated', version: 2 },
          { name: 'vendor', kind: 'delivered', version: 2 },
        ],
      },
    ])
    expect(await c.secrets(['get', 'jwt'], { reveals: [jwt] })).toMatchObject({ stdout: jwt })
    expect((await c.secrets(['sync', '--check'])).stdout).toBe(CLEAN)

    c.project.write('.env', c.project.read('.env').replace(jwt, 'weak'))
    const before = c.tree()
    const weak = await c.run(['sync', '--import', 'jwt'])
    expect([weak.code, weak.stderr]).toEqual([1, expect.stringContaining('use another value, or --force if you must')])
    expect(c.tree()).toEqual(before)
    expect((await c.secrets(['sync', '--import', 'jwt', '--force'])).stdout).toBe('jwt: done, version 3\n')
  })

  test('where there is none, neither way does anything', async () => {
    await using c = await newCase()
    const before = c.tree()
    for (const way of ['--import', '--discard']) {
      const { code, stderr } = await c.run(['sync', way, 'jwt'])
      expect([code, stderr]).toEqual([2, expect.stringContaining('jwt: no value edited by hand is in .env')])
      expect((await c.run(['sync', way, 'nobody'])).code).toBe(2)
    }
    expect(c.tree()).toEqual(before)
  })

  test('one that a template makes can be discarded, and not imported', async () => {
    await using c = await newCase()
    c.edit('  - file: .env\n', '  - file: .env\n    vars: { API_URL: "https://user:{api.value|url}@example.org/" }\n')
    await c.secrets(['sync'])
    const url = c.env().API_URL ?? ''
    expect(url).toBe(`https://user:${c.env().API_KEY}@example.org/`)
    c.project.write('.env', c.project.read('.env').replace(url, 'https://mine.example.org/'))
    const { code, stderr } = await c.run(['sync'])
    expect(code).toBe(3)
    expect(stderr).toContain('hint: secrets sync --discard API_URL   writes the stored value')
    expect((await c.run(['sync', '--import', 'API_URL'])).stderr).toContain('API_URL is made by a template')
    await c.secrets(['sync', '--discard', 'API_URL'])
    expect(c.env().API_URL).toBe(url)
  })
})

describe('files and consumers', () => {
  test('a sync that finds everything as it should be records nothing, and still looks into the file', async () => {
    await using c = await newCase()
    await c.secrets(['rotate', 'jwt'])
    const before = c.tree()
    for (let i = 0; i < 3; i++) expect((await c.secrets(['sync'])).stdout).toBe('.env: nothing to write\n')
    expect(c.tree()).toEqual(before)
    const { API_KEY: key = '', JWT_SECRET: jwt = '' } = c.env()
    c.project.write('.env', c.project.read('.env').replace(`API_KEY=${key}\n`, ''))
    expect((await c.secrets(['sync'])).stdout).toBe('.env:\n  + API_KEY\n')
    const settled = c.tree()
    c.project.write('.env', c.project.read('.env').replace(jwt, canary()))
    for (let i = 0; i < 2; i++) expect((await c.run(['sync'])).code).toBe(3)
    const edited = Object.keys(settled).filter((name) => c.tree()[name] !== settled[name])
    expect(edited.map((name) => name.split('/').at(-1)).sort()).toEqual(['.env', 'ledger.db', 'running.env'])
    const ended = c.tree()
    expect((await c.run(['sync'])).code).toBe(3)
    expect(c.tree()).toEqual(ended)
  })

  test('two inventories that write the same file take turns', { timeout: 90_000 }, async () => {
    await using c = await newCase()
    const second = path.join(c.project.home, 'second')
    mkdirSync(second)
    const mine = canary()
    writeFileSync(path.join(second, '.env'), `SECOND_API_TOKEN=${mine}\n`)
    await c.secrets(['init', '.env', '--yes'], { cwd: second })
    rmSync(path.join(second, '.env'))
    symlinkSync(c.project.path('.env'), path.join(second, '.env'))
    const values = c.env()
    const bare = c.project.read('.env').replace(/^(JWT_SECRET|API_KEY)=.*\n/gm, '')
    for (let i = 0; i < 4; i++) {
      c.project.write('.env', bare)
      await Promise.all([c.secrets(['sync']), c.secrets(['sync'], { cwd: second })])
      expect(c.env()).toEqual({ ...values, SECOND_API_TOKEN: mine })
    }
    const state = path.join(c.project.home, 'state', 'keyturn')
    const [locks = ''] = readdirSync(state).filter((name) => name.startsWith('.locks-'))
    expect(readdirSync(path.join(state, locks))).toEqual([])
  })

  test.skipIf(isMissing('notes on mounted outputs', whyNoMounts()))('a file that had to be written in place is told by sync, rotate and set', async () => {
    await using c = await newCase()
    using _ = mountPoint.file(c.project.path('.env'))
    const told = 'and cannot be replaced as a whole: it was written in place'
    expect((await c.secrets(['rotate', 'jwt'])).stderr).toContain(told)
    const { API_KEY: key = '' } = c.env()
    c.project.write('.env', c.project.read('.env').replace(`API_KEY=${key}\n`, ''))
    expect((await c.secrets(['sync'])).stderr.split(told)).toHaveLength(2)
    expect((await c.secrets(['sync'])).stderr).not.toContain(told)
    expect((await c.secrets(['set', 'data', '--force'], { input: canary() })).stderr).toContain(told)
  })

  test('a file that is gone is made again, for its owner alone', async () => {
    await using c = await newCase()
    const { PORT: _setting, ...values } = c.env()
    rmSync(c.project.path('.env'))
    expect((await c.secrets(['sync'])).stdout).toBe('.env:\n  + JWT_SECRET\n  + VENDOR_API_KEY\n  + DATA_ENCRYPTION_KEY\n  + API_KEY\n  + SLOW_KEY\n')
    expect(c.project.mode('.env')).toBe(0o600)
    expect(c.env()).toEqual(values)
  })

  test('a consumer that somebody restarted on an old file is found out by the next rotation, and refreshed', async () => {
    await using c = await newCase()
    const old = c.project.read('running.env')
    await c.secrets(['rotate', 'jwt'])
    c.project.write('running.env', old)
    await c.secrets(['rotate', 'api'])
    expect(c.running()).toEqual(c.env())
  })

  test('a consumer that fails is named with what it said, and tried again once it is mended', async () => {
    await using c = await newCase()
    c.edit('refresh: [cp, .env, running.env]', 'refresh: "test -e fine && cp .env running.env || { echo no engine here >&2; exit 1; }"')
    const failed = await c.run(['rotate', 'jwt', '--wait', '1s'])
    expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining('no engine here')])
    c.project.write('fine', '')
    expect((await c.secrets(['sync'])).stdout).toBe('.env: nothing to write\n')
    expect(c.running()).toEqual(c.env())
  })

  test('what a consumer failed with counts no longer once it is taken out', async () => {
    await using c = await newCase()
    c.edit('refresh: [cp, .env, running.env]', 'refresh: "exit 1"')
    expect((await c.run(['rotate', 'jwt', '--wait', '1s'])).code).toBe(1)
    c.edit(c.project.read('secrets.yaml').slice(c.project.read('secrets.yaml').indexOf('    consumers:')), '')
    expect((await c.secrets(['sync'])).code).toBe(0)
  })
})
