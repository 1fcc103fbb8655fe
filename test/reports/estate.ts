import fc from 'fast-check'
import { buildStatus, type Status } from '../../src/reports/build.ts'
import type { Secret } from '../../src/terms.ts'
import { DAY, factsOf, hostOf, inventoryOf, NOW, outputOf, rotationOf, secretOf, stateOf, versionOf } from '../policy/states.ts'

/** Projects of any size with something in every state, for the tests of what is shown. */

/** Names and words that are markup, formulas, other scripts and signs that turn the direction. */
export const AWKWARD = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "'; drop table secrets; --",
  '&lt;b&gt; &amp;',
  '🔑 ключ 鍵',
  'مفتاح سري',
  '\u202eetis.elpmaxe',
  `long ${'x'.repeat(200)}`,
  '=HYPERLINK("http://127.0.0.1","x")',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  'a,b;c',
  'two\nlines',
  'nul \u0000 esc \u001b[31m',
] as const

/** As a text file shows it. */
export const printable = (word: string): string => word.toWellFormed().replaceAll(/(?![\t\n\r])\p{Cc}/gu, '\ufffd')

/** Any text of UTF-16 units, also halves of characters; the signs that matter come often. */
export const anyText = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(...'<>&"\'=+-@,;\n\r\t \u202e\u2066'.split('').map((sign) => sign.charCodeAt(0)))), {
    minLength: 1,
    maxLength: 12,
  })
  .map((units) => String.fromCharCode(...units))

/** `words` stand as names, variables, owners and reasons of as many secrets. */
export function awkwardStatus(words: readonly string[] = AWKWARD): Promise<Status> {
  const secrets = words.map((word, i) =>
    secretOf(`s${i}`, {
      name: word,
      env: { [word]: 'value' },
      owner: word,
      accept: i % 2 === 0 ? [{ rule: 'max-age', until: NOW + DAY, reason: word, by: word }] : [],
    }),
  )
  const failure = {
    seq: 3,
    step: 'refresh',
    code: 'CONSUMER_FAILED',
    message: words[0] ?? '',
    hint: words[1] ?? '',
    at: NOW,
    retryAt: NOW + DAY,
    attempts: 1,
  } as const
  const host = hostOf({ failures: { [words[0] ?? 'x']: failure } })
  const inventory = inventoryOf(secrets, { project: words[0] ?? 'p', environment: words[1] ?? 'e' })
  const states = secrets.map((secret, i) => stateOf(secret, { current: versionOf(secret, { ageDays: i % 3 === 2 ? 5 : 100 }) }))
  return buildStatus({ inventory, states: [host, ...states], now: NOW, remarks: [words[0] ?? ''] })
}

/** As in life: most are fine; some are due, overdue, weak, shared, of unknown age, without a value, exempt, or being rotated. */
export function estate(count: number): Promise<Status> {
  const secrets = Array.from({ length: count }, (_, i) => secretOf(`secret-${String(i).padStart(5, '0')}`, differs(i)))
  const states = secrets.map((secret, i) => {
    if (i % 19 === 12) return stateOf(secret, { current: null, count: 0 })
    const facts = i % 13 === 4 ? factsOf(`p${i}`, { weak: 'published default', length: 8, entropyBits: 8 }) : factsOf(i % 23 === 9 ? 'same' : `v${i}`)
    const bornAt = i % 29 === 14 ? null : NOW - ((i * 37) % 103) * DAY
    const current = versionOf(secret, { n: 1 + (i % 4), facts: { value: facts }, bornAt, source: i % 7 === 2 ? 'file' : 'rotation' })
    if (i % 17 !== 5) return stateOf(secret, { current })
    const old = versionOf(secret, { n: 9, ageDays: 60, replacedAt: NOW - DAY })
    const rotation = rotationOf(secret, {
      retiring: old,
      made: current,
      done: ['create', 'set', 'test', 'promote'],
      promote: { pos: 5, at: NOW - DAY },
      graceUntil: NOW + DAY,
    })
    return stateOf(secret, { current, former: [old], rotation })
  })
  return buildStatus({ inventory: inventoryOf(secrets, { outputs: [outputOf()] }), states, now: NOW })
}

function differs(i: number): Partial<Secret> {
  return {
    ...(i % 3 === 0 && { owner: `team-${i % 7}@example.org` }),
    ...(i % 8 === 3 && { rotator: { kind: 'manual', params: {} } }),
    ...(i % 31 === 17 && { rotator: { kind: 'none', params: {} }, reason: 'it encrypts stored data' }),
    ...(i % 11 === 6 && { accept: [{ rule: 'max-age', until: NOW + 40 * DAY, reason: 'vendor freeze', by: 'ops' }] }),
  }
}
