import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hideValues } from '../../src/rotators/command/hide.ts'
import { command } from '../../src/rotators/command.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { canary, expectNoCanary } from '../support/canary.ts'
import { rotatorContext, storedVersion } from '../support/rotator-context.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'keyturn-command-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

const ENV = { PATH: process.env.PATH ?? '', KEYTURN_IDENTITY_FILE: '/x', VAULT_TOKEN: 'x', AWS_SECRET_ACCESS_KEY: 'x', HOME: '/nowhere' }

/** A rotator whose program is this text, run by Node; `q` is the question, `say` prints the answer. */
function program(body: string, more: Record<string, unknown> = {}) {
  const file = path.join(dir, `${crypto.randomUUID()}.mjs`)
  writeFileSync(
    file,
    `import { text } from 'node:stream/consumers'\nimport fs from 'node:fs'\nconst say = (answer) => process.stdout.write(JSON.stringify(answer))\nconst q = JSON.parse(await text(process.stdin))\n${body}\n`,
  )
  const params = command.params.parse({ command: [process.execPath, file], ...more })
  return { params, file }
}
const context = (params: unknown, more: object = {}) => rotatorContext(params, { dir, env: ENV, ...more })
const version = storedVersion({ value: 'x' })

async function caught(work: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error as { code: string; message: string; hint: string },
  )
  if (thrown === null) throw new Error('nothing was thrown')
  expectNoCanary(JSON.stringify([thrown, thrown.message, thrown.hint]), 'an error')
  return thrown
}

test('the program of the documentation does every verb, each as often as it is asked', async () => {
  const example = path.resolve('docs/rotators/examples/accounts-file.mjs')
  const params = command.params.parse({
    command: [process.execPath, example],
    verbs: ['create', 'test', 'revoke', 'orphans'],
    with: { file: path.join(dir, 'keys.json') },
  })
  const made = await command.create(context(params, { token: 't.1' }))
  const stored = storedVersion(made.fields.reveal(), 't.1', { rotator: 'command', params: {}, id: made.id })
  expect(await command.test(context(params), stored)).toEqual({})
  expect(await command.orphans?.(context(params, { token: 't.1' }))).toEqual([made.id])
  expect(await command.orphans?.(context(params, { token: 't.2' }))).toEqual([])
  for (let i = 0; i < 2; i++) await command.revoke?.(context(params), { rotator: 'command', params: {}, id: made.id }, null)
  expect(await caught(command.test(context(params), stored))).toMatchObject({ code: 'CREDENTIAL_REJECTED' })
})

test('the question holds the verb, the token, the versions and what the inventory says, on stdin alone', async () => {
  const { params } = program("fs.writeFileSync('question.json', JSON.stringify({ q, argv: process.argv.slice(2), env: process.env })); say({ ok: true })", {
    with: { account: '12' },
    verbs: ['set', 'test'],
  })
  const [now, next, admin] = [canary(), canary(), canary()]
  const current = storedVersion({ value: now }, 't.0', { rotator: 'command', params: {}, id: 'key-1' })
  await command.set?.(context(params, { token: 't.1', current, admin: [new Sensitive({ value: admin })] }), storedVersion({ value: next }, 't.1'))
  const seen = JSON.parse(readFileSync(path.join(dir, 'question.json'), 'utf8'))
  expect(seen.q).toEqual({
    keyturn: 'rotator@1',
    verb: 'set',
    token: 't.1',
    with: { account: '12' },
    fields: ['value'],
    policy: { minLength: 16, minEntropyBits: 80 },
    current: { fields: { value: now }, id: 'key-1' },
    admin: [{ value: admin }],
    version: { fields: { value: next }, id: null },
    id: null,
  })
  expectNoCanary(JSON.stringify([seen.argv, seen.env]), 'arguments and environment')
  expect(Object.keys(seen.env).filter((name) => /^(KEYTURN|VAULT|AWS)_/.test(name))).toEqual([])
  expect(seen.env.HOME).toBe('/nowhere')
})

test('with set and without create Keyturn invents the value', async () => {
  const { params } = program('say({ ok: true })', { verbs: ['set', 'test'], value: { format: 'hex', bytes: 20 } })
  expect(command.sets?.(params)).toBe(true)
  expect(command.revokes?.(params)).toBe(false)
  expect((await command.create(context(params))).fields.reveal().value).toMatch(/^[0-9a-f]{40}$/)
  const given = canary()
  expect((await command.create(context(params, { given: new Sensitive({ value: given }) }))).fields.reveal().value).toBe(given)
})

test('describe tells times and the id, and is not asked where the program does not know it', async () => {
  const known = program(
    "say(q.verb === 'describe' && q.id === 'key-3' ? { ok: true, id: 'key-3', created_at: '2026-01-01T00:00:00Z', last_used_at: '2026-03-01T12:00:00.5+02:00' } : { unavailable: true })",
    { verbs: ['create', 'test', 'revoke', 'describe'] },
  )
  const stored = storedVersion({ value: canary() }, 't.3', { rotator: 'command', params: {}, id: 'key-3' })
  expect(await command.describe?.(context(known.params), stored)).toEqual({
    id: 'key-3',
    createdAt: Date.UTC(2026, 0, 1),
    lastUsedAt: Date.UTC(2026, 2, 1, 10, 0, 0, 500),
  })
  const never = program('say({ ok: true })', { verbs: ['create', 'test', 'describe'] })
  expect(await command.describe?.(context(never.params), stored)).toEqual({})
  const unknown = program("fs.writeFileSync('asked', ''); say({ ok: true })")
  expect(await command.describe?.(context(unknown.params), stored)).toEqual({})
  expect(existsSync(path.join(dir, 'asked'))).toBe(false)
})

test.each(['yesterday', '2026-01-01', '2026-01-01T00:00:00'])('the time %s has no zone or is none: it decides nothing', async (time) => {
  const { params } = program(`say({ ok: true, last_used_at: '${time}' })`, { verbs: ['create', 'test', 'describe'] })
  expect(await caught(command.describe?.(context(params), version) ?? Promise.resolve())).toMatchObject({ code: 'COMMAND_FAILED', retryable: true })
})

test('a made credential keeps the fields that the program leaves out, and lacks none', async () => {
  const { params } = program("say({ ok: true, fields: { password: 'made-by-program' }, id: { n: 1 } })")
  const current = storedVersion({ username: 'app', password: canary() })
  const made = await command.create(context(params, { fields: ['username', 'password'], current }))
  expect(made.fields.reveal()).toEqual({ username: 'app', password: 'made-by-program' })
  expect(made.id).toEqual({ n: 1 })
  expect(await caught(command.create(context(params, { fields: ['username', 'password'] })))).toMatchObject({ code: 'COMMAND_FAILED' })
})

test.each([
  ['rejected', 'CREDENTIAL_REJECTED'],
  ['admin_rejected', 'ADMIN_REJECTED'],
  ['unavailable', 'PROVIDER_UNAVAILABLE'],
  ['config', 'PROVIDER_CONFIG'],
  ['needs_person', 'NEEDS_PERSON'],
])('the answer %s is %s, with the message of the program', async (answer, code) => {
  const { params } = program(`say({ ${answer}: true, message: 'the account is ' + 'locked' })`)
  expect(await caught(command.test(context(params), version))).toMatchObject({ code, message: expect.stringContaining('the account is locked') })
})

test.each([
  ['another status, whatever was printed', 'say({ rejected: true }); process.exit(3)', /ended with status 3/],
  ['an end by a signal', "process.kill(process.pid, 'SIGKILL')", /ended with signal SIGKILL/],
  ['nothing', '', /nothing on stdout/],
  ['a text', "console.log('ok')", /3 characters that are no JSON|4 characters that are no JSON/],
  ['a list', 'say([])', /JSON, but no object/],
  ['an unknown answer', 'say({ done: true })', /an object with \(unknown key\)/],
  ['an answer and a secret key name', 'say({ ok: true, [q.version.fields.value]: 1 })', /an object with ok, \(unknown key\)/],
  ['two answers', 'say({ ok: true }); say({ ok: true })', /no JSON/],
  ['ok without truth', 'say({ ok: false })', /an object with ok/],
  ['fields that are no texts', 'say({ ok: true, fields: { value: 1 } })', /an object with ok, fields/],
  ['too much', "process.stdout.write('x'.repeat(2_000_000))", /printed more than 1048576 bytes/],
])('%s decides nothing and shows nothing', async (_what, body, message) => {
  const { params } = program(body)
  const error = await caught(command.test(context(params), storedVersion({ value: canary() })))
  expect(error).toMatchObject({ code: 'COMMAND_FAILED', retryable: true, message: expect.stringMatching(message) })
})

test('a program that is not there is named', async () => {
  const params = command.params.parse({ command: ['/nowhere/rotate'] })
  expect(await caught(command.test(context(params), version))).toMatchObject({
    code: 'COMMAND_FAILED',
    message: expect.stringContaining('/nowhere/rotate: cannot be run (ENOENT)'),
  })
})

test('what a program says never shows a value, plain or encoded, and its stderr is not shown at all', async () => {
  const value = canary()
  const { params } = program(
    `const v = q.version.fields.value
     console.error(v)
     say({ unavailable: true, message: ['a', v, 'b', Buffer.from(v).toString('base64'), 'c', Buffer.from(v).toString('hex'), '\\n\\u001b[31md'].join(' ') })`,
  )
  const error = await caught(command.test(context(params), storedVersion({ value })))
  expect(error.message).toMatch(/: a \[sensitive\] b \[sensitive\] c \[sensitive\] d$/)
  const failing = program('console.error(q.version.fields.value); process.exit(1)')
  expect((await caught(command.test(context(failing.params), storedVersion({ value })))).hint).toMatch(/It wrote \d+ bytes to stderr/)
})

test('a value that a program made is taken out of its own message too', () => {
  const made = canary()
  expect(hideValues(`made ${made}`, new Sensitive({ verb: 'create' }), { fields: { value: made } })).toBe('made [sensitive]')
})

test('at the end of its time the program is killed with all that it started', async () => {
  const marker = path.join(dir, 'child.pid')
  const { params } = program(
    `const { spawn } = await import('node:child_process')
     const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'], { stdio: 'inherit' })
     fs.writeFileSync(${JSON.stringify(marker)}, String(child.pid))
     process.on('SIGTERM', () => {})
     setInterval(() => {}, 1000)`,
    { timeout: '700ms' },
  )
  expect(await caught(command.test(context(params), version))).toMatchObject({
    code: 'COMMAND_FAILED',
    message: expect.stringContaining('did not end in 700 ms'),
  })
  // The kernel ends it a moment after the signal.
  await expect.poll(() => isAlive(Number(readFileSync(marker, 'utf8'))), { timeout: 5_000 }).toBe(false)
})

test('a child that a program leaves behind is ended, and does not keep the answer waiting', async () => {
  const marker = path.join(dir, 'left.pid')
  const { params } = program(
    `const { spawn } = await import('node:child_process')
     const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
     fs.writeFileSync(${JSON.stringify(marker)}, String(child.pid))
     child.unref()
     say({ ok: true })`,
  )
  expect(await command.test(context(params), version)).toEqual({})
  // The kernel ends it a moment after the signal.
  await expect.poll(() => isAlive(Number(readFileSync(marker, 'utf8'))), { timeout: 5_000 }).toBe(false)
})

test('a lease that ends stops the program', async () => {
  const { params } = program("fs.writeFileSync('started', ''); setInterval(() => {}, 1000)")
  const lease = new AbortController()
  const work = command.test(context(params, { signal: lease.signal }), version)
  const watch = setInterval(() => existsSync(path.join(dir, 'started')) && lease.abort(new Error('the lease ended')), 20)
  await expect(work).rejects.toThrow('the lease ended')
  clearInterval(watch)
  await expect(command.test(context(params, { signal: lease.signal }), version)).rejects.toThrow('the lease ended')
})

test('a program that does not read its input is heard nevertheless', async () => {
  const params = command.params.parse({ command: ['sh', '-c', 'exec <&-; printf \'{"ok": true}\''] })
  expect(await command.test(context(params), storedVersion({ value: 'x'.repeat(500_000) }))).toEqual({})
})

test('params that cannot work are refused', () => {
  for (const wrong of [
    { command: [] },
    { command: ['x'], verbs: ['create'] },
    { command: ['x'], verbs: ['test'] },
    { command: ['x'], verbs: ['set', 'test', 'orphans'] },
    { command: ['x'], timeout: '11m' },
    { command: ['x'], timeout: 30 },
    { command: 'x' },
    { command: ['x'], shell: true },
  ]) {
    expect(command.params.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false)
  }
})

/** A killed process may stay a zombie until it is waited for. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
