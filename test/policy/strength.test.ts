import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { publishedReason } from '../../src/policy/published.ts'
import { judgeOnce, judgeStrength, WEAK_BITS } from '../../src/policy/strength.ts'

/** What stands around the values below. */
const NAMES = ['voice-agent', 'production', 'asterisk-ari', 'ASTERISK_ARI_PASSWORD', 'ari-operator', 'pbx-host-1', 'openai']

/** Each is long enough or strange enough for somebody to have thought it strong. */
const BAD = (
  'Password1Password1|qwertyuiop1234!|asterisk123|Summer2026!|123456789012345678|aaaaaaaaaaaaaaaaaaaa|admin@localhost|changeme-please|correct-horse|' +
  'correct-horse-battery|purple-monkey|2024-12-31|31.12.2024-2026|19840704|+43 664 1234567|06641234567|0043-664-1234567|voice-agent-2026|voiceagent2026!|' +
  'VoiceAgent123!|P4ssw0rd!P4ssw0rd!|P@ssw0rd2026!|S3cr3tP@ssw0rd|letmeinletmeinletmein|iloveyouforever2024|supersecretjwtkey|Welcome2Company!|' +
  'asterisk-ari-password|ari-operator1|ari-operator-2026|pbx-host-1|pbxhost1pbxhost1|openai-key-2026|zaq12wsxcde34rfv|1qaz2wsx3edc4rfv|qazwsxedcrfvtgb|' +
  'asdfghjklqwertyuiop|!QAZ2wsx#EDC4rfv|abcdefghijklmnop|9876543210987654|abcabcabcabcabcabc|abc123abc123abc123|1234512345123451|000000000000000000|' +
  '111122223333444455|football-baseball|monkeydragon123|Michael1984!|jennifer-2001-jessica|trustno1trustno1|adminadminadmin1|administrator2026|' +
  'rootrootrootroot|test1234test1234|postgres-password-1|redis-secret-2026|grafana-admin-pw|Spring2026Spring|january-february|MondayTuesday1!|' +
  'passwordpassword|drowssap1drowssap|dr0wss4p-t3rc3s|L3tM31nN0w!2026|production-secret-key|deepgram-api-key-1|twilio-auth-token|secret-token-value|' +
  'my-secret-password|this-is-a-secret|sunshine-princess|batman-superman-1|qwertyqwertyqwerty|poiuytrewqlkjhgf|zxcvbnm,./asdfgh|2026-11-21-2026-11-22|' +
  '12.12.1990-maria'
).split('|')

/** Uniform bytes from a number: an arbitrary's own lean towards small ones, and nobody's key is made so. */
const chance = (n: number) => (seed: number) => Buffer.concat([0, 1].map((part) => createHash('sha256').update(`${seed} ${part}`).digest())).subarray(0, n)
const letters = (n: number) => (seed: number) => chance(n)(seed).toString('base64url').slice(0, n)

function uuid(seed: number): string {
  const hex = chance(16)(seed).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}

describe('strength', () => {
  it('is judged once a value and the names around it', async () => {
    const judge = judgeOnce()
    const first = await judge('marzipan-bakery-77', [])
    expect(first).toEqual(await judgeStrength('marzipan-bakery-77'))
    expect(await judge('marzipan-bakery-77', [])).toBe(first)
    expect(await judge('marzipan-bakery-77', ['marzipan bakery'])).toEqual(await judgeStrength('marzipan-bakery-77', ['marzipan bakery']))
    expect(await judge('marzipan-bakery-78', [])).not.toBe(first)
  })

  it.each(BAD)('%s is weak, and it is said why', async (value) => {
    const { bits, pattern } = await judgeStrength(value, NAMES)
    const published = publishedReason(value)
    if (published === null)
      expect({ bits, pattern }).toEqual({ bits: expect.toSatisfy((n: number) => n < WEAK_BITS), pattern: expect.stringMatching(/[a-z ]{5,}/) })
    else expect(published).toMatch(/published default|placeholder/)
  })

  it('knows passwords that have leaked', async () => {
    expect(await judgeStrength('trustno1-q1w2e3r4t5')).toEqual({ bits: expect.toSatisfy((n: number) => n < 40), pattern: 'a leaked password' })
  })

  it.each([
    ['hexadecimal of 16 bytes', (seed: number) => chance(16)(seed).toString('hex')],
    ['hexadecimal of 32 bytes', (seed: number) => chance(32)(seed).toString('hex')],
    ['base64 of 32 bytes', (seed: number) => chance(32)(seed).toString('base64')],
    ['base64url of 16 bytes', letters(22)],
    ['a UUID', uuid],
    ['a key such as sk-...', (seed: number) => `sk-proj-${letters(48)(seed)}`],
    ['40 hexadecimal digits', (seed: number) => chance(20)(seed).toString('hex')],
  ])('chance is never called weak: %s', { timeout: 120_000 }, async (_, make) => {
    await fc.assert(
      fc.asyncProperty(fc.noShrink(fc.maxSafeInteger()).map(make), async (value) => {
        const { bits } = await judgeStrength(value, NAMES)
        expect(bits).toBeGreaterThanOrEqual(80)
        expect(publishedReason(value)).toBeNull()
      }),
      { numRuns: 2000 },
    )
  })

  it('looks at the beginning of a huge value alone', async () => {
    const before = performance.now()
    expect((await judgeStrength('x7'.repeat(500_000))).bits).toBeLessThan(WEAK_BITS)
    expect(performance.now() - before).toBeLessThan(5000)
  })
})
