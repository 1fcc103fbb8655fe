import { describe, expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { newCase } from './changing/case.ts'

describe('a variable that is new', () => {
  test('is declared, stored and written; every comment of the inventory stays', async () => {
    await using c = await newCase()
    const value = canary()
    const inventory = c.project.read('secrets.yaml')
    const { stdout, stderr } = await c.secrets(['set', 'ACME_API_KEY'], { input: `${value}\n` })
    expect(stdout).toBe('acme: stored and written to .env\n')
    expect(stderr).toBe(`${c.project.path('secrets.yaml')}: declared acme (ACME_API_KEY, rotator manual)\n`)
    const declared = c.project.read('secrets.yaml')
    expect(declared.replace(/^ {2}acme: .*\n/m, '')).toBe(inventory)
    expect(c.env().ACME_API_KEY).toBe(value)
    expect(c.running()).toEqual(c.env())
    const { document } = await c.json(['status', 'acme'])
    expect(document.secrets[0]).toMatchObject({ version: '1', state: 'ok', ageSource: 'first-seen' })
  })

  test('gets the rotator that its name suggests', async () => {
    await using c = await newCase()
    await c.secrets(['set', 'SESSION_SECRET'], { input: canary() })
    await c.secrets(['set', 'BACKUP_ENCRYPTION_KEY'], { input: canary() })
    expect(c.project.read('secrets.yaml')).toMatch(/session: .*rotator: random/)
    expect((await c.run(['rotate', 'BACKUP_ENCRYPTION_KEY'])).stderr).toContain('is never rotated: it encrypts stored data')
  })

  test('is not declared when its value is refused, empty or never given', async () => {
    await using c = await newCase()
    const before = c.tree()
    const refused = [
      ['weak', 'value has 4 characters, the policy asks for 16'],
      ['', 'stdin: the value is empty'],
      [new Uint8Array([0xff, 0xfe, 0x41]), 'stdin: this is no UTF-8 text'],
      ['a\0b-0123456789012345', 'stdin: the value holds a NUL byte'],
      ['x'.repeat(1024 * 1024 + 1), 'stdin: more than 1 MB is no secret'],
    ] as const
    for (const [input, message] of refused) {
      const { code, stdout, stderr } = await c.run(['set', 'ACME_API_KEY'], { input })
      expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(message)])
    }
    const interrupted = await c.answer(['set', 'ACME_API_KEY'], [['Value of ACME_API_KEY:', '\x03']])
    expect(interrupted.code).toBe(130)
    expect((await c.run(['set', 'no-variable'], { input: canary() })).stderr).toContain('A new one is declared by its variable, such as OPENAI_API_KEY.')
    expect(c.tree()).toEqual(before)
  })

  test('that is nearly a known one is asked about on a terminal, and warned of elsewhere', async () => {
    await using c = await newCase()
    const before = c.tree()
    const typo = await c.answer(
      ['set', 'VENDOR_API_KEYS'],
      [['VENDOR_API_KEYS is new; VENDOR_API_KEY is declared already. Declare VENDOR_API_KEYS as well? [y/N]', '']],
    )
    expect([typo.code, typo.stdout]).toEqual([1, expect.stringContaining('secrets set VENDOR_API_KEY')])
    expect(c.tree()).toEqual(before)
    const { stderr } = await c.secrets(['set', 'VENDOR_API_KEYS'], { input: canary() })
    expect(stderr).toContain('secrets: warning: VENDOR_API_KEYS is new, and VENDOR_API_KEY is declared already')
  })
})

describe('a secret that is known', () => {
  test('is rotated to the value given, from a pipe, a file or a hidden prompt', async () => {
    await using c = await newCase()
    const [piped, filed, typed] = [canary(), canary(), canary()]
    expect((await c.secrets(['set', 'JWT_SECRET', '--reason', 'a new team'], { input: `${piped}\r\n` })).stdout).toBe('jwt: done, version 2\n')
    expect(c.env().JWT_SECRET).toBe(piped)
    c.project.write('../tmp/value', filed)
    await c.secrets(['set', 'jwt', '--file', c.project.path('../tmp/value')])
    expect(c.env().JWT_SECRET).toBe(filed)
    const prompted = await c.answer(['set', 'jwt'], [['Value of jwt:', typed]])
    expect([prompted.code, prompted.stdout]).toEqual([0, expect.stringContaining('jwt: done, version 4')])
    expect(c.env().JWT_SECRET).toBe(typed)
    expect(c.running()).toEqual(c.env())
    expect((await c.secrets(['history', 'jwt'])).stdout).toContain('a new team')
  })

  test('the same value changes nothing at all', async () => {
    await using c = await newCase()
    const before = c.tree()
    const { stdout } = await c.secrets(['set', 'jwt'], { input: c.env().JWT_SECRET ?? '' })
    expect(stdout).toBe('jwt: this is the current value already; nothing was changed\n')
    expect((await c.json(['set', 'jwt'], { input: c.env().JWT_SECRET ?? '' })).document).toEqual({ schema: 'keyturn/set@1', name: 'jwt', kind: 'same' })
    expect(c.tree()).toEqual(before)
  })

  test('a weak value is refused with the reason, and taken with --force', async () => {
    await using c = await newCase()
    const before = c.tree()
    const weak = await c.json(['set', 'jwt'], { input: 'changeme' })
    expect([weak.code, weak.document]).toMatchObject([1, { code: 'VALUE_REFUSED', hint: 'use another value, or --force if you must' }])
    expect(c.tree()).toEqual(before)
    await c.secrets(['set', 'jwt', '--force'], { input: 'changeme' })
    expect(c.env().JWT_SECRET).toBe('changeme')
  })

  test('what is never rotated takes a new value at once, and a first value is no rotation', async () => {
    await using c = await newCase()
    const [data, first] = [canary(), canary()]
    expect((await c.secrets(['set', 'data'], { input: data })).stdout).toBe('data: stored and written to .env\n')
    expect((await c.json(['set', 'empty'], { input: first })).document).toEqual({ schema: 'keyturn/set@1', name: 'empty', kind: 'stored', files: ['.env'] })
    expect(c.env()).toMatchObject({ DATA_ENCRYPTION_KEY: data, EMPTY_KEY: first })
    expect(c.running()).toEqual(c.env())
  })

  test('where nothing is declared that would restart it, that is said', async () => {
    await using c = await newCase()
    c.edit(c.project.read('secrets.yaml').slice(c.project.read('secrets.yaml').indexOf('    consumers:')), '')
    for (const name of ['empty', 'jwt']) {
      const { stderr } = await c.secrets(['set', name], { input: canary() })
      expect(stderr).toBe('restart what reads .env: no consumer is declared that would do it\n')
    }
    expect(await c.secrets(['set', 'jwt', '--quiet'], { input: canary() })).toMatchObject({ stdout: '', stderr: '' })
  })

  test('that could not be delivered is stored, and the reason given', async () => {
    await using c = await newCase()
    c.edit('refresh: [cp, .env, running.env]', 'refresh: "echo no engine here >&2; exit 1"')
    const value = canary()
    const { code, stdout, stderr } = await c.run(['set', 'empty'], { input: value, timeoutMs: 60_000 })
    expect([code, stdout]).toEqual([1, 'empty: stored and written to .env\n'])
    expect(stderr).toMatch(/secrets: warning: \.env consumer exec-1: .*no engine here\nsecrets: hint: .*secrets sync/)
    expect(c.env().EMPTY_KEY).toBe(value)
  })

  test('while a rotation is open a value is refused: one after the other', async () => {
    await using c = await newCase()
    await c.secrets(['rotate', 'slow'])
    const before = c.tree()
    const { code, stderr } = await c.run(['set', 'slow'], { input: canary() })
    expect([code, stderr]).toEqual([1, expect.stringContaining('slow: a rotation is open')])
    expect(c.tree()).toEqual(before)
  })
})
