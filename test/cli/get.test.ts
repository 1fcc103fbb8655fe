import { expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { newCase } from './changing/case.ts'

test('a pipe gets the value and not a byte more, by the name of the secret or of its variable', async () => {
  await using c = await newCase()
  const value = c.env().JWT_SECRET ?? ''
  for (const name of ['jwt', 'JWT_SECRET']) {
    expect(await c.secrets(['get', name], { reveals: [value] })).toMatchObject({ stdout: value, stderr: '' })
  }
  await c.secrets(['rotate', 'jwt'])
  const next = c.env().JWT_SECRET ?? ''
  expect((await c.secrets(['get', 'jwt', '--quiet'], { reveals: [next] })).stdout).toBe(next)
})

test('a long value arrives whole', async () => {
  await using c = await newCase()
  const value = `${canary()}${'\n0123456789'.repeat(9_000)}`
  await c.secrets(['set', 'empty'], { input: `${value}\n` })
  expect((await c.secrets(['get', 'empty'], { reveals: [value] })).stdout).toBe(value)
})

test('on a terminal the value is shown with --reveal only', async () => {
  await using c = await newCase()
  const value = c.env().JWT_SECRET ?? ''
  const hidden = await c.answer(['get', 'jwt'], [])
  expect([hidden.code, hidden.stdout]).toEqual([2, expect.stringContaining('this is a terminal: the value would stay in its scrollback')])
  const shown = await c.run(['get', 'jwt', '--reveal'], { terminal: true, reveals: [value] })
  expect([shown.code, shown.stdout]).toEqual([0, `${value}\r\n`])
})

test('--json, an unknown name or field, and a secret without a value are refused', async () => {
  await using c = await newCase()
  const refused = [
    [['get', 'jwt', '--json'], 2, '--json never holds a value'],
    [['get', 'nobody'], 2, 'no secret and no variable is named "nobody"'],
    [['get', 'jwt', '--field', 'username'], 2, 'jwt has no field "username"'],
    [['get', 'empty'], 1, 'empty has no value in the store'],
    [['get'], 2, 'secrets get: NAME is missing'],
  ] as const
  for (const [args, status, message] of refused) {
    const { code, stderr } = await c.run([...args])
    expect([code, stderr]).toEqual([status, expect.stringContaining(message)])
  }
})

test('of several fields one has to be named, unless only one is secret', async () => {
  await using c = await newCase()
  c.edit(
    '  empty: { env: EMPTY_KEY, rotator: manual }\n',
    '  login: { env: { LOGIN_USER: username, LOGIN_PASSWORD: password }, rotator: manual }\n  pair: { env: { PAIR_A: a, PAIR_B: b }, rotator: manual }\n',
  )
  const [password, user, a] = [canary(), canary(), canary()]
  await c.secrets(['set', 'login'], { input: password })
  await c.secrets(['set', 'LOGIN_USER'], { input: user })
  expect((await c.secrets(['get', 'login'], { reveals: [password] })).stdout).toBe(password)
  expect((await c.secrets(['get', 'login', '--field', 'username'], { reveals: [user] })).stdout).toBe(user)
  expect((await c.run(['set', 'pair'], { input: a })).stderr).toContain('pair has several fields: a, b')
  await c.secrets(['set', 'PAIR_A'], { input: a })
  const { stderr } = await c.run(['get', 'pair'])
  expect(stderr).toContain('secrets: hint: say which one with --field, or name its variable: PAIR_A, PAIR_B')
})
