import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildStatus, type Status } from '../../src/reports/build.ts'
import { reportJson } from '../../src/reports/json.ts'
import { reportMarkdown } from '../../src/reports/markdown.ts'
import { formatDay, formatMoment, sayMoment } from '../../src/reports/moments.ts'
import { dueOf, nextCommands } from '../../src/reports/phrases.ts'
import { detailTable, reportTable, statusTable } from '../../src/reports/table.ts'
import { DAY, factsOf, hostOf, inventoryOf, NOW, outputOf, rotationOf, secretOf, stateOf, versionOf } from '../policy/states.ts'

const plain = { width: 100, color: false }
const zone = process.env.TZ
beforeAll(() => {
  process.env.TZ = 'Europe/Vienna'
})
afterAll(() => {
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

/** The project of the sample in the documentation. */
async function sample(): Promise<Status> {
  const openai = secretOf('openai', { env: { OPENAI_API_KEY: 'value' }, owner: 'platform@example.org' })
  const ari = secretOf('ari', { env: { ASTERISK_ARI_PASSWORD: 'password' }, rotator: { kind: 'asterisk-ari', params: {} } })
  const deepgram = secretOf('deepgram', { env: { DEEPGRAM_API_KEY: 'value' }, accept: [{ rule: 'reuse', until: NOW + DAY, reason: 'x | y', by: 'ops' }] })
  const twilio = secretOf('twilio', { env: { TWILIO_AUTH_TOKEN: 'value' }, rotator: { kind: 'manual', params: {} } })
  const jwt = secretOf('jwt', { env: { JWT_SECRET: 'value' } })
  const secrets = [openai, ari, deepgram, twilio, jwt]
  const old = versionOf(openai, { n: 3, ageDays: 40, replacedAt: NOW })
  const made = versionOf(openai, { n: 4, ageDays: 0 })
  const failure = {
    seq: 9,
    step: 'revoke',
    code: 'NEEDS_PERSON',
    message: 'old key still works',
    hint: 'secrets revoke openai --previous',
    at: NOW,
    retryAt: null,
    attempts: 1,
  } as const
  const rotation = rotationOf(openai, { retiring: old, made, done: ['create', 'set', 'test', 'promote'], promote: { pos: 5, at: NOW } })
  const versions = [
    stateOf(openai, { current: made, former: [old], rotation, failure, count: 4 }),
    stateOf(ari, {
      current: versionOf(ari, { ageDays: 12, source: 'file', facts: { password: factsOf('p', { weak: 'published default', length: 8, entropyBits: 8 }) } }),
    }),
    stateOf(deepgram, { current: versionOf(deepgram, { n: 2, bornAt: Date.UTC(2026, 6, 1) }), count: 2 }),
    stateOf(twilio, { current: versionOf(twilio, { ageDays: 80 }) }),
    stateOf(jwt, { current: versionOf(jwt, { n: 3 }), count: 3 }),
  ]
  const consumers = ['compose-1', 'http-2'].map(
    (key) =>
      ({
        key,
        kind: key === 'compose-1' ? 'compose' : 'http',
        params: key === 'compose-1' ? { service: 'ai_engine' } : {},
        unproven: 'hold',
        timeoutMs: 1,
      }) as const,
  )
  const outputs = [outputOf({ consumers, only: ['openai', 'ari', 'jwt', 'deepgram', 'twilio'] })]
  const vars = Object.fromEntries(
    secrets.flatMap((s, i) => Object.keys(s.env).map((name) => [name, { value: `hmac:k1:${name}`, from: { [s.id]: versions[i]?.current?.token ?? '' } }])),
  )
  const vouch = (names: readonly string[]) => ({
    refresh: null,
    misses: 0,
    proof: { claimPos: 12, claimAt: NOW, at: NOW, vars: Object.fromEntries(names.map((name) => [name, `hmac:k1:${name}`])) },
  })
  const host = hostOf({
    outputs: { '.env': { claimPos: 10, claimAt: NOW, at: NOW, changedPos: 10, vars } },
    consumers: {
      '.env consumer compose-1': vouch(['OPENAI_API_KEY', 'ASTERISK_ARI_PASSWORD', 'DEEPGRAM_API_KEY', 'JWT_SECRET']),
      '.env consumer http-2': vouch(['OPENAI_API_KEY', 'JWT_SECRET']),
    },
  })
  return buildStatus({ inventory: inventoryOf(secrets, { outputs }), states: [host, ...versions], now: NOW, remarks: ['A remark.'] })
}

const text = (pieces: Iterable<string>): string => [...pieces].join('')

describe('the table', () => {
  it('is the one of the documentation', async () => {
    expect(text(statusTable(await sample(), plain))).toBe(`voice-agent, production: 5 secrets, 4 need you                               Sat 21 Nov 19:00 +01:00

  STATE      SECRET      AGE  LIMIT  DUE     RUNNING       WHY
! attention  openai       0d    90d  5 Feb   v4 in 2 of 2  old key still works
! violation  ari       >=12d    90d  now     v1 in 1 of 2  published default
! overdue    deepgram   143d    90d  15 Sep  v2 in 1 of 2  53 days over
~ due        twilio      80d    90d  17 Nov  unproven      guided: needs you
  ok         jwt          9d    90d  27 Jan  v3 in 2 of 2

Next: secrets revoke openai --previous   ends the old value, asks first
      secrets rotate ari                 recreates ai_engine, refreshes http-2
      secrets rotate deepgram            recreates ai_engine, refreshes http-2
A remark.
`)
  })

  it('cuts the reason on a narrow terminal, so that no line breaks', async () => {
    const lines = text(statusTable(await sample(), { width: 80, color: false })).split('\n')
    expect(lines.filter((line) => line.startsWith('!') || line.startsWith('~')).every((line) => line.length <= 80)).toBe(true)
  })

  it('uses colours only where it may', async () => {
    const status = await sample()
    expect(text(statusTable(status, { width: 100, color: true }))).toContain('\u001b[31m! attention')
    expect(text(statusTable(status, plain))).not.toContain('\u001b')
  })

  it('says in words that there is nothing', async () => {
    const status = await buildStatus({ inventory: inventoryOf([]), states: [], now: NOW })
    expect(text(statusTable(status, plain))).toMatch(/^voice-agent, production: 0 secrets, nothing declared {2}/)
  })

  it('of one secret shows every finding with its hint', async () => {
    const detail = text(detailTable(await sample(), plain))
    expect(detail).toContain('violation (min-length): ASTERISK_ARI_PASSWORD has 8 characters, at least 16 are asked for\n      secrets rotate ari')
  })

  it('names what an open rotation waits for, since when and until when, and the command', async () => {
    const openai = secretOf('openai', { rotator: { kind: 'command', params: {} } })
    const [old, made] = [versionOf(openai, { n: 1, replacedAt: NOW - DAY }), versionOf(openai, { n: 2 })]
    const consumers = ['compose-1', 'http-2'].map((key) => ({ key, unproven: 'hold' }) as const)
    const rotation = rotationOf(openai, {
      openedAt: NOW - DAY,
      askFrom: NOW - DAY,
      reason: 'due',
      retiring: old,
      made,
      done: ['create', 'set', 'test', 'promote'],
      promote: { pos: 5, at: NOW - DAY / 2 },
    })
    const open = {
      ...rotation,
      snapshot: { ...rotation.snapshot, revokes: true, overlap: true, gate: [{ host: 'pbx-1', file: '.env', unproven: 'hold' as const, consumers }] },
    }
    const vars = { OPENAI: { value: 'hmac:k1:new', from: { openai: made.token } } }
    const host = hostOf({ outputs: { '.env': { claimPos: 6, claimAt: NOW, at: NOW, changedPos: 6, vars } } })
    const status = await buildStatus({
      inventory: inventoryOf([openai]),
      states: [host, stateOf(openai, { current: made, former: [old], rotation: open })],
      now: NOW,
    })
    expect(text(detailTable(status, { width: 80, color: false }))).toContain(`
  rotation open since Fri 19:00 (due): waits for proof since 07:00; from Sun 19:00 on you are asked
      compose-1 (.env) on pbx-1: has not proved yet what it holds
      http-2 (.env) on pbx-1: has not proved yet what it holds
      secrets approve openai --reason TEXT   once you have seen that everything runs
`)
    expect(text(statusTable(status, { width: 80, color: false }))).toMatch(/^~ rotating .* waits for proof$/m)
    expect(JSON.parse(text(reportJson(status))).secrets[0].rotation).toMatchObject({
      waits: 'proof',
      since: '2026-11-21T06:00:00.000Z',
      missing: [{ host: 'pbx-1', file: '.env', consumer: 'compose-1' }, { consumer: 'http-2' }],
      hint: expect.stringContaining('secrets approve openai --reason TEXT'),
    })
  })

  it('leaves the limit out where the reasons would not fit beside it, then cuts between words', async () => {
    const secret = secretOf('a-name-of-some-length', { accept: [{ rule: 'max-age', until: NOW + DAY, reason: 'x', by: 'ops' }] })
    const status = await buildStatus({
      inventory: inventoryOf([secret]),
      states: [stateOf(secret, { current: versionOf(secret, { ageDays: 100 }) })],
      now: NOW,
    })
    const at = (width: number) => text(statusTable(status, { width, color: false }))
    expect(at(100)).toMatch(/LIMIT[\s\S]* accepted until 2026-11-22$/m)
    expect(at(80)).toMatch(/^ {2}STATE {2}SECRET +AGE {2}DUE +RUNNING {2}WHY\n.* accepted until 2026-11-22$/m)
    expect(at(76)).toMatch(/ accepted until\.\.\.$/m)
  })

  it('gives no due date to what has no value, and names its command', async () => {
    const secret = secretOf('elevenlabs', { rotator: { kind: 'manual', params: {} } })
    const status = await buildStatus({ inventory: inventoryOf([secret]), states: [], now: NOW })
    expect(status.rows.map((row) => dueOf(row, NOW))).toEqual(['-'])
    expect(text(detailTable(status, plain))).toContain('info (no-value): no value in the store yet\n      secrets set elevenlabs\n')
    expect(JSON.parse(text(reportJson(status))).secrets[0]).toMatchObject({
      dueAt: null,
      findings: [{ message: 'no value in the store yet', hint: 'secrets set elevenlabs' }],
    })
  })

  it('of a report adds totals, owners, exceptions and history', async () => {
    const report = text(reportTable(await sample(), plain))
    expect(report).toContain('By state:   1 attention, 1 violation, 1 overdue, 1 due, 0 rotating, 1 ok')
    expect(report).toContain('  platform@example.org: 1, of them 1 attention\n  (nobody named): 4')
    expect(report).toContain('History:    11 versions, 1 replaced in 30 days')
  })
})

describe('markdown', () => {
  it('lets no name or reason become markup', async () => {
    const secret = secretOf('a', { owner: 'x | **y** <b>', accept: [{ rule: 'max-age', until: NOW + DAY, reason: 'a|b', by: '[ops](x)' }] })
    const status = await buildStatus({
      inventory: inventoryOf([secret]),
      states: [stateOf(secret, { current: versionOf(secret, { ageDays: 100 }) })],
      now: NOW,
    })
    const report = text(reportMarkdown(status))
    expect(report).toContain('x \\| \\*\\*y\\*\\* \\<b\\>')
    expect(report).toContain('| a | max-age | 22 Nov | \\[ops\\](x) | a\\|b |')
    // Every row of a table has as many cells as its title.
    for (const block of report.split('\n\n').filter((part) => part.startsWith('|'))) {
      const cells = block
        .trim()
        .split('\n')
        .map((line) => line.replaceAll('\\|', '').split('|').length)
      expect(new Set(cells).size).toBe(1)
    }
  })
})

describe('keyturn/report@1', () => {
  it('adds totals by state and owner, exceptions and counts of the history', async () => {
    const report = JSON.parse(text(reportJson(await sample())))
    expect(report).toMatchObject({
      schema: 'keyturn/report@1',
      states: { attention: 1, violation: 1, overdue: 1, due: 1, rotating: 0, ok: 1 },
      owners: [
        { owner: 'platform@example.org', total: 1 },
        { owner: null, total: 4 },
      ],
      accepted: [],
      history: { versions: 11, givenUp: 0 },
    })
    expect(report.secrets).toHaveLength(5)
  })
})

describe('phrases', () => {
  it('give a date its year only where it could be mistaken', () => {
    expect(formatDay(Date.UTC(2027, 1, 5, 12), NOW)).toBe('5 Feb')
    expect(formatDay(Date.UTC(2028, 1, 5, 12), NOW)).toBe('5 Feb 2028')
    expect(formatDay(Date.UTC(2025, 1, 5, 12), NOW)).toBe('5 Feb 2025')
  })

  it('say a time by its day, and by its year where it could be mistaken', () => {
    const at = (days: number) => sayMoment(NOW + days * DAY, NOW)
    expect([at(0), at(1), at(-5), at(30), at(300)]).toEqual(['19:00', 'Sun 19:00', 'Mon 19:00', '21 Dec 19:00', '17 Sep 2027'])
  })

  it('show the offset of the local clock', () => {
    expect(formatMoment(Date.UTC(2026, 6, 1, 0, 30))).toBe('Wed 1 Jul 02:30 +02:00')
  })

  it('offer no command twice, and none that a hint only mentions', async () => {
    const commands = nextCommands(await sample(), 10).map(({ command }) => command)
    expect(commands).toEqual(['secrets revoke openai --previous', 'secrets rotate ari', 'secrets rotate deepgram', 'secrets rotate twilio'])
  })
})
