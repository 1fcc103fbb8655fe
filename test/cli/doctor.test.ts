import { mkdirSync, rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { canary, expectNoCanary } from '../support/canary.ts'
import { newCase } from './changing/case.ts'

test('a healthy project: what was looked at, and nothing to mend', async () => {
  await using c = await newCase()
  await c.secrets(['set', 'empty'], { input: canary() })
  const before = c.tree()
  const { stdout, stderr } = await c.secrets(['doctor'])
  expect(stdout).toBe(
    '  ok  ledger\n  ok  keys and store\n  ok  outputs\n  ok  git and images\n  ok  secrets and providers\n  ok  what runs\n  ok  strength\nnothing to mend\n',
  )
  expect(stderr).toBe('')
  expect((await c.secrets(['doctor', '--quiet'])).stdout).toBe('')
  expect((await c.json(['doctor'])).document).toEqual({
    schema: 'keyturn/doctor@1',
    ok: true,
    passed: ['ledger', 'keys and store', 'outputs', 'git and images', 'secrets and providers', 'what runs', 'strength'],
    findings: [],
  })
  expect(c.tree()).toEqual(before)
})

test('every finding comes with the command that mends it', async () => {
  await using c = await newCase()
  const running = c.project.read('running.env')
  await c.secrets(['rotate', 'jwt'])
  c.project.write('running.env', running)
  c.project.write('.env', c.project.read('.env').replace(c.env().SLOW_KEY ?? '', canary()), 0o644)
  c.knob('api', 'provider.json', '{}')
  const { code, document } = await c.json(['doctor'])
  expect([code, document.ok]).toEqual([1, false])
  const found = document.findings.map(
    (f: { severity: string; code: string; message: string; hint: string }) => `${f.severity} ${f.code} ${f.message} => ${f.hint}`,
  )
  expect(found).toEqual([
    expect.stringMatching(/^warning STATE_INSECURE \.env: others may read it \(mode 644\) => chmod 600 .*\.env$/),
    expect.stringMatching(/^error CREDENTIAL_REJECTED api: the provider refuses the current value .* => secrets rotate api/),
    expect.stringMatching(/^warning VALUE_MISSING empty has no value in the store yet => secrets set empty$/),
    expect.stringMatching(/^warning DRIFT \.env differs from the store: SLOW_KEY => secrets sync --check/),
    'warning OLD_VALUE_RUNS consumer exec-1 (.env) still runs other values: JWT_SECRET version 1, the store has version 2; SLOW_KEY version 1, .env has another value => secrets sync --check (.env differs from the store); then refresh it; a rotation runs cp .env running.env',
  ])
  const { stdout } = await c.run(['doctor'])
  expect(stdout).toMatch(/! api: the provider refuses the current value .*\n {4}secrets rotate api/)
})

test('what runs on a value that was ended is an error, and what cannot show what it runs is no alarm', async () => {
  await using c = await newCase()
  const running = c.project.read('running.env')
  await c.secrets(['rotate', 'api'])
  expect((await c.json(['doctor'])).document.findings).not.toContainEqual(expect.objectContaining({ code: 'OLD_VALUE_RUNS' }))
  c.project.write('running.env', running)
  const before = c.tree()
  const { code, document, stderr } = await c.json(['doctor'])
  expectNoCanary(JSON.stringify(document) + stderr, 'what doctor says')
  expect([code, document.findings]).toEqual([
    1,
    expect.arrayContaining([
      {
        severity: 'error',
        code: 'OLD_VALUE_RUNS',
        message: 'consumer exec-1 (.env) still runs API_KEY version 1, which was ended just now: its calls fail, the store has version 2',
        hint: 'refresh it; a rotation runs cp .env running.env',
      },
    ]),
  ])
  expect(c.tree()).toEqual(before)
  // Nobody can be asked: said, and nothing to mend.
  c.edit(", prove: { command: [grep, '^[A-Z_]*=', running.env], format: environ }", '')
  const { stdout } = await c.secrets(['doctor'])
  expect(stdout).toContain(
    '- consumer exec-1 (.env) cannot show what it runs\n    give it a "prove", or say "unproven: grace"; until then old values are held for "secrets approve NAME"\n',
  )
  expect(stdout).toContain('  ok  what runs\n')
})

test('status says what the last proof said, and asks nobody; doctor asks', async () => {
  await using c = await newCase()
  // It says that it read the file, and did not.
  c.edit('refresh: [cp, .env, running.env]', 'refresh: ["true"]')
  await c.run(['rotate', 'jwt', '--wait', '1s'])
  const running = c.project.read('running.env')
  c.project.write('running.env', '')
  const { stdout } = await c.secrets(['status'])
  expect(stdout).toMatch(/^. \S+ +jwt .* v2 in 0 of 1/m)
  expect(stdout).toMatch(
    /\nStill on an old value:\n {2}exec-1 \(\.env\) on \S+ ran another JWT_SECRET \(version 1\) when it proved last \(\d\d:\d\d\), the store has version 2\n {6}secrets sync refreshes it there; secrets doctor says what runs now\n/,
  )
  expect((await c.json(['status'])).document.behind).toMatchObject([{ secret: 'jwt', consumer: 'exec-1', variable: 'JWT_SECRET', ran: 1, version: 2 }])
  c.project.write('running.env', running)
  expect((await c.run(['doctor'])).stdout).toContain('~ consumer exec-1 (.env) still runs JWT_SECRET version 1, the store has version 2\n')
  c.project.write('running.env', c.project.read('.env'))
  expect((await c.run(['doctor'])).stdout).toContain('  ok  what runs\n')
})

test('a consumer that fails to show what it runs is named with the reason', async () => {
  await using c = await newCase()
  rmSync(c.project.path('running.env'))
  expect((await c.json(['doctor'])).document.findings).toContainEqual({
    severity: 'warning',
    code: 'CONSUMER_FAILED',
    message: 'what runs cannot be seen of consumer exec-1 (.env): grep ended with status 2: grep: running.env: No such file or directory',
    hint: expect.stringMatching(/; then: secrets doctor$/),
  })
})

test('a provider that does not answer is no verdict', async () => {
  await using c = await newCase()
  c.knob('api', 'fail-test', '{"unavailable": true, "message": "the provider is down"}')
  const { code, document } = await c.json(['doctor'])
  expect(code).toBe(0)
  expect(document.findings).toContainEqual(expect.objectContaining({ severity: 'warning', code: 'PROVIDER_UNAVAILABLE' }))
})

test('a ledger that is gone is not made again by looking', async () => {
  await using c = await newCase()
  const state = Object.keys(c.tree()).find((name) => name.endsWith('ledger.db')) ?? ''
  rmSync(state)
  const before = c.tree()
  const { code, document } = await c.json(['doctor'])
  expect([code, document.findings]).toMatchObject([1, [{ code: 'RESTORE_NEEDED', hint: expect.stringContaining('secrets restore') }]])
  expect(c.tree()).toEqual(before)
})

test('an output that is a folder, or that git tracks, is found', async () => {
  await using c = await newCase()
  c.project.git('init', '-q')
  c.project.git('add', '-f', '.env')
  expect((await c.json(['doctor'])).document.findings).toContainEqual(expect.objectContaining({ severity: 'error', code: 'OUTPUT_TRACKED' }))
  rmSync(c.project.path('.env'))
  mkdirSync(c.project.path('.env'))
  const { code, stdout } = await c.run(['doctor'])
  expect([code, stdout]).toEqual([1, expect.stringContaining('! .env: is a folder\n    move it away, then: secrets sync')])
})
