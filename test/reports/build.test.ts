import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type BuildInput, buildStatus, type Status } from '../../src/reports/build.ts'
import { reportHtml } from '../../src/reports/html/page.ts'
import { statusJson } from '../../src/reports/json.ts'
import { reportMarkdown } from '../../src/reports/markdown.ts'
import { statusTable } from '../../src/reports/table.ts'
import { type ConsumerRecord, type Secret, type StreamState, UNTAKEN } from '../../src/terms.ts'
import { DAY, factsOf, hostOf, inventoryOf, NOW, outputOf, rotationOf, secretOf, stateOf, versionOf } from '../policy/states.ts'

const build = (secrets: readonly Secret[], states: readonly StreamState[], differs: Partial<BuildInput> = {}): Promise<Status> =>
  buildStatus({ inventory: inventoryOf(secrets), states, now: NOW, ...differs })
const states = ({ rows }: Status) => rows.map(({ secret, state }) => `${secret.name} ${state}`)
const aged = (secret: Secret, ageDays: number) => stateOf(secret, { current: versionOf(secret, { ageDays }) })
const consumer = (key: string) =>
  ({ key, kind: key.slice(0, key.indexOf('-')), params: key.startsWith('compose') ? { service: 'ai_engine' } : {}, unproven: 'hold', timeoutMs: 1000 }) as const

describe('the status', () => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => secretOf(name)) as [Secret, Secret, Secret, Secret]

  it('puts the worst first, then what is due first, then by name', async () => {
    const status = await build([a, b, c, d], [aged(a, 10), aged(b, 100), aged(c, 143), aged(d, 10)])
    expect(states(status)).toEqual(['c overdue', 'b overdue', 'a ok', 'd ok'])
    expect(status.summary).toEqual({ total: 4, ok: 2, due: 0, overdue: 2, violations: 0, rotating: 0, attention: 0, accepted: 0 })
    expect(status.needYou).toBe(2)
  })

  it('counts a due secret as needing a person only where the new value has to be given', async () => {
    const twilio = secretOf('twilio', { rotator: { kind: 'manual', params: {} } })
    const status = await build([a, twilio], [aged(a, 80), aged(twilio, 80)])
    expect(status.summary.due).toBe(2)
    expect(status.needYou).toBe(1)
  })

  it('lists a secret of which nothing was ever recorded', async () => {
    const status = await build([a], [])
    expect(status.rows[0]).toMatchObject({ state: 'ok', version: null, bornAt: null })
  })

  it('ignores streams of secrets that are no longer declared', async () => {
    expect(states(await build([a], [aged(a, 1), aged(b, 500)]))).toEqual(['a ok'])
  })

  it('shows one that is being rotated as rotating, with what it waits for', async () => {
    const rotation = rotationOf(a, {
      promote: { pos: 5, at: NOW - DAY },
      made: versionOf(a),
      done: ['create', 'set', 'test', 'promote'],
      graceUntil: NOW + DAY,
      retiring: versionOf(a, { n: 0 }),
    })
    const status = await build([a], [stateOf(a, { rotation })])
    expect(status.rows[0]).toMatchObject({ state: 'rotating', rotation: { id: 'r1', waits: 'grace', until: NOW + DAY } })
  })

  it('shows one that waits for a person as attention, with the reason and the next command', async () => {
    const failure = {
      seq: 9,
      step: 'test',
      code: 'PROVIDER_CONFIG',
      message: 'asterisk-ari: ARI is off',
      hint: 'enable it',
      at: NOW - DAY,
      retryAt: null,
      attempts: 3,
    } as const
    const status = await build([a], [stateOf(a, { rotation: rotationOf(a), failure })])
    expect(status.rows[0]).toMatchObject({ state: 'attention', findings: [{ rule: 'attention', message: 'asterisk-ari: ARI is off', hint: 'enable it' }] })
  })

  it('finds a value that several secrets share, once in each of them, and only among live ones', async () => {
    const shared = { value: factsOf('same') }
    const status = await build(
      [a, b, c],
      [a, b, c].map((secret) => stateOf(secret, { current: versionOf(secret, { facts: secret === c ? { value: factsOf('other') } : shared }) })),
    )
    expect(states(status)).toEqual(['a violation', 'b violation', 'c ok'])
    expect(status.rows[0]?.findings).toMatchObject([{ rule: 'reuse', message: 'A has the same value as b' }])
    expect(status.rows[1]?.findings).toMatchObject([{ rule: 'reuse', message: 'B has the same value as a' }])
  })

  it('names a few and counts the rest where very many share one value, without comparing all with all', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => secretOf(`s${i}`))
    const before = performance.now()
    const status = await build(
      many,
      many.map((secret) => stateOf(secret, { current: versionOf(secret, { facts: { value: factsOf('same') } }) })),
    )
    expect(status.summary.violations).toBe(3000)
    expect(status.rows[0]?.findings[0]?.message).toMatch(/^S\d+ has the same value as s\d+, s\d+, s\d+, s\d+ and 2995 more$/)
    expect(performance.now() - before).toBeLessThan(5000)
  })

  it('accepts a reuse that is excepted', async () => {
    const accept = [{ rule: 'reuse', until: NOW + DAY, reason: 'one account', by: 'ops' }]
    const [x, y] = [secretOf('x', { accept }), secretOf('y')]
    const status = await build(
      [x, y],
      [x, y].map((secret) => stateOf(secret, { current: versionOf(secret, { facts: { value: factsOf('same') } }) })),
    )
    expect(states(status)).toEqual(['y violation', 'x ok'])
    expect(status.summary.accepted).toBe(1)
  })

  it('looks for reuse among all secrets when only some are asked for', async () => {
    const facts = { value: factsOf('same') }
    const both = [a, b].map((secret) => stateOf(secret, { current: versionOf(secret, { facts }) }))
    const status = await build([a, b], both, { only: new Set(['b']) })
    expect(states(status)).toEqual(['b violation'])
    expect(status.summary.total).toBe(1)
  })

  it('lists what failed on a host', async () => {
    const failure = {
      seq: 4,
      step: 'refresh',
      code: 'CONSUMER_FAILED',
      message: 'no such service',
      hint: 'docker compose up',
      at: NOW,
      retryAt: NOW + 60_000,
      attempts: 1,
    } as const
    const status = await build([a], [hostOf({ failures: { '.env consumer compose-1': failure } }), aged(a, 1)])
    expect(status.jobs).toEqual([
      {
        host: 'pbx-1',
        on: '.env consumer compose-1',
        step: 'refresh',
        code: 'CONSUMER_FAILED',
        message: 'no such service',
        hint: 'docker compose up',
        retryAt: NOW + 60_000,
      },
    ])
  })

  it('counts the history', async () => {
    const former = [versionOf(a, { n: 2, replacedAt: NOW - 10 * DAY }), versionOf(a, { n: 1, replacedAt: NOW - 60 * DAY })]
    const last = { rotation: 'r', outcome: 'back', at: NOW, note: null } as const
    const status = await build([a, b], [stateOf(a, { count: 3, former }), stateOf(b, { last })])
    expect(status.history).toEqual({ versions: 4, replaced30d: 1, replaced90d: 2, givenUp: 1 })
  })
})

describe('what runs', () => {
  beforeEach(() => {
    vi.stubEnv('TZ', 'Europe/Berlin')
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })
  const openai = secretOf('openai', { env: { OPENAI_API_KEY: 'value' } })
  const current = versionOf(openai, { n: 4 })
  const outputs = [outputOf({ consumers: [consumer('compose-1'), consumer('http-2')], vars: { URL: 'x://{openai.value}' } })]
  const inventory = inventoryOf([openai], { outputs })
  const held = (token: string) => ({
    OPENAI_API_KEY: { value: 'hmac:k1:key', from: { openai: token } },
    URL: { value: 'hmac:k1:url', from: { openai: token } },
  })
  const written = (token: string, differs = {}) => ({ claimPos: 10, claimAt: NOW, at: NOW, changedPos: 10, vars: { ...held(token), ...differs } })
  const proved = (vars: Record<string, string | null>): ConsumerRecord => ({
    refresh: { claimPos: 11, at: NOW },
    misses: 0,
    proof: { claimPos: 12, claimAt: NOW, at: NOW, vars },
  })
  const all = { OPENAI_API_KEY: 'hmac:k1:key', URL: 'hmac:k1:url' }
  const running = async (host: StreamState | null) =>
    (await buildStatus({ inventory, states: [...(host ? [host] : []), stateOf(openai, { current, count: 4 })], now: NOW })).rows[0]?.running

  it('is what consumers proved to hold of the current version, templates included', async () => {
    const host = hostOf({
      outputs: { '.env': written(current.token) },
      consumers: { '.env consumer compose-1': proved(all), '.env consumer http-2': proved({ ...all, URL: 'hmac:k1:old' }) },
    })
    expect(await running(host)).toEqual({ proven: 1, other: 1, total: 2, written: 1, files: 1 })
  })

  it('names who proved another value last, by version where that is known, and asks nobody', async () => {
    const value = (print: string) => ({ value: factsOf('', { value: print }) })
    const states = [
      stateOf(openai, { current: { ...current, facts: value('hmac:k1:key') }, former: [versionOf(openai, { n: 3, facts: value('hmac:k1:third') })], count: 4 }),
    ]
    const host = hostOf({
      outputs: { '.env': written(current.token) },
      consumers: {
        '.env consumer compose-1': proved({ OPENAI_API_KEY: 'hmac:k1:third', URL: UNTAKEN }),
        '.env consumer http-2': proved({ OPENAI_API_KEY: 'hmac:other:0', URL: null }),
      },
    })
    const status = await buildStatus({ inventory, states: [host, ...states], now: NOW })
    expect(status.rows[0]?.running).toEqual({ proven: 0, other: 2, total: 2, written: 1, files: 1 })
    const table = [...statusTable(status, { width: 120, color: false })].join('')
    expect(table).toContain('v4 in 0 of 2')
    expect(table).toContain(`
Still on an old value:
  service ai_engine (.env) on pbx-1 ran another OPENAI_API_KEY (version 3) when it proved last (19:00), the store has version 4
  http-2 (.env) on pbx-1 ran another OPENAI_API_KEY when it proved last (19:00), the store has version 4
  http-2 (.env) on pbx-1 ran no URL when it proved last (19:00), the store has version 4
      secrets sync refreshes it there; secrets doctor says what runs now
`)
    expect(table).toContain('secrets doctor')
    expect([...reportMarkdown(status)].join('')).toContain('| pbx-1 | service ai\\_engine (.env) | another OPENAI\\_API\\_KEY (version 3) | 19:00 |')
    expect([...reportHtml(status)].join('')).toMatch(/<h2>Still on an old value<\/h2>.*service ai_engine \(\.env\).*another OPENAI_API_KEY \(version 3\)/s)
    const one = { secret: 'openai', host: 'pbx-1', file: '.env', variable: 'OPENAI_API_KEY', held: true, version: 4, provedAt: new Date(NOW).toISOString() }
    expect(JSON.parse([...statusJson(status)].join('')).behind).toEqual([
      { ...one, consumer: 'compose-1', who: 'service ai_engine', ran: 3 },
      { ...one, consumer: 'http-2', who: 'http-2', ran: null },
      { ...one, consumer: 'http-2', who: 'http-2', variable: 'URL', held: false, ran: null },
    ])
    const only = await buildStatus({ inventory, states: [host, ...states], now: NOW, only: new Set(['another']) })
    expect(only.behind).toEqual([])
  })

  it('is nothing while the file holds another version, whatever was proved before', async () => {
    const host = hostOf({ outputs: { '.env': written('kt_8f3k2m9q.openai.old') }, consumers: { '.env consumer compose-1': proved(all) } })
    expect(await running(host)).toEqual({ proven: 0, other: 0, total: 2, written: 0, files: 1 })
  })

  it('is nothing where a value was edited by hand', async () => {
    const host = hostOf({
      outputs: { '.env': written(current.token, { OPENAI_API_KEY: { value: 'hmac:k1:key', from: { openai: '' }, edited: true } }) },
      consumers: { '.env consumer compose-1': proved(all) },
    })
    expect(await running(host)).toMatchObject({ proven: 0, written: 0 })
  })

  it('is unknown where nothing was written yet', async () => {
    expect(await running(null)).toEqual({ proven: 0, other: 0, total: 2, written: 0, files: 1 })
  })

  it('is not asked for a secret that no output holds', async () => {
    const admin = secretOf('openai-admin', { env: {} })
    const status = await buildStatus({ inventory: inventoryOf([admin], { outputs }), states: [stateOf(admin)], now: NOW })
    expect(status.rows[0]?.running).toBeNull()
  })
})

describe('keyturn/status@1', () => {
  it('is what the documentation says', async () => {
    const openai = secretOf('openai', { env: { OPENAI_API_KEY: 'value' }, owner: 'platform@example.org', rotator: { kind: 'openai', params: {} } })
    const current = versionOf(openai, { n: 3, bornAt: Date.UTC(2026, 6, 1), fingerprint: 'hmac:k1:5f2c9a10' })
    const status = await build([openai], [stateOf(openai, { current, count: 3 })])
    expect(JSON.parse([...statusJson(status)].join(''))).toEqual({
      schema: 'keyturn/status@1',
      project: 'voice-agent',
      environment: 'production',
      at: '2026-11-21T18:00:00.000Z',
      summary: { total: 1, ok: 0, due: 0, overdue: 1, violations: 0, rotating: 0, attention: 0, accepted: 0 },
      secrets: [
        {
          name: 'openai',
          env: ['OPENAI_API_KEY'],
          state: 'overdue',
          kind: 'openai',
          store: 'main',
          owner: 'platform@example.org',
          version: '3',
          fingerprint: 'hmac:k1:5f2c9a10',
          rotatedAt: '2026-07-01T00:00:00.000Z',
          ageDays: 143.75,
          ageSource: 'rotation',
          maxAgeDays: 90,
          dueAt: '2026-09-15T00:00:00.000Z',
          findings: [{ rule: 'max-age', severity: 'overdue', message: '143 days old, limit 90', hint: 'secrets rotate openai' }],
          rotation: null,
          running: null,
        },
      ],
      jobs: [],
    })
  })

  it('is valid for no secrets, and for names that need quoting', async () => {
    expect(JSON.parse([...statusJson(await build([], []))].join(''))).toMatchObject({ secrets: [], jobs: [] })
    const odd = secretOf('odd', { owner: '"; \\ \u2028' })
    expect(JSON.parse([...statusJson(await build([odd], [aged(odd, 1)]))].join(''))).toMatchObject({ secrets: [{ owner: '"; \\ \u2028' }] })
  })
})
