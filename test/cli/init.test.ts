import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { isMissing } from '../support/missing.ts'
import { programFile, startCommand } from '../support/program.ts'
import { makeProject, type Project } from '../support/project.ts'
import { reasonAgainstSmallDisk, smallDisk } from '../support/small-disk.ts'
import { idsIn, importedProject, sampleEnv } from './imported.ts'

const YES = ['init', '--yes']

/** Root may read and write everything, so these run as a user who may not. */
function asNobody(project: Project, args: readonly string[]) {
  if (process.getuid?.() !== 0) return project.run(args)
  // The built program lies in a folder that only we may enter.
  cpSync(path.dirname(programFile()), path.join(project.home, 'dist'), { recursive: true })
  const program = [process.execPath, path.join(project.home, 'dist', path.basename(programFile())), ...args]
  for (const folder of [path.dirname(project.dir), project.home]) chmodSync(folder, 0o755)

  execFileSync('chown', ['-R', 'nobody', project.home, project.tmp])
  return startCommand(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...program], `secrets ${args.join(' ')}`, {
    cwd: project.dir,
    env: project.env,
  }).done
}

describe('secrets init', () => {
  test('stores the values, writes secrets.yaml, and leaves the .env byte for byte', async () => {
    const { project, sample } = await importedProject({ '.git/HEAD': 'ref: refs/heads/main\n', Dockerfile: 'FROM scratch\n' })
    await using _ = project
    expect(project.read('.env')).toBe(sample.text)
    expect(project.list()).toEqual(['.dockerignore', '.env', '.gitignore', 'Dockerfile', 'secrets.yaml'])
    expect(project.read('.gitignore')).toBe('.env\n.*.keyturn-*.tmp\n')
    // Values are nowhere but in the .env itself: not in the store, the ledger, secrets.yaml or a temporary file.
    expect(project.leaks()).toEqual(['project/.env'])
    const status = JSON.parse((await project.run(['status', '--json'])).stdout)
    expect(status.secrets.map((one: { name: string }) => one.name).sort()).toEqual(['ari', 'db', 'deepgram', 'jwt', 'n8n-encryption', 'openai'])
    const [secret] = status.secrets.filter((one: { name: string }) => one.name === 'openai')
    expect(secret).toMatchObject({ ageSource: 'file', env: ['OPENAI_API_KEY'], kind: 'manual' })
    for (const [name, value] of [
      ['OPENAI_API_KEY', sample.values.openai],
      ['DB_PASSWORD', sample.values.db],
      ['ASTERISK_ARI_PASSWORD', sample.values.ari],
    ] as const) {
      expect((await project.run(['get', name], { reveals: [value] })).stdout.trim()).toBe(value)
    }
    expect((await project.run(['sync', '--check'])).code).toBe(0)
  })

  test('the age is at least that of the file', async () => {
    await using project = makeProject({ '.env': `OPENAI_API_KEY=${canary()}\n` })
    const then = new Date(Date.now() - 100 * 86_400_000)
    utimesSync(project.path('.env'), then, then)
    expect((await project.run(YES)).code).toBe(0)
    const { secrets } = JSON.parse((await project.run(['status', '--json'])).stdout)
    expect(secrets[0]).toMatchObject({ ageSource: 'file', state: 'overdue' })
    expect(Math.floor(secrets[0].ageDays)).toBe(100)
  })

  test('the age is that of the first commit with this very value, where that is older than the file', async () => {
    const value = canary()
    await using project = makeProject({ '.env': `OPENAI_API_KEY=${value}\nJWT_SECRET=${canary()}\n` })
    const day = new Date(Date.now() - 200 * 86_400_000).toISOString()
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-C', project.dir, ...args], {
        env: { ...project.env, GIT_AUTHOR_DATE: day, GIT_COMMITTER_DATE: day },
        stdio: 'pipe',
      })
    git('init', '-q')
    git('add', '.env')
    git('commit', '-q', '-m', 'oops')
    project.write('.env', `OPENAI_API_KEY=${value}\nJWT_SECRET=${canary()}\n`)
    expect((await project.run(YES)).code).toBe(0)
    const { secrets } = JSON.parse((await project.run(['status', '--json'])).stdout)
    const ages = Object.fromEntries(
      secrets.map((one: { name: string; ageSource: string; ageDays: number }) => [one.name, [one.ageSource, Math.floor(one.ageDays)]]),
    )
    expect(ages).toEqual({ openai: ['git', 200], jwt: ['file', 0] })
    expect((await project.run(['status', 'openai'])).stdout).toMatch(/not younger than \d+ \w+ .*\(git has this very value since then\)/)
    const claimed = await project.run([
      'adopt',
      'openai',
      '--created',
      new Date(Date.now() - 5 * 86_400_000).toISOString().slice(0, 10),
      '--evidence',
      'console',
    ])
    expect([claimed.code, claimed.stderr]).toEqual([2, expect.stringContaining('git has this very value since')])
  })

  test('the age is what a person says with --created', async () => {
    await using project = makeProject({ '.env': `OPENAI_API_KEY=${canary()}\n` })
    expect((await project.run([...YES, '--created', '2026-01-31'])).code).toBe(0)
    const { secrets } = JSON.parse((await project.run(['status', '--json'])).stdout)
    expect(secrets[0]).toMatchObject({ ageSource: 'claimed', rotatedAt: expect.stringMatching(/^2026-01-3/) })
    await using another = makeProject({ '.env': `OPENAI_API_KEY=${canary()}\n` })
    const future = await another.run([...YES, '--created', '2199-01-31'])
    expect([future.code, future.stderr]).toEqual([2, expect.stringContaining('lies in the future')])
  })

  test('a data-encryption key is never rotated, also by --all', async () => {
    const { project } = await importedProject()
    await using _ = project
    expect(project.read('secrets.yaml')).toMatch(/n8n-encryption: \{ env: N8N_ENCRYPTION_KEY, rotator: none, reason: .+ \}/)
    const { stdout } = await project.run(['rotate', '--all', '--dry-run', '--json'])
    expect(stdout).not.toContain('n8n-encryption')
  })

  test('--dry-run shows the same and writes nothing, not even a folder', async () => {
    const sample = sampleEnv()
    await using project = makeProject({ '.env': sample.text, '.git/HEAD': 'ref: refs/heads/main\n' })
    const { stdout, code } = await project.run(['init', '--dry-run', '--explain'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/Secrets: \d+\n[\s\S]*OPENAI_API_KEY +the name says key; stored as openai/)
    expect(stdout).toMatch(/Settings, which stay where they are: \d+\n/)
    expect(stdout).toContain('Nothing was written.')
    expect(project.list()).toEqual(['.env'])
    expect(idsIn(project)).toEqual([])
  })

  test('what lies beside the file is named, and no value of it', async () => {
    const value = canary()
    await using project = makeProject({
      'agent.env': `; by hand\nLANTERN_TOKEN=${value}\n`,
      'agent.service': `[Service]\nEnvironmentFile=-agent.env\nEnvironment=KITE_PASSWORD=${value}\n`,
      'compose.yaml': `services:\n  a:\n    environment:\n      KITE_TOKEN: ${value}\n    env_file: more.env\n`,
      'manager.conf': `[cron]\nsecret=${value}\n`,
      'more.env': 'A=1\n',
      '.env.staging': 'A=1\n',
    })
    const { stdout, code } = await project.run(['init', 'agent.env', '--dry-run'])
    expect(code).toBe(0)
    for (const said of [
      'dialect: systemd',
      'agent.service, line 3 holds the value of KITE_PASSWORD',
      'compose.yaml, line 4 holds the value of KITE_TOKEN',
      'compose.yaml reads more.env too',
      'the user cron logs in with LANTERN_TOKEN',
      'secrets init .env.staging -e staging',
    ])
      expect(stdout).toContain(said)
  })

  test('--json prints one document without a value', async () => {
    await using project = makeProject({ '.env': sampleEnv().text })
    const { stdout } = await project.run([...YES, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'keyturn/init@1', written: true, imported: 5, recoveryKey: 'skipped' })
  })

  test('without a terminal it wants --yes and writes nothing', async () => {
    await using project = makeProject({ '.env': sampleEnv().text })
    const result = await project.run(['init'])
    expect([result.code, result.stderr]).toEqual([2, expect.stringContaining('--yes')])
    expect(project.list()).toEqual(['.env'])
    expect(idsIn(project)).toEqual([])
  })

  test('without a recovery key it says so', async () => {
    await using project = makeProject({ '.env': sampleEnv().text })
    expect((await project.run(YES)).stderr).toContain('there is no recovery key')
  })

  test('an environment has a file and an id of its own', async () => {
    const { project } = await importedProject()
    await using _ = project
    project.write('.env.staging', `OPENAI_API_KEY=${canary()}\n`)
    expect((await project.run(['init', '.env.staging', '-e', 'staging', '--yes'])).code).toBe(0)
    expect(project.read('secrets.staging.yaml')).toContain('environment: staging')
    expect(idsIn(project)).toHaveLength(2)
    expect((await project.run(['status', '-e', 'staging', '--json'])).code).toBe(0)
  })

  test('a .env behind a symbolic link is read where it lies', async () => {
    await using project = makeProject({ 'shared/app.env': `OPENAI_API_KEY=${canary()}\n` })
    symlinkSync('shared/app.env', project.path('.env'))
    expect((await project.run(YES)).code).toBe(0)
    expect(project.read('secrets.yaml')).toContain('openai: OPENAI_API_KEY')
  })
})

describe('what cannot be imported', () => {
  const refused = async (files: Readonly<Record<string, string | Uint8Array>>, args: readonly string[] = []) => {
    await using project = makeProject(files)
    const result = await project.run([...YES, '--json', ...args])
    expect(project.list()).toEqual([...Object.keys(files), ...Object.keys(files).flatMap((name) => (name.includes('/') ? [path.dirname(name)] : []))].sort())
    expect(idsIn(project)).toEqual([])
    return { ...JSON.parse(result.stdout), exit: result.code } as { code: string; message: string; hint: string; exit: number }
  }

  test.each<[string, Readonly<Record<string, string | Uint8Array>>, string, RegExp]>([
    ['no file', {}, 'FILE_UNREADABLE', /no such file/],
    ['a folder', { '.env/x': '' }, 'FILE_UNREADABLE', /folder/],
    ['an empty file', { '.env': '' }, 'ENV_UNREADABLE', /empty/],
    ['a file without variables', { '.env': '# nothing\n\n' }, 'ENV_UNREADABLE', /NAME=VALUE/],
    ['a binary file', { '.env': new Uint8Array([65, 61, 0, 1, 2, 10]) }, 'ENV_UNREADABLE', /NUL/],
    ['a file that is not UTF-8', { '.env': new Uint8Array([65, 61, 0xff, 0xfe, 10]) }, 'ENV_UNREADABLE', /line 1.*UTF-8/],
    ['a half-written file', { '.env': 'A=1\nKEY="canary-half-written-abcdefgh\n' }, 'ENV_UNREADABLE', /line 2.*never closed/],
    ['a project that has been imported', { '.env': 'A=1\n', 'secrets.yaml': 'id: kt_abcdefgh\n' }, 'CONFIG_EXISTS', /secrets\.yaml/],
  ])('%s: a clear error and nothing written', async (_, files, code, message) => {
    const error = await refused(files)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(error.exit).toBeGreaterThan(0)
    expect(error.hint).not.toBe('')
  })

  test('a sample file is named as what to start from', async () => {
    expect((await refused({ '.env.example': 'A=\n' })).hint).toContain('cp .env.example .env')
  })

  test('two files that contradict each other', async () => {
    const error = await refused({ 'a.env': `TOKEN=${canary()}\n`, 'b.env': `TOKEN=${canary()}\n` }, ['a.env', 'b.env'])
    expect(error).toMatchObject({ code: 'USAGE', exit: 2 })
  })

  test('a file or folder without permission', async () => {
    await using project = makeProject({ '.env': sampleEnv().text })
    chmodSync(project.path('.env'), 0)
    chmodSync(project.dir, 0o755)
    const unreadable = await asNobody(project, YES)
    expect([unreadable.code, unreadable.stderr]).toEqual([1, expect.stringContaining('cannot read it')])
    chmodSync(project.path('.env'), 0o644)
    chmodSync(project.dir, 0o555)
    const unwritable = await asNobody(project, YES)
    expect([unwritable.code, unwritable.stderr]).toEqual([1, expect.stringMatching(/secrets\.yaml.*cannot write it/)])
    expect(project.list()).toEqual(['.env'])
    expect(idsIn(project)).toEqual([])
  })

  test.skipIf(isMissing('a full disk', reasonAgainstSmallDisk()))('a full disk: nothing is left, neither there nor here', async () => {
    await using project = makeProject({ '.env': sampleEnv().text })
    const disk = smallDisk()
    writeFileSync(path.join(disk, 'filler'), new Uint8Array(2 * 1024 * 1024 - 64 * 1024))
    const result = await project.run(YES, { env: { XDG_STATE_HOME: disk } })
    expect(result.code).toBe(1)
    expect(result.stderr).toMatch(/no space left|KiB free/)
    expect(project.list()).toEqual(['.env'])
    expect(idsIn(project)).toEqual([])
  })
})

/** Where a kill may come: each kind of point once, at its first and not at every passing, and the last one of all. */
async function pointsOfInit(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  await using project = makeProject(files)
  const trace = path.join(project.tmp, 'trace')
  await project.run(YES, { build: 'test', env: { KEYTURN_TEST_TRACE: trace } })
  const points = readFileSync(trace, 'utf8').trim().split('\n')
  const first = points.filter((point) => point.endsWith('#1'))
  expect(first.length).toBeGreaterThan(3)
  return [...new Set([...first, points.at(-1) ?? ''])]
}

describe('stopped half way', () => {
  test('killed wherever it writes, the next init starts clean', async () => {
    const sample = sampleEnv()
    const files = { '.env': sample.text, '.git/HEAD': 'ref: refs/heads/main\n' }
    for (const point of await pointsOfInit(files)) {
      await using project = makeProject(files)
      const args = [...YES, '--recovery-key-file', path.join(project.home, 'recovery.txt')]
      const killed = await project.run(args, { build: 'test', env: { KEYTURN_TEST_KILL_AT: point } })
      expect([point, killed.signal]).toEqual([point, 'SIGKILL'])
      // Once that is written, all of it is; before, nothing counts.
      const written = project.exists('secrets.yaml')
      const again = await project.run(args)
      const said = written ? /secrets\.yaml is there already/ : /^(An init that was interrupted here was taken back first\.\n)?$/
      expect([point, again.code, again.stderr]).toEqual([point, written ? 2 : 0, expect.stringMatching(said)])
      expect(project.read('.env')).toBe(sample.text)
      expect(idsIn(project)).toHaveLength(1)
      expect(project.leaks()).toEqual(['project/.env'])
      const left = readdirSync(project.home, { recursive: true }) as string[]
      expect(left.filter((name) => /\.tmp|unfinished\/.*json/.test(name))).toEqual([])
      expect((await project.run(['sync', '--check'])).code).toBe(0)
    }
  }, 180_000)

  test('interrupted at the question, nothing was written', async () => {
    await using project = makeProject({ '.env': sampleEnv().text })
    const running = project.start(['init'], { terminal: true })
    await running.until('Continue?')
    running.stdin.write('\x03')
    expect((await running.done).code).toBe(130)
    expect(project.list()).toEqual(['.env'])
    expect(idsIn(project)).toEqual([])
  })

  test('a "no" writes nothing', async () => {
    await using project = makeProject({ '.env': sampleEnv().text })
    const running = project.start(['init'], { terminal: true })
    await running.until('Continue?')
    running.stdin.write('n\r')
    expect((await running.done).code).toBe(0)
    expect(project.list()).toEqual(['.env'])
  })
})

describe('on a terminal', () => {
  const keyIn = (text: string): string => /AGE-SECRET-KEY-1[0-9A-Z]+/.exec(text)?.[0] ?? ''

  test('the recovery key is shown once and its end is asked for; it opens the store', async () => {
    await using project = makeProject({ '.env': sampleEnv().text })
    const running = project.start(['init'], { terminal: true })
    await running.until('Continue?')
    running.stdin.write('y\r')
    await running.until('to confirm:')
    const key = keyIn(running.printed().stdout)
    running.stdin.write('wrong1\r')
    await running.until('Tries left: 2')
    running.stdin.write(`${key.slice(-6).toLowerCase()}\r`)
    const result = await running.done
    expect(result.code).toBe(0)
    expect(result.stdout.split(key)).toHaveLength(2)
    project.write('key.txt', `${key}\n`, 0o600)
    const verified = await project.run(['identity', 'verify', '--recovery-key-file', 'key.txt'])
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('The recovery key opens them too.')])
  })

  test('who cannot repeat it gets no project', async () => {
    await using project = makeProject({ '.env': sampleEnv().text })
    const running = project.start(['init'], { terminal: true })
    await running.until('Continue?')
    running.stdin.write('y\r')
    await running.until('to confirm:')
    for (let i = 1; i <= 3; i++) {
      running.stdin.write('wrong1\r')
      if (i < 3) await running.until(`Tries left: ${3 - i}`)
    }
    expect((await running.done).code).toBe(1)
    expect(project.list()).toEqual(['.env'])
    expect(idsIn(project)).toEqual([])
  })
})

test('whatever the .env looks like, init leaves it byte for byte, and no mode is changed', async () => {
  const name = fc.constantFrom('OPENAI_API_KEY', 'JWT_SECRET', 'DB_USER', 'DB_PASSWORD', 'LOG_LEVEL', 'N8N_ENCRYPTION_KEY', 'DATABASE_URL', 'GREETING')
  const value = fc.oneof(
    fc.stringMatching(/^canary-[A-Za-z0-9]{8,40}$/),
    fc.stringMatching(/^'canary-[A-Za-z0-9 #$"]{8,30}'$/),
    fc.stringMatching(/^"canary-[A-Za-z0-9 #\n]{8,30}"$/),
    fc.constantFrom('', ' # words', 'changeme', '<your key>', `\${DB_USER}`, 'postgres://app:canary-abcdefgh@db/app', '12', 'true'),
  )
  const line = fc.oneof(
    fc
      .tuple(fc.constantFrom('', 'export ', '  '), name, value, fc.constantFrom('', '  ', ' # note'))
      .map(([head, key, text, tail]) => `${head}${key}=${text}${tail}`),
    fc.constantFrom('', '# OPENAI_API_KEY=old', '   ', '#'),
  )
  const file = fc
    .tuple(fc.array(line, { minLength: 1, maxLength: 12 }), fc.constantFrom('\n', '\r\n'), fc.boolean(), fc.boolean())
    .map(([lines, eol, bom, end]) => `${bom ? '\uFEFF' : ''}TZ=UTC${eol}${lines.join(eol)}${end ? eol : ''}`)
  await fc.assert(
    fc.asyncProperty(file, async (text) => {
      await using project = makeProject()
      project.write('.env', text, 0o640)
      const result = await project.run(YES)
      expect([result.code, result.stderr]).toEqual([0, expect.not.stringContaining('error')])
      expect(project.read('.env')).toBe(text)
      expect(statSync(project.path('.env')).mode & 0o777).toBe(0o640)
      expect(project.leaks().filter((leak) => leak !== 'project/.env')).toEqual([])
    }),
    { numRuns: 8 },
  )
}, 60_000)
