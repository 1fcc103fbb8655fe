import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { programFile, startCommand } from '../support/program.ts'
import { type Case, newCase } from './changing/case.ts'

const values = (c: Case): readonly string[] => Object.values(c.env())

describe('a command with the variables', () => {
  test('has every value in its environment, and nothing of ours', async () => {
    await using c = await newCase()
    const before = c.tree()
    const check = `for name in JWT_SECRET API_KEY SLOW_KEY; do printf '%s' "$name="; printenv $name | cksum; done; env | grep -cE '^(KEYTURN|VAULT|AWS|BAO)_'; echo "$OWN"`
    const env = { KEYTURN_HOST: 'elsewhere', VAULT_TOKEN: 'ours', AWS_SECRET_ACCESS_KEY: 'ours', OWN: 'mine' }
    c.edit('  - file: .env\n', '  - file: .env\n    host: elsewhere\n')
    const { stdout } = await c.secrets(['run', '--', 'sh', '-c', check], { env, passes: values(c) })
    const expected = await startCommand(['sh', '-c', 'set -a; . ./.env; OWN=mine; eval "$CHECK"'], 'reference', {
      cwd: c.project.dir,
      env: { ...c.project.env, CHECK: check },
      passes: values(c),
    }).done
    expect(stdout).toBe(expected.stdout)
    expect(stdout).toMatch(/\n0\nmine\n$/)
    c.edit('    host: elsewhere\n', '')
    expect(c.tree()).toEqual(before)
  })

  test('has the settings of the file too, with references to secrets as they would be after a sync, and with --managed only the secrets', async () => {
    await using c = await newCase()
    const value = c.env().JWT_SECRET ?? ''
    writeFileSync(
      c.project.path('.env'),
      `${readFileSync(c.project.path('.env'), 'utf8').replace(value, 'stale')}SETTING="of the file"\nAUTH_LINE=bearer:\${JWT_SECRET}\n`,
    )
    const script = 'echo "$SETTING"; test "$AUTH_LINE" = "bearer:$JWT_SECRET" && printf %s "$JWT_SECRET" | cksum'
    const wanted = await startCommand(['cksum'], 'reference', { cwd: c.project.dir, env: c.project.env, input: value, passes: values(c) }).done
    const usual = await c.secrets(['run', '--', 'sh', '-c', script], { env: { SETTING: 'of the caller' }, passes: [...values(c), value] })
    expect(usual.stdout).toBe(`of the file\n${wanted.stdout}`)
    const managed = await c.run(['run', '--managed', '--', 'sh', '-c', 'echo "$SETTING$AUTH_LINE"'], { passes: [...values(c), value] })
    expect(managed.stdout).toBe('\n')
  })

  test('its status is ours, also when a signal ended it', async () => {
    await using c = await newCase()
    expect((await c.run(['run', '--', 'sh', '-c', 'exit 7'], { passes: values(c) })).code).toBe(7)
    expect((await c.run(['run', '--', 'sh', '-c', 'kill -TERM $$'], { passes: values(c) })).code).toBe(143)
    const missing = await c.run(['run', '--', 'no-such-program'])
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('no-such-program: cannot be run (ENOENT)')])
    expect((await c.run(['run'])).stderr).toContain('secrets run: CMD is missing')
    expect((await c.run(['run', '--json', '--', 'true'])).stderr).toContain('there is no document')
  })

  test('gets our stdin, and runs where we stand', async () => {
    await using c = await newCase()
    const { stdout } = await c.run(['run', '--', 'sh', '-c', 'cat; pwd'], { input: 'a line\n', cwd: c.project.home, env: {}, passes: values(c) })
    expect(stdout).toBe('')
    const config = ['--config', c.project.path('secrets.yaml')]
    const found = await c.run(['run', ...config, '--', 'sh', '-c', 'cat; pwd'], { input: 'a line\n', cwd: c.project.home, passes: values(c) })
    expect(found.stdout).toBe(`a line\n${c.project.home}\n`)
  })

  test('is told of a variable that has no value yet', async () => {
    await using c = await newCase()
    const { stderr } = await c.secrets(['run', '--', 'true'], { passes: values(c) })
    expect(stderr).toBe('secrets: warning: EMPTY_KEY has no value in the store: the command gets it as the file has it\nsecrets: hint: secrets set EMPTY_KEY\n')
  })
})

describe('what it prints', () => {
  test('is masked on both streams, also where a value comes in two pieces', async () => {
    await using c = await newCase()
    const script = `
      const value = process.env.API_KEY, half = value.length >> 1
      process.stdout.write('before ' + value.slice(0, half))
      setImmediate(() => { process.stdout.write(value.slice(half) + ' after\\n'); process.stderr.write('failed with ' + value + '\\n') })`
    const { stdout, stderr } = await c.secrets(['run', '--', 'node', '-e', script], { passes: values(c) })
    expect(stdout).toBe('before [sensitive] after\n')
    expect(stderr).toContain('failed with [sensitive]\n')
  })

  test('is let through with --no-mask', async () => {
    await using c = await newCase()
    const value = c.env().API_KEY ?? ''
    const { stdout } = await c.secrets(['run', '--no-mask', '--', 'sh', '-c', 'echo "$API_KEY"'], { passes: values(c), reveals: [value] })
    expect(stdout).toBe(`${value}\n`)
  })

  test('large output arrives whole, and a reader that goes away ends the command', async () => {
    await using c = await newCase()
    const { stdout } = await c.secrets(['run', '--', 'sh', '-c', 'seq 1 200000'], { passes: values(c) })
    expect(stdout.length).toBe(1_288_895)
    const command = `'${process.execPath}' '${programFile()}' run -- sh -c 'yes; echo "$?" > ended' | head -1`
    const piped = await startCommand(['sh', '-c', command], 'secrets run | head', { cwd: c.project.dir, env: c.project.env, passes: values(c) }).done
    expect([piped.code, piped.stdout]).toEqual([0, 'y\n'])
    expect(piped.stderr).not.toMatch(/Error|at /)
    await expect.poll(() => existsSync(c.project.path('ended')), { timeout: 20_000 }).toBe(true)
  })
})

describe('signals', () => {
  const script = `trap 'echo got int; exit 5' INT; trap 'echo got term; exit 6' TERM; trap 'echo got hup' HUP; trap 'echo got usr' USR1; echo ready; while :; do sleep 0.05; done`

  test('are passed on, each once, and the command decides', async () => {
    await using c = await newCase()
    for (const [signal, word, status] of [
      ['SIGTERM', 'got term', 6],
      ['SIGINT', 'got int', 5],
    ] as const) {
      const running = c.start(['run', '--', 'sh', '-c', script], { passes: values(c) })
      await running.until('ready')
      running.kill('SIGHUP')
      await running.until('got hup')
      running.kill('SIGUSR1')
      await running.until('got usr')
      running.kill(signal)
      const { code, stdout, stderr } = await running.done
      expect([code, stdout]).toEqual([status, `ready\ngot hup\ngot usr\n${word}\n`])
      expect(stderr).not.toContain('stopping')
    }
  })

  test('Ctrl-C on a terminal reaches the command once', async () => {
    await using c = await newCase()
    const running = c.start(['run', '--', 'sh', '-c', script], { terminal: true, passes: values(c) })
    await running.until('ready')
    running.stdin.write('\x03')
    const { code, stdout } = await running.done
    expect(code).toBe(5)
    expect(stdout.match(/got int/g)).toHaveLength(1)
    expect(stdout).not.toContain('got term')
  })
})
