import { expect, test } from 'vitest'
import type { ConsumerContext, Sight } from '../../src/ports.ts'
import { namingOf } from '../../src/rotation/held-version.ts'
import { ago, differencesIn, sayIdle, sayOld, sayUnsure } from '../../src/rotation/live-words.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { UNTAKEN } from '../../src/terms.ts'
import { FINGERPRINTS, printOf } from '../consumers/context.ts'
import { factsOf, secretOf, stateOf, versionOf } from '../policy/states.ts'
import { expectNoCanary } from '../support/canary.ts'

const DAY = 86_400_000
const NOW = 1_800_000_000_000
const KEY = 'OPENAI_API_KEY'

const openai = secretOf('openai', { env: { [KEY]: 'value' } })
const db = secretOf('db', { env: {} })
const held = (secret: typeof openai, n: number, value: string, more: object = {}) =>
  versionOf(secret, { n, token: `t${n}`, facts: { value: factsOf('', { value: printOf(value) }) }, ...more })
const states = new Map([
  [
    'openai',
    stateOf(openai, {
      current: held(openai, 4, 'canary-4'),
      former: [held(openai, 3, 'canary-3'), held(openai, 2, 'canary-2', { deadAt: NOW - 3 * DAY })],
    }),
  ],
  ['db', stateOf(db, { current: held(db, 2, 'canary-pw-2'), former: [held(db, 1, 'canary-pw-1')] })],
])
const naming = namingOf({
  behind: new Map([
    [KEY, [openai]],
    ['URL', [db]],
  ]),
  states,
  written: [{ name: 'URL', value: printOf('postgres://canary-pw-1@db'), from: { db: 't1' } }],
  fingerprints: FINGERPRINTS,
  ends: () => true,
})
const context = {
  vars: [KEY, 'URL'],
  expected: { [KEY]: new Sensitive('canary-4'), URL: new Sensitive('postgres://canary-pw-2@db') },
  fingerprints: FINGERPRINTS,
} as unknown as ConsumerContext<unknown>

const part = (vars: Record<string, string | null>, more: Partial<Sight> = {}): Sight => ({
  who: 'service ai_engine',
  part: 'container',
  since: NOW - 41 * DAY,
  vars: Object.fromEntries(
    Object.entries(vars).map(([name, value]) => [name, value === null || value.startsWith('hmac:') || value === UNTAKEN ? value : printOf(value)]),
  ),
  mend: 'run docker compose up -d --no-deps --force-recreate ai_engine',
  ...more,
})

function said(parts: readonly Sight[], standing: Record<string, string> = {}) {
  const file = new Map(Object.entries(standing).map(([name, value]) => [name, printOf(value)]))
  const differences = differencesIn(context, parts, file)
  if (differences.length === 0) return null
  const { severity, message, hint } = sayOld({ parts, running: parts, file: '.env', now: NOW }, differences, naming, file.size > 0)
  expectNoCanary(`${message} ${hint}`, 'the words')
  return `${severity}: ${message}; ${hint}`
}

test('the words of one variable: version, age, and what to run', () => {
  expect(said([part({ [KEY]: 'canary-3' })])).toBe(
    'warning: service ai_engine still runs OPENAI_API_KEY version 3 (container created 41 days ago), the store has version 4; run docker compose up -d --no-deps --force-recreate ai_engine',
  )
  expect(said([part({ [KEY]: 'canary-elsewhere' }, { trap: 'a trap' })])).toMatch(
    /^warning: service ai_engine still runs a value of OPENAI_API_KEY that this store never held \(container .*\), the store has version 4; run .* ai_engine {3}\(a trap\)$/,
  )
  expect(said([part({ [KEY]: 'hmac:other:0' })])).toContain('still runs another value of OPENAI_API_KEY (container')
  expect(said([part({ [KEY]: null })])).toContain('service ai_engine runs without OPENAI_API_KEY (container created 41 days ago), the store has version 4;')
  expect(said([part({ [KEY]: 'canary-2' })])).toContain(
    'error: service ai_engine still runs OPENAI_API_KEY version 2 (container created 41 days ago), which was ended 3 days ago: its calls fail, the store has version 4;',
  )
  expect(said([part({ [KEY]: 'canary-3' }, { part: 'process', since: NOW - 5 * 3_600_000, who: 'app.service' })])).toContain(
    'app.service still runs OPENAI_API_KEY version 3 (process started 5 hours ago), the store',
  )
  expect(said([part({ [KEY]: 'canary-3' }, { since: null })])).toContain('still runs OPENAI_API_KEY version 3, the store has version 4')
})

test('a text made of a secret is named by what was written once', () => {
  expect(said([part({ URL: 'postgres://canary-pw-1@db' })])).toContain(
    'still runs URL with db version 1 (container created 41 days ago), the store has db version 2;',
  )
})

test('what is current, or not taken, is nothing to say', () => {
  expect(said([part({ [KEY]: 'canary-4', URL: UNTAKEN })])).toBeNull()
  expect(said([part({})])).toBeNull()
})

test('of several containers it says how many, and of several variables each', () => {
  const parts = [part({ [KEY]: 'canary-3' }), part({ [KEY]: 'canary-3' }, { since: NOW - DAY }), part({ [KEY]: 'canary-4' })]
  expect(said(parts)).toContain('version 3 (2 of 3 containers, the oldest created 41 days ago), the store has version 4;')
  expect(said([part({ [KEY]: 'canary-3', URL: null })])).toContain(
    'service ai_engine still runs other values (container created 41 days ago): OPENAI_API_KEY version 3, the store has version 4; URL is missing, the store has db version 2;',
  )
  expect(said([part({ [KEY]: 'canary-3' }), part({ [KEY]: 'canary-elsewhere' })])).toContain(
    'still runs other values: OPENAI_API_KEY version 3 (1 of 2 containers, created 41 days ago), the store has version 4; a value of OPENAI_API_KEY that this store never held (1 of 2',
  )
})

test('a file that was edited beside the store is compared too', () => {
  expect(said([part({ [KEY]: 'canary-4' })], { [KEY]: 'canary-by-hand' })).toMatch(
    /^warning: service ai_engine still runs OPENAI_API_KEY version 4 \(container created 41 days ago\), \.env has another value; secrets sync --check \(\.env differs from the store\); then run docker/,
  )
  expect(said([part({ [KEY]: 'canary-by-hand' })], { [KEY]: 'canary-by-hand' })).toContain('a value of OPENAI_API_KEY that this store never held')
})

test('what does not run, and what nothing shows', () => {
  const idle = part({ [KEY]: 'canary-3' }, { idle: 'exited', mend: 'run docker compose up -d ai_engine' })
  const words = { parts: [idle], running: [], file: '.env', now: NOW }
  expect(sayIdle(words, differencesIn(context, [idle], new Map()), naming)).toEqual({
    severity: 'note',
    code: 'NOT_RUNNING',
    message: 'service ai_engine does not run (exited); started as it is, it would run OPENAI_API_KEY version 3',
    hint: 'run docker compose up -d ai_engine',
  })
  expect(sayIdle(words, [], null).message).toBe('service ai_engine does not run (exited), so there is nothing to compare')
  const unsure = part({}, { unsure: { names: [KEY], why: 'it was started before .env was written last' } })
  expect(sayUnsure({ ...words, running: [unsure] })).toEqual([
    {
      severity: 'warning',
      code: 'UNPROVEN',
      message: 'service ai_engine: nothing shows which value of OPENAI_API_KEY it runs: it was started before .env was written last',
      hint: 'run docker compose up -d --no-deps --force-recreate ai_engine',
    },
  ])
})

test.each([
  [0, 'just now'],
  [119_999, 'just now'],
  [120_000, '2 minutes ago'],
  [7_200_000, '2 hours ago'],
  [47 * 3_600_000, '47 hours ago'],
  [41.9 * DAY, '41 days ago'],
])('%d ms is %s', (ms, words) => expect(ago(ms)).toBe(words))
