import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { isMissing } from '../support/missing.ts'
import { programFile, startCommand } from '../support/program.ts'
import { makeProject } from '../support/project.ts'
import { reasonAgainstSmallDisk, smallDisk } from '../support/small-disk.ts'
import { type Case, newCase } from './changing/case.ts'
import { asNobody, expectRefusal, leftovers, refused } from './changing/refusal.ts'

/** Ways to spoil a file. */
const SPOIL = {
  folder: (file: string) => {
    rmSync(file, { recursive: true, force: true })
    mkdirSync(file)
  },
  'dangling link': (file: string) => {
    rmSync(file, { force: true })
    symlinkSync('nowhere', file)
  },
  pipe: (file: string) => {
    rmSync(file, { force: true })
    execFileSync('mkfifo', [file])
  },
  binary: (file: string) => writeFileSync(file, Buffer.from([0x4b, 0x45, 0x59, 0x3d, 0, 1, 2, 0xff, 0x0a])),
  'UTF-16': (file: string) => writeFileSync(file, Buffer.from('\uFEFFKEY=value\n', 'utf16le')),
  latin1: (file: string) => writeFileSync(file, Buffer.from('KEY=caf\u00e9\n', 'latin1')),
  huge: (file: string) => {
    writeFileSync(file, '#')
    truncateSync(file, 17 * 1024 * 1024)
  },
  empty: (file: string) => writeFileSync(file, ''),
  'cut short': (file: string) => truncateSync(file, Math.floor(readFileSync(file).length * 0.6)),
} as const
type Spoiled = keyof typeof SPOIL

/** Files of the state folder, by the end of their name. */
function stateFile(c: Case, end: string): string {
  const found = Object.keys(c.tree()).find((name) => name.endsWith(end))
  if (found === undefined) throw new Error(`no ${end} in the state`)
  return found
}

describe('an env file', () => {
  const cases: readonly (readonly [Spoiled, RegExp])[] = [
    ['folder', /\.env: not a regular file/],
    ['dangling link', /\.env: a symbolic link that leads nowhere/],
    ['pipe', /\.env: not a regular file/],
    ['binary', /\.env.*binary|NUL/],
    ['UTF-16', /\.env: line 1 holds a NUL byte/],
    ['latin1', /\.env.*not (UTF-8|valid)/i],
    ['huge', /\.env: larger than 16 MB/],
  ]
  test.each(cases)('that is a %s is refused by every command that needs it, and left as it is', async (kind, message) => {
    await using c = await newCase()
    const old = c.env().API_KEY
    SPOIL[kind](c.project.path('.env'))
    await refused(c, ['sync', '--check'], message, 1)
    const before = c.tree()[c.project.path('.env')]
    const rotated = await c.run(['rotate', 'api'])
    expectRefusal(c, rotated, message, 1)
    expect(rotated.stderr).toContain('api: version 2 is current but not delivered; the old value stays valid')
    expect(c.tree()[c.project.path('.env')]).toBe(before)
    expect(c.live('api')).toEqual([old, expect.anything()])
    // Nothing needs a hand but the file itself.
    rmSync(c.project.path('.env'), { recursive: true })
    await c.secrets(['sync'])
    expect(c.live('api')).toEqual([c.env().API_KEY])
  })

  test('with a quote that is never closed is refused with its line', async () => {
    await using c = await newCase()
    c.project.write('.env', `${c.project.read('.env')}BROKEN="never closed\n`)
    await refused(c, ['sync', '--check'], /\.env.*line 10/, 1)
    await refused(c, ['doctor'], /line 10/).catch(async () => {
      const { code, stdout } = await c.run(['doctor'])
      expect([code, stdout]).toEqual([1, expect.stringMatching(/line 10/)])
    })
  })

  test('that is empty or gone is written anew', async () => {
    await using c = await newCase()
    const { PORT: _setting, ...values } = c.env()
    SPOIL.empty(c.project.path('.env'))
    await c.secrets(['sync'])
    expect(c.env()).toEqual(values)
    expect(leftovers(c)).toEqual([])
  })

  test('whose folder is gone is refused with the command that makes it', async () => {
    await using c = await newCase()
    c.edit('- file: .env', '- file: deploy/.env')
    await refused(c, ['sync', '--check'], /deploy\/\.env: its folder does not exist\nsecrets: hint: mkdir -p/, 1)
  })
})

describe('secrets.yaml', () => {
  const cases: readonly (readonly [Spoiled, RegExp, number])[] = [
    ['folder', /secrets\.yaml: this is a folder/, 1],
    ['dangling link', /secrets\.yaml: there is no such file/, 2],
    ['pipe', /secrets\.yaml: this is no regular file/, 1],
    ['binary', /binary, not text/, 2],
    ['UTF-16', /the file is UTF-16/, 2],
    ['latin1', /not UTF-8/, 2],
    ['huge', /the file has 17825792 bytes/, 2],
    ['empty', /secrets\.yaml/, 2],
    ['cut short', /secrets\.yaml:\d+:\d+: /, 2],
  ]
  test.each(cases)('that is %s stops every command before anything is touched', async (kind, message, status) => {
    await using c = await newCase()
    SPOIL[kind](c.project.path('secrets.yaml'))
    await refused(c, ['rotate', 'jwt'], message, status)
    const before = c.tree()
    expectRefusal(c, await c.run(['set', 'NEW_API_KEY'], { input: canary() }), message, status)
    expect(c.tree()).toEqual(before)
  })

  test('with the id of another project finds no state, makes none, and says how to get it', async () => {
    await using c = await newCase()
    const id = /kt_\w+/.exec(c.project.read('secrets.yaml'))?.[0] ?? ''
    c.edit(id, 'kt_somebody')
    for (const args of [['status'], ['rotate', 'jwt'], ['get', 'jwt']]) {
      await refused(c, args, /ledger\.db: the file is not there\nsecrets: hint: "secrets restore FILE" with a backup/, 1)
    }
  })
})

describe('the store', () => {
  const cases: readonly (readonly [Spoiled, RegExp])[] = [
    ['folder', /api.*current\.age/],
    ['binary', /api.*current\.age/],
    ['empty', /api.*current\.age/],
    ['cut short', /api.*current\.age/],
    ['dangling link', /api.*current\.age/],
  ]
  test.each(cases)('with a file that is %s names it, and the others are unharmed', async (kind, message) => {
    await using c = await newCase()
    SPOIL[kind](stateFile(c, 'production+api/current.age'))
    const before = c.live('api')
    await refused(c, ['get', 'api'], message, 1)
    expect(c.live('api')).toEqual(before)
    const jwt = c.env().JWT_SECRET ?? ''
    expect((await c.secrets(['get', 'jwt'], { reveals: [jwt] })).stdout).toBe(jwt)
    const { code, stdout } = await c.run(['doctor'])
    expect([code, stdout]).toEqual([1, expect.stringMatching(/! .*api.*current\.age[\s\S]*secrets restore/)])
  })

  test('whose key for fingerprints is damaged changes nothing', async () => {
    await using c = await newCase()
    SPOIL['cut short'](stateFile(c, '+fingerprint/current.age'))
    await refused(c, ['rotate', 'jwt'], /fingerprint.*current\.age/, 1)
    await refused(c, ['sync'], /fingerprint.*current\.age/, 1)
  })

  test('with something written into a lock says what to remove', async () => {
    await using c = await newCase()
    writeFileSync(stateFile(c, 'store/lock'), 'not a lock')
    await refused(c, ['rotate', 'jwt'], /store\/lock: something was written into the lock file\nsecrets: hint: It holds nothing: rm /, 1)
  })
})

describe('the ledger', () => {
  const cases: readonly (readonly [Spoiled, RegExp])[] = [
    ['folder', /ledger\.db: it is a folder/],
    ['binary', /ledger\.db: it is no SQLite database/],
    ['empty', /ledger\.db: the file is empty/],
    ['cut short', /ledger\.db: /],
    ['dangling link', /ledger\.db: /],
  ]
  test.each(cases)('that is %s stops what reads and what writes, and is kept as it is', async (kind, message) => {
    await using c = await newCase()
    SPOIL[kind](stateFile(c, 'ledger.db'))
    const [text, live] = [c.project.read('.env'), c.live('api')]
    await refused(c, ['status'], message, 1)
    await refused(c, ['rotate', 'api'], message, 1)
    await refused(c, ['sync'], message, 1)
    expect([c.project.read('.env'), c.live('api')]).toEqual([text, live])
    const { code, stdout } = await c.run(['doctor'])
    expect([code, stdout]).toEqual([1, expect.stringMatching(/! .*ledger[\s\S]*secrets restore/)])
  })

  test('with one event changed is found by its chain', async () => {
    await using c = await newCase()
    const { DatabaseSync } = await import('node:sqlite')
    const ledger = new DatabaseSync(stateFile(c, 'ledger.db'))
    ledger.exec('DROP TRIGGER IF EXISTS events_no_update; UPDATE events SET at = at - 1000 WHERE pos = 3')
    ledger.close()
    const { code, stderr } = await c.run(['history', '--verify'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('the history is not intact')])
  })
})

describe('the key of the store', () => {
  const identity = (c: Case): string => stateFile(c, 'identity.txt')
  test.each([
    ['missing', (file: string) => rmSync(file), /identity\.txt.*(not there|no such|missing)|not on this machine/i],
    ['empty', (file: string) => writeFileSync(file, '', { mode: 0o600 }), /identity\.txt/],
    ['binary', (file: string) => writeFileSync(file, Buffer.from([0, 1, 2, 3]), { mode: 0o600 }), /identity\.txt/],
    ['a folder', SPOIL.folder, /identity\.txt/],
    ['readable by others', (file: string) => chmodSync(file, 0o644), /identity\.txt.*\(mode 644\)\nsecrets: hint: chmod 600/],
  ] as const)('that is %s is refused, and nothing is changed', async (_, spoil, message) => {
    await using c = await newCase()
    const live = c.live('api')
    spoil(identity(c))
    for (const args of [['get', 'jwt'], ['rotate', 'api'], ['sync']]) await refused(c, args, message, 1)
    expect(c.live('api')).toEqual(live)
    expect((await c.run(['status'])).code).toBe(0)
  })

  test('of somebody else opens nothing, and says so', async () => {
    await using c = await newCase()
    await using other = makeProject({ '.env': `OTHER_API_KEY=${canary()}\n` })
    expect((await other.run(['init', '.env', '--yes'])).code).toBe(0)
    const theirs = (readdirSync(path.join(other.home, 'config'), { recursive: true }) as string[]).find((name) => name.endsWith('identity.txt')) ?? ''
    copyFileSync(path.join(other.home, 'config', theirs), identity(c))
    const live = c.live('api')
    for (const args of [['get', 'jwt'], ['rotate', 'api'], ['sync']])
      await refused(c, args, /the key of this machine \(age1\w+\) opens no file of the store/, 1)
    expect(c.live('api')).toEqual(live)
  })
})

describe.skipIf(isMissing('another user', process.getuid?.() === 0 ? null : 'only root can become another user'))('missing permission', () => {
  test('to read the env file', async () => {
    await using c = await newCase()
    const run = asNobody(c)
    chmodSync(c.project.path('.env'), 0)
    const before = c.tree()
    expectRefusal(c, await run(['sync', '--check']), /\.env: cannot read it \(EACCES\)/, 1)
    expect(c.tree()).toEqual(before)
  })

  test('to write into the folder of the env file: the old one stays, the value is delivered later', async () => {
    await using c = await newCase()
    const run = asNobody(c)
    const text = c.project.read('.env')
    chmodSync(c.project.dir, 0o555)
    expectRefusal(c, await run(['rotate', 'jwt']), /jwt: version 2 is current but not delivered: .*\.env: cannot write it \(EACCES\)/, 1)
    expectRefusal(c, await run(['sync']), /\.env: cannot write it \(EACCES\)/, 1)
    expect(c.project.read('.env')).toBe(text)
    expectRefusal(c, await run(['rm', 'vendor', '--yes']), /secrets\.yaml: cannot write it \(EACCES\)/, 1)
    chmodSync(c.project.dir, 0o755)
    expect((await run(['sync'])).code).toBe(0)
    expect(c.project.read('.env')).not.toBe(text)
  })

  test.each([
    ['secrets.yaml', (c: Case) => c.project.path('secrets.yaml'), /secrets\.yaml: this user may not read it \(EACCES\)/],
    ['the ledger', (c: Case) => stateFile(c, 'ledger.db'), /ledger\.db: /],
    ['a file of the store', (c: Case) => stateFile(c, 'production+jwt/current.age'), /current\.age/],
    ['the identity', (c: Case) => stateFile(c, 'identity.txt'), /identity\.txt/],
  ] as const)('to read %s', async (_, file, message) => {
    await using c = await newCase()
    const run = asNobody(c)
    const before = c.tree()
    const [victim, mode] = [file(c), 0o600]
    chmodSync(victim, 0)
    expectRefusal(c, await run(['rotate', 'jwt']), message, 1)
    chmodSync(victim, mode)
    expect({ ...c.tree(), [victim]: '' }).toEqual({ ...before, [victim]: '' })
  })

  test.each([
    ['the state folder', (c: Case) => path.dirname(stateFile(c, 'ledger.db'))],
    ['the store', (c: Case) => path.dirname(stateFile(c, 'store/lock'))],
  ] as const)('to write into %s: nothing is opened, nothing is made at the provider', async (_, folder) => {
    await using c = await newCase()
    const run = asNobody(c)
    const [text, live] = [c.project.read('.env'), c.live('api')]
    execFileSync('chmod', ['-R', 'a-w', folder(c)])
    expectRefusal(c, await run(['rotate', 'api']), /cannot (be )?(write|written|lock)|FILE_UNWRITABLE|EACCES/, 1)
    expect([c.project.read('.env'), c.live('api')]).toEqual([text, live])
    execFileSync('chmod', ['-R', 'u+w', folder(c)])
    expect((await run(['rotate', 'api'])).code).toBe(0)
    expect(c.live('api')).toEqual([c.env().API_KEY])
  })
})

describe.skipIf(isMissing('a full disk', reasonAgainstSmallDisk()))('a full disk', () => {
  /** Takes all the space that is left. */
  const fill = (disk: string): void => {
    execFileSync('sh', ['-c', `dd if=/dev/zero of='${disk}/filler' bs=4096 2>/dev/null || true`])
  }
  const free = (disk: string): void => rmSync(path.join(disk, 'filler'))

  test('under the env file: the old one stays whole, and is written once there is space', async () => {
    await using c = await newCase()
    const disk = smallDisk()
    writeFileSync(path.join(disk, '.env'), c.project.read('.env'), { mode: 0o600 })
    c.edit('- file: .env', `- file: ${disk}/.env`)
    c.edit('[cp, .env, running.env]', `[cp, ${disk}/.env, running.env]`)
    await c.secrets(['sync'])
    const text = readFileSync(path.join(disk, '.env'), 'utf8')
    fill(disk)
    const { stderr, code } = await c.run(['rotate', 'api', '--wait', '1s'])
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/api: version 2 is current but not delivered; the old value stays valid: .*no space left on the disk/),
    ])
    expect(readFileSync(path.join(disk, '.env'), 'utf8')).toBe(text)
    expect(c.live('api')).toHaveLength(2)
    free(disk)
    await c.run(['sync'])
    expect(readFileSync(path.join(disk, '.env'), 'utf8')).toContain(c.live('api').at(-1))
    expect(execFileSync('ls', ['-A', disk], { encoding: 'utf8' })).toBe('.env\n')
  })

  test('under the state: nothing is made at the provider, and the next run goes on', async () => {
    await using c = await newCase()
    const disk = smallDisk()
    execFileSync('cp', ['-a', `${path.join(c.project.home, 'state')}/.`, disk])
    const env = { XDG_STATE_HOME: disk }
    expect((await c.run(['status'], { env })).code).toBe(0)
    fill(disk)
    const [text, live] = [c.project.read('.env'), c.live('api')]
    // A sync that finds nothing to do records nothing.
    await c.secrets(['sync'], { env })
    c.project.write('.env', text.replace(/^API_KEY=.*\n/m, ''))
    for (const args of [['rotate', 'api'], ['sync']]) expectRefusal(c, await c.run(args, { env }), /no space left on the disk|0 KiB free/, 1)
    c.project.write('.env', text)
    expectRefusal(c, await c.run(['set', 'jwt'], { env, input: canary() }), /no space left on the disk|0 KiB free/, 1)
    expect([c.project.read('.env'), c.live('api')]).toEqual([text, live])
    free(disk)
    await c.secrets(['rotate', 'api'], { env })
    expect(c.live('api')).toEqual([c.env().API_KEY])
    expect((await c.secrets(['history', '--verify'], { env })).stdout).toContain('Intact')
  })

  test('under secrets.yaml: a new variable is neither declared nor stored', async () => {
    await using c = await newCase()
    const disk = smallDisk()
    execFileSync('cp', ['-a', `${c.project.dir}/.`, disk])
    const inventory = readFileSync(path.join(disk, 'secrets.yaml'), 'utf8')
    fill(disk)
    expectRefusal(c, await c.run(['set', 'NEW_API_KEY'], { cwd: disk, input: canary() }), /secrets\.yaml: no space left on the disk/, 1)
    expect(readFileSync(path.join(disk, 'secrets.yaml'), 'utf8')).toBe(inventory)
    free(disk)
    expect(execFileSync('ls', ['-A', disk], { encoding: 'utf8' })).toBe('.env\nrunning.env\nsecrets.yaml\n')
  })

  test('under standard output: the status says that the result did not arrive', async () => {
    await using c = await newCase()
    for (const args of ['status', 'status --json', 'get jwt', 'rotate --dry-run jwt']) {
      const command = `'${process.execPath}' '${programFile()}' ${args} > /dev/full`
      const result = await startCommand(['sh', '-c', command], args, { cwd: c.project.dir, env: c.project.env }).done
      expectRefusal(c, result, /standard output: no space left on the disk/, 1)
    }
  })
})

describe('a clock that went wrong', () => {
  const HOUR = 3_600_000
  const off = (hours: number) => ({ build: 'test' as const, env: { KEYTURN_TEST_CLOCK_OFF: String(hours * HOUR) } })

  test('backwards: nothing is revoked until it is right, or a person says that it is', async () => {
    await using c = await newCase()
    await c.secrets(['rotate', 'slow'])
    // Something is recorded while the clock is two days ahead; then it is set back to where the grace is just over.
    await c.secrets(['adopt', 'slow', '--created', '2026-01-01', '--evidence', 'a test'], off(48))
    const live = c.live('slow')
    const text = c.project.read('.env')
    const suspect = await c.run(['rotate', 'slow'], off(25))
    expectRefusal(c, suspect, /slow: the clock is behind the last event/, 1)
    expect([c.project.read('.env'), c.live('slow')]).toEqual([text, live])
    expect((await c.secrets(['status'])).code).toBe(0)
    const mended = await c.secrets(['approve', 'slow', '--reason', 'the clock was two days ahead'], off(25))
    expect(mended.stderr).toContain('you vouch that the clock is right now')
    expect(mended.stdout).toBe('slow: done, version 2\n')
    expect(c.live('slow')).toEqual([c.env().SLOW_KEY])
  })

  test('backwards on a secret at rest: no rotation is opened on it', async () => {
    await using c = await newCase()
    await c.secrets(['rotate', 'api'], off(48))
    await refused(c, ['rotate', 'api'], /api: the clock says .*, but the last event was recorded .*\nsecrets: hint: Set the clock/, 1)
    expect(c.live('api')).toHaveLength(1)
  })

  test('forwards by the grace: the next run proves once more and revokes', async () => {
    await using c = await newCase()
    await c.secrets(['rotate', 'slow'])
    expect(c.live('slow')).toHaveLength(2)
    expect((await c.secrets(['rotate', '--yes'], off(23))).stdout).toContain('old value valid until')
    expect((await c.secrets(['rotate', '--yes'], off(25))).stdout).toBe('slow: done, version 2\n')
    expect(c.live('slow')).toEqual([c.env().SLOW_KEY])
  })
})
