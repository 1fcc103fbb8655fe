import { describe, expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { newCase } from './changing/case.ts'

describe('rotating what is named', () => {
  test('a random secret is made, written, refreshed and proved; nothing else in the file changes', async () => {
    await using c = await newCase()
    const before = { text: c.project.read('.env'), value: c.env().JWT_SECRET ?? '' }
    const result = await c.secrets(['rotate', 'JWT_SECRET'])
    expect(result).toMatchObject({ stdout: 'jwt: done, version 2\n', stderr: '' })
    const value = c.env().JWT_SECRET ?? ''
    expect(value).toMatch(/^canary-/)
    expect(value).not.toBe(before.value)
    expect(c.project.read('.env')).toBe(before.text.replace(before.value, value))
    expect(c.running()).toEqual(c.env())
    expect(c.project.mode('.env')).toBe(0o600)
    // Neither ledger nor store, nor anything left in a temporary folder.
    expect(c.project.leaks()).toEqual(['home/api/provider.json', 'home/slow/provider.json', 'project/.env', 'project/running.env'])
  })

  test('a minted key with no grace is closed in one run: the provider refuses the old one', async () => {
    await using c = await newCase()
    const old = c.env().API_KEY
    const { document, code, stderr } = await c.json(['rotate', 'api'])
    expect([code, stderr]).toEqual([0, ''])
    expect(document).toEqual({
      schema: 'keyturn/rotate@1',
      results: [{ name: 'api', kind: 'rotated', version: 2, oldValidUntil: null, message: 'done, version 2', hint: null }],
      needsPerson: [],
      waiting: [],
      opensAt: null,
    })
    expect(c.live('api')).toEqual([c.env().API_KEY])
    expect(c.env().API_KEY).not.toBe(old)
  })

  test('with a grace both values live, and it is said until when by the local clock', async () => {
    await using c = await newCase()
    const old = c.env().SLOW_KEY
    const result = await c.secrets(['rotate', 'slow'], { env: { TZ: 'Asia/Tokyo' } })
    const tomorrow = new Date(Date.now() + 86_400_000).toLocaleDateString('en-GB', { timeZone: 'Asia/Tokyo', weekday: 'short' })
    expect(result.stdout).toMatch(
      new RegExp(`^slow: delivered and proved; old value valid until ${tomorrow} \\d\\d:\\d\\d, the next "secrets rotate" after that revokes it\n$`),
    )
    expect(c.live('slow')).toEqual([old, c.env().SLOW_KEY])
    const again = await c.json(['rotate', 'slow'])
    expect(again.document.results[0]).toMatchObject({ kind: 'delivered', oldValidUntil: expect.stringMatching(/^\d{4}-.*Z$/) })
    expect(c.live('slow')).toHaveLength(2)
  })

  test('--quiet says nothing on success, and --reason goes into the history', async () => {
    await using c = await newCase()
    expect(await c.secrets(['rotate', 'jwt', '--quiet', '--reason', 'an exercise'])).toMatchObject({ stdout: '', stderr: '' })
    expect((await c.secrets(['history', 'jwt'])).stdout).toContain('opened: an exercise')
  })

  test('unknown names and wrong options are refused before anything is done', async () => {
    await using c = await newCase()
    const before = c.tree()
    const usage = [
      [['rotate', 'jwtt'], 'no secret and no variable is named "jwtt"', 'did you mean jwt?'],
      [['rotate', 'jwt', '--all'], 'give names or --all, not both', ''],
      [['rotate', '--compromised'], '--compromised wants the names of what leaked', ''],
      [['rotate', 'jwt', '--wait', 'soon'], '--wait: "soon" is no duration', 'such as 30s'],
      [['rotate', 'jwt', '--concurrency', '0'], '--concurrency: "0" is no whole number', ''],
    ] as const
    for (const [args, message, hint] of usage) {
      const { code, stdout, stderr } = await c.run([...args])
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain(`secrets: error: ${message}`)
      expect(stderr).toContain(`secrets: hint: ${hint}`)
    }
    expect(c.tree()).toEqual(before)
  })

  test('what is never rotated is refused by name and left out of --all', async () => {
    await using c = await newCase()
    const refused = await c.json(['rotate', 'data'])
    expect(refused.code).toBe(2)
    expect(refused.document).toMatchObject({ schema: 'keyturn/error@1', code: 'UNSUPPORTED', message: 'data is never rotated: it encrypts stored data' })
    const all = await c.json(['rotate', '--all'])
    expect(all.document.results.map((r: { name: string }) => r.name)).toEqual(['jwt', 'api', 'slow'])
  })
})

describe('looking first', () => {
  test('--dry-run shows steps, files, consumers and overlap, and changes nothing at all', async () => {
    await using c = await newCase()
    const before = c.tree()
    const { stdout } = await c.secrets(['rotate', '--dry-run', 'api', 'jwt', 'data', 'vendor'])
    expect(stdout).toContain('api  command: runs a program of yours for each step')
    expect(stdout).toContain('  steps      create > test > promote > write > refresh > prove > grace > prove again > revoke')
    expect(stdout).toMatch(/ {2}writes {5}\.env on .+ \(API_KEY\)/)
    expect(stdout).toContain('refreshes  exec-1: runs cp .env running.env, then proves what it holds')
    expect(stdout).toContain('data  never rotated: it encrypts stored data')
    expect(stdout).toContain('a person makes the new value at https://example.org/keys')
    for (const args of [
      ['rotate', '--dry-run'],
      ['rotate', '--dry-run', '--all'],
      ['rotate', '--dry-run', 'api', '--compromised'],
    ])
      await c.secrets(args)
    const { document } = await c.json(['rotate', 'data', 'slow', '--dry-run'])
    expect(document.plans).toMatchObject([
      { name: 'data', never: 'it encrypts stored data', steps: [] },
      { name: 'slow', never: null, overlap: 'overlap', openSince: null, guided: false },
    ])
    expect(c.tree()).toEqual(before)
    expect(c.live('api')).toHaveLength(1)
  })

  test('--dry-run says what changes, what cannot overlap, who is logged out, and what would hold it, for people and programs', async () => {
    await using c = await newCase()
    const before = c.tree()
    const own = "      - { kind: exec, refresh: [cp, .env, running.env], prove: { command: [grep, '^[A-Z_]*=', running.env], format: environ } }\n"
    c.edit(own, `${own}      - { kind: process, pidfile: gone.pid, signal: TERM }\n      - { kind: exec, refresh: [no-such-tool], timeout: 5s }\n`)
    const { stdout } = await c.secrets(['rotate', '--dry-run', 'jwt'])
    expect(stdout).toContain(
      '  gap        the consumers change one after the other: until the last one has, they refuse one another where they share this value\n',
    )
    expect(stdout).toContain('  logs out   JWT_SECRET: it signs login tokens: a new one logs people out\n')
    expect(stdout).toContain('  held       process-1: there is no pid file gone.pid; waits until that is mended, or you say "secrets approve jwt"\n')
    expect(stdout).toContain('  held       exec-2: no-such-tool: there is no such program in PATH; waits until')
    const { document } = await c.json(['rotate', '--dry-run', 'jwt', 'api', 'data'])
    const [host] = document.plans[0].files.map((one: { host: string }) => one.host)
    const at = (consumer: string) => ({ host, file: '.env', consumer })
    expect(document.plans[0]).toMatchObject({
      refreshes: [
        { ...at('exec-1'), effect: 'command' },
        { ...at('process-1'), effect: 'restart' },
        { ...at('exec-2'), effect: 'command' },
      ],
      logsOut: [{ variable: 'JWT_SECRET', why: 'it signs login tokens: a new one logs people out' }],
      held: [
        { ...at('process-1'), why: 'there is no pid file gone.pid', hint: 'start the program, or correct "pidfile"' },
        { ...at('exec-2'), why: 'no-such-tool: there is no such program in PATH', hint: 'install it, or correct the command' },
      ],
    })
    expect(document.plans[1]).toMatchObject({ name: 'api', gap: null, logsOut: [] })
    expect(document.plans[2]).toMatchObject({ name: 'data', refreshes: [], held: [] })
    c.edit('      - { kind: process, pidfile: gone.pid, signal: TERM }\n      - { kind: exec, refresh: [no-such-tool], timeout: 5s }\n', '')
    expect(c.tree()).toEqual(before)
  })

  test('of an open rotation it says that it goes on', async () => {
    await using c = await newCase()
    await c.secrets(['rotate', 'slow'])
    expect((await c.secrets(['rotate', 'slow', '--dry-run'])).stdout).toMatch(/note {7}a rotation is open since \d\d:\d\d: it goes on/)
  })

  test('on a terminal the plan is shown and a question asked; "n" changes nothing, --yes does not ask', async () => {
    await using c = await newCase()
    const before = c.tree()
    const refused = await c.answer(['rotate', 'jwt'], [['Rotate jwt? [Y/n]', 'n']])
    expect([refused.code, refused.stdout]).toEqual([0, expect.stringMatching(/steps {6}create[\s\S]*nothing was changed/)])
    expect(c.tree()).toEqual(before)
    expect((await c.answer(['rotate', 'jwt'], [['Rotate jwt? [Y/n]', '']])).stdout).toContain('jwt: done, version 2')
    const unasked = await c.answer(['rotate', 'jwt', '--yes'], [])
    expect([unasked.code, unasked.stdout]).toEqual([0, 'jwt: done, version 3\n'])
  })
})

describe('a program that accepts two values', () => {
  test('is given new and old until the grace is over, then the new one alone; a leaked one is never listed', { timeout: 180_000 }, async () => {
    await using c = await newCase()
    c.edit('jwt: { env: JWT_SECRET,', 'jwt: { env: JWT_SECRET, grace: 24h,')
    c.edit('  - file: .env\n', '  - file: .env\n    vars: { JWT_SECRETS: "{jwt.value|both}" }\n')
    const first = c.env().JWT_SECRET
    expect((await c.run(['sync', '--check'])).code).toBe(3)
    await c.secrets(['sync'])
    expect(c.running().JWT_SECRETS).toBe(first)
    const plan = await c.secrets(['rotate', 'jwt', '--dry-run'])
    expect(plan.stdout).toContain('  steps      create > test > promote > write > refresh > prove > grace > prove again > revoke\n')
    expect(plan.stdout).toContain('logs people out; not before the grace is over for what reads JWT_SECRETS\n')
    expect(plan.stdout).toContain('  note       JWT_SECRETS lists new and old, until the grace is over and proved')
    expect((await c.secrets(['rotate', 'jwt'])).stdout).toMatch(/^jwt: delivered and proved; old value valid until /)
    const second = c.env().JWT_SECRET
    expect(second).not.toBe(first)
    expect([c.env().JWT_SECRETS, c.running().JWT_SECRETS]).toEqual([`${second},${first}`, `${second},${first}`])
    expect((await c.run(['sync', '--check'])).code).toBe(0)
    const run = await c.secrets(['run', '--no-mask', '--', 'printenv', 'JWT_SECRETS'], {
      reveals: [first ?? '', second ?? ''],
      passes: Object.values(c.env()),
    })
    expect(run.stdout.trim()).toBe(`${second},${first}`)
    // Going back turns it round.
    await c.secrets(['rollback', 'jwt'])
    expect([c.env().JWT_SECRET, c.running().JWT_SECRETS]).toEqual([first, `${first},${second}`])
    expect((await c.secrets(['rotate', 'jwt', '--compromised', '--reason', 'in a log'])).code).toBe(0)
    expect([c.running().JWT_SECRETS, c.env().JWT_SECRETS]).toEqual([c.env().JWT_SECRET, c.env().JWT_SECRET])
    // Without a grace both stand there for a moment only.
    c.edit('jwt: { env: JWT_SECRET, grace: 24h,', 'jwt: { env: JWT_SECRET,')
    await c.secrets(['rotate', 'jwt'])
    expect([c.running().JWT_SECRETS, c.env().JWT_SECRETS]).toEqual([c.env().JWT_SECRET, c.env().JWT_SECRET])
    await c.secrets(['eject', '--yes'])
    expect(c.env().JWT_SECRETS).toBe(c.env().JWT_SECRET)
  })
})

describe('what is due', () => {
  test('is rotated; what needs a person is listed and nobody is asked', async () => {
    await using c = await newCase()
    expect(await c.secrets(['rotate'])).toMatchObject({ stdout: 'nothing is due\n', stderr: '' })
    for (const name of ['jwt', 'vendor']) await c.secrets(['adopt', name, '--created', '2020-01-01', '--evidence', 'a test'])
    const result = await c.run(['rotate', '--yes'])
    expect(result).toMatchObject({ code: 0, stdout: 'jwt: done, version 2\n', stderr: 'you have to make the new value:\n  secrets rotate vendor\n' })
    const { document } = await c.json(['rotate'])
    expect(document).toMatchObject({ results: [], needsPerson: ['vendor'] })
    expect((await c.run(['rotate'])).stdout).toBe('nothing can be rotated now\n')
  })

  test('is told by age alone: a value that breaks the policy is named with its command, and left as it is', async () => {
    await using c = await newCase()
    await c.secrets(['set', 'jwt', '--force'], { input: 'changeme' })
    const [before, value] = [c.tree(), c.env().JWT_SECRET]
    const one = await c.run(['rotate', '--yes'])
    expect(one).toMatchObject({
      code: 0,
      stdout: 'nothing is due by age; 1 value breaks the policy and waits for your word: jwt\n',
      stderr: 'next: secrets rotate jwt\n',
    })
    expect((await c.run(['rotate', '--dry-run'])).stdout).toBe(one.stdout)
    expect((await c.json(['rotate'])).document).toMatchObject({ results: [], breaking: ['jwt'] })
    expect(await c.run(['rotate', '--quiet'])).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect([c.tree(), c.env().JWT_SECRET]).toEqual([before, value])
    // Beside what is due it is said as well; what can only be changed by hand is sent to its page of the status.
    await c.secrets(['set', 'data', '--force'], { input: 'changeme' })
    await c.secrets(['adopt', 'api', '--created', '2020-01-01', '--evidence', 'a test'])
    const both = await c.run(['rotate', '--yes'])
    expect(both.stdout).toBe('api: done, version 2\n')
    expect(both.stderr).toBe('2 values break the policy and wait for your word: jwt, data\nnext: secrets rotate jwt\n')
    await c.secrets(['rotate', 'jwt'])
    expect((await c.run(['rotate', '--yes'])).stderr).toBe('next: secrets status data\n')
  })

  test('waits for its window, and that is said with the time', async () => {
    await using c = await newCase()
    await c.secrets(['adopt', 'jwt', '--created', '2020-01-01', '--evidence', 'a test'])
    const inTwoDays = new Date(Date.now() + 2 * 86_400_000)
    const day = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][inTwoDays.getUTCDay()] ?? ''
    c.project.write('secrets.yaml', `${c.project.read('secrets.yaml')}schedule: { zone: UTC, window: { days: [${day}], from: "02:00", to: "05:00" } }\n`)
    const { stdout, stderr } = await c.secrets(['rotate'])
    expect(stdout).toBe('nothing can be rotated now\n')
    expect(stderr.toLowerCase()).toContain(`due, but the window opens ${day} 02:00: jwt`)
    const { document } = await c.json(['rotate'])
    expect(document).toMatchObject({ waiting: ['jwt'], opensAt: expect.stringMatching(/T02:00:00\.000Z$/) })
    // Named, it is rotated now.
    expect((await c.secrets(['rotate', 'jwt'])).stdout).toContain('done')
  })
})

describe('guided secrets', () => {
  test('without a terminal one that is named says what to do, and --all lists it without failing', async () => {
    await using c = await newCase()
    const before = c.tree()
    const named = await c.run(['rotate', 'vendor'])
    expect(named).toMatchObject({ code: 1, stdout: '' })
    expect(named.stderr).toContain('secrets: error: vendor: a person has to make the new value at https://example.org/keys')
    expect(named.stderr).toContain('  Make a new key at https://example.org/keys')
    expect(named.stderr).toContain('secrets: hint: give it with: secrets set vendor < FILE')
    expect(c.tree()).toEqual(before)
    const several = await c.run(['rotate', 'vendor', 'jwt'])
    expect(several).toMatchObject({ code: 4, stdout: 'jwt: done, version 2\n' })
    expect(several.stderr).toContain('secrets: warning: vendor: a person has to make the new value')
  })

  test('on a terminal the steps are shown and the value is taken without being shown', async () => {
    await using c = await newCase()
    const value = canary()
    const result = await c.answer(
      ['rotate', 'vendor'],
      [
        ['Rotate vendor?', 'y'],
        ['New value of vendor:', value],
      ],
    )
    expect(result.code).toBe(0)
    expect(result.stdout).toContain('1. Make a new key at https://example.org/keys')
    expect(result.stdout).toMatch(/vendor: delivered and proved; old value valid until .*, then you are asked to delete it/)
    expect(c.env().VENDOR_API_KEY).toBe(value)
  })
})

describe('when something fails', () => {
  test('a provider that refuses for good: back to the old value, nothing is left there', async () => {
    await using c = await newCase()
    const [text, live] = [c.project.read('.env'), c.live('api')]
    c.knob('api', 'fail-create', '{"config": true, "message": "the module is off"}')
    const early = await c.run(['rotate', 'api'])
    expect(early).toMatchObject({ code: 1, stdout: '' })
    expect(early.stderr).toMatch(/^secrets: warning: api: went back to version 1: PROVIDER_CONFIG: .*the module is off\nsecrets: hint: ./)
    c.knob('api', 'fail-create', null)

    c.knob('api', 'fail-test', '{"config": true, "message": "the module is off"}')
    const late = await c.run(['rotate', 'api'])
    expect(late).toMatchObject({ code: 1, stdout: '' })
    expect(c.live('api')).toHaveLength(1)
    c.knob('api', 'fail-test', null)
    expect((await c.run(['rotate', 'api'])).stderr).toContain('api: went back to version 1')
    expect([c.project.read('.env'), c.live('api')]).toEqual([text, live])
    await c.secrets(['rotate', 'api'])
    expect(c.live('api')).toEqual([c.env().API_KEY])
  })

  test('one of several that fails is named, and the status is 4', async () => {
    await using c = await newCase()
    c.knob('api', 'fail-create', '{"unavailable": true, "message": "the provider is down"}')
    const { code, stdout, stderr } = await c.run(['rotate', 'jwt', 'api', '--wait', '1s'])
    expect([code, stdout]).toEqual([4, 'jwt: done, version 2\n'])
    expect(stderr).toMatch(/secrets: warning: api: create: .*the provider is down/)
    c.knob('api', 'fail-create', null)
    const { document } = await c.json(['rotate', 'api'])
    expect(document.results[0]).toMatchObject({ kind: 'rotated' })
    expect(c.live('api')).toEqual([c.env().API_KEY])
  })

  test('a wait that is long is told while it lasts', async () => {
    await using c = await newCase()
    c.knob('api', 'fail-create', '{"unavailable": true, "message": "the provider is down"}')
    const running = c.start(['rotate', 'api'])
    await running.until('the provider is down; trying again')
    c.knob('api', 'fail-create', null)
    expect((await running.done).code).toBe(0)
  })

  test('a file that cannot be written is the reason given, the old key lives on, and the next run delivers', async () => {
    await using c = await newCase()
    const old = c.env().API_KEY
    c.project.git('init', '-q')
    c.project.git('add', '-f', '.env')
    const failed = await c.run(['rotate', 'api'])
    expect(failed.code).toBe(1)
    expect(failed.stderr).toMatch(/secrets: warning: api: version 2 is current but not delivered; the old value stays valid: .*\.env: git tracks this file/)
    expect(failed.stderr).toContain('git rm --cached')
    expect(c.env().API_KEY).toBe(old)
    expect(c.live('api')).toHaveLength(2)
    c.project.git('rm', '-q', '--cached', '.env')
    await c.secrets(['sync'])
    expect(c.live('api')).toEqual([c.env().API_KEY])
  })

  test('a consumer that cannot be refreshed keeps the old key alive, and says why', async () => {
    await using c = await newCase()
    c.edit('refresh: [cp, .env, running.env]', 'refresh: "echo the engine is out >&2; exit 3"')
    const { code, stderr } = await c.run(['rotate', 'api', '--wait', '1s'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/api: version 2 is current but not delivered; the old value stays valid: .*ended with status 3: the engine is out/)
    expect(c.live('api')).toHaveLength(2)
  })
})

describe('a value that leaked', () => {
  test('is dead when the command ends with 0, also where proofs are missing, and what was not proved is named', async () => {
    await using c = await newCase()
    c.edit("command: [grep, '^[A-Z_]*=', running.env]", 'command: [grep, PORT, running.env]')
    const old = c.env().SLOW_KEY
    const { code, stdout, stderr } = await c.run(['rotate', 'slow', '--compromised', '--wait', '1s', '--reason', 'seen in a log'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^slow: done, version 2; the old value was refused at \d\d:\d\d\n$/)
    expect(stderr).toMatch(/not proved to run on the new value, so perhaps broken: exec-1 \(\.env on .+\)/)
    expect(c.live('slow')).toEqual([c.env().SLOW_KEY])
    expect(c.live('slow')).not.toContain(old)
    expect((await c.secrets(['history', 'slow'])).stdout).toContain('seen in a log')
  })

  test('overtakes an open rotation: what it made is replaced too', async () => {
    await using c = await newCase()
    await c.secrets(['rotate', 'slow'])
    const made = c.env().SLOW_KEY
    await c.secrets(['rotate', 'slow', '--compromised'])
    expect(c.live('slow')).toEqual([c.env().SLOW_KEY])
    expect(c.live('slow')).not.toContain(made)
  })

  test('that the provider does not end is said in capitals, with status 1 and the command that helps', async () => {
    await using c = await newCase()
    c.knob('api', 'fail-revoke', '{"needs_person": true, "message": "delete it on the page"}')
    const { code, stdout, stderr } = await c.run(['rotate', 'api', '--compromised'])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/secrets: warning: api: OLD VALUE STILL WORKS: .*delete it on the page\nsecrets: hint: ./)
    expect(c.live('api')).toHaveLength(2)
    c.knob('api', 'fail-revoke', null)
    expect((await c.secrets(['rotate', 'api'])).stdout).toContain('api: done')
    expect(c.live('api')).toHaveLength(1)
  })

  test('guided and without a terminal: the old value still works, and that is no success', async () => {
    await using c = await newCase()
    const { code, stderr } = await c.run(['rotate', 'vendor', '--compromised'])
    expect(code).toBe(1)
    expect(stderr).toContain('vendor: OLD VALUE STILL WORKS: a person has to make the new value')
    const all = await c.json(['rotate', '--all', '--compromised'])
    expect(all.code).toBe(4)
    expect(all.document.results.map((r: { name: string; kind: string }) => `${r.name} ${r.kind}`)).toEqual([
      'jwt rotated',
      'vendor attention',
      'api rotated',
      'slow rotated',
      'empty attention',
    ])
  })
})

describe('several at once, and stopped half way', () => {
  test('two processes share one rotation: one new key, and no error', async () => {
    await using c = await newCase()
    c.knob('api', 'hold-create', '')
    const first = c.start(['rotate', 'api'])
    await c.held('api', 'create')
    const second = c.start(['rotate', 'api'])
    await second.until('api: another process is at step create; waiting for it')
    c.knob('api', 'hold-create', null)
    const results = await Promise.all([first.done, second.done])
    expect(results.map((r) => [r.code, r.stdout])).toEqual([
      [0, 'api: done, version 2\n'],
      [0, 'api: done, version 2\n'],
    ])
    expect(c.live('api')).toEqual([c.env().API_KEY])
  })

  test('four that begin in the same moment all end well, with one value in the file and in the consumer', async () => {
    await using c = await newCase()
    const results = await Promise.all(['jwt', 'jwt', 'api', 'api'].map((name) => c.run(['rotate', name])))
    expect(results.map((r) => [r.code, r.stderr.replace(/^.*waiting for it\n/gm, '')])).toEqual(results.map(() => [0, '']))
    expect(c.live('api')).toEqual([c.env().API_KEY])
    expect(c.running()).toEqual(c.env())
    expect((await c.secrets(['history', '--verify'])).stdout).toContain('Intact')
  })

  test('Ctrl-C ends with 130 at the next safe point, and the next run goes on without a second key', async () => {
    await using c = await newCase()
    c.knob('api', 'hold-test', '')
    const running = c.start(['rotate', 'api', '--yes'], { terminal: true })
    await c.held('api', 'test')
    running.stdin.write('\x03')
    const stopped = await running.done
    expect(stopped.code).toBe(130)
    expect(stopped.stdout).toMatch(
      /stopping at the next safe point[\s\S]*secrets: error: interrupted\r\nsecrets: hint: run the command again: it goes on where it was/,
    )
    expect(c.live('api')).toHaveLength(2)
    c.knob('api', 'hold-test', null)
    await c.secrets(['rotate', 'api'])
    expect(c.live('api')).toEqual([c.env().API_KEY])
    const history = (await c.secrets(['history', 'api'])).stdout
    expect(history.match(/opened/g)).toHaveLength(2)
  })

  test('a SIGTERM in the middle of several stops all of them, and nothing is half done', async () => {
    await using c = await newCase()
    c.knob('slow', 'hold-create', '')
    const running = c.start(['rotate', 'slow', 'api', 'jwt'])
    await c.held('slow', 'create')
    running.kill('SIGTERM')
    expect((await running.done).code).toBe(130)
    c.knob('slow', 'hold-create', null)
    expect((await c.run(['rotate', '--yes'])).code).toBe(0)
    expect(c.running()).toEqual(c.env())
    expect(c.live('api')).toEqual([c.env().API_KEY])
  })
})

test('programs of rotators and consumers get our environment, but neither our credentials nor old values', async () => {
  await using c = await newCase()
  c.edit('refresh: [cp, .env, running.env]', 'refresh: "env > seen.txt; cp .env running.env"')
  c.knob('api', 'show-environment', '')
  // No canaries: between fork and exec a child still has the environment of its parent.
  const env = { KEYTURN_TOKEN: 'ours', VAULT_TOKEN: 'ours', AWS_SECRET_ACCESS_KEY: 'ours', BAO_TOKEN: 'ours', API_KEY: 'old', OWN: 'mine' }
  await c.secrets(['rotate', 'api'], { env })
  for (const seen of [c.project.read('seen.txt'), c.project.read('../home/api/environment')]) {
    expect(seen).toMatch(/^OWN=mine$/m)
    expect(seen).not.toMatch(/=ours$/m)
  }
  expect(c.project.read('seen.txt')).not.toMatch(/^API_KEY=/m)
})
