import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { publishedReason } from '../../src/policy/published.ts'
import { estimateStrength } from '../../src/policy/strength.ts'

const asked = 80

const alphabet = (letters: string, length: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: length * 2, maxLength: length * 2 })
    .map((bytes) => Array.from({ length }, (_, i) => letters[((bytes[i * 2] ?? 0) * 256 + (bytes[i * 2 + 1] ?? 0)) % letters.length]).join(''))

describe('strength', () => {
  it.each([
    ['Password1Password1', 'one part repeated'],
    ['aaaaaaaaaaaaaaaaaaaa', 'one part repeated'],
    ['qwertyuiop123456', 'a keyboard walk'],
    ['changeme-changeme', 'dictionary words'],
    ['abcdefghijklmnop', 'a sequence'],
    ['9876543210987654', 'a sequence'],
    ['P@ssw0rdP@ssw0rd', 'one part repeated'],
    ['supersecretjwtsecret', 'dictionary words'],
    ['1qaz2wsx3edc4rfv', 'a keyboard walk'],
    ['Summer2024Summer', 'dictionary words'],
  ])('%s is long enough and weak all the same', (value, pattern) => {
    const { bits, pattern: found } = estimateStrength(value)
    expect(bits).toBeLessThan(45)
    expect([pattern, 'one part repeated', 'a sequence', 'dictionary words', 'a keyboard walk']).toContain(found)
    expect(found).not.toBeNull()
  })

  it('nothing has no bits', () => {
    expect(estimateStrength('')).toEqual({ bits: 0, pattern: null })
  })

  it('random values of 22 characters and more are strong, whatever the alphabet', () => {
    for (const [letters, length] of [
      ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-', 22],
      ['0123456789abcdef', 32],
      ['abcdefghijklmnopqrstuvwxyz0123456789', 22],
    ] as const) {
      // Chance may build a pattern here and there; it must not build one as often as once in a thousand.
      const samples = fc.sample(alphabet(letters, length), 300)
      expect(samples.filter((value) => estimateStrength(value).bits < asked)).toEqual([])
    }
  })

  it('nearly all random values of 16 characters are strong', () => {
    const samples = fc.sample(alphabet('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-', 16), 1000)
    expect(samples.filter((value) => estimateStrength(value).bits < asked).length).toBeLessThan(5)
  })

  it('a longer value is never easier to guess than its beginning', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40, unit: 'grapheme-ascii' }), fc.string({ maxLength: 10, unit: 'grapheme-ascii' }), (value, more) => {
        expect(estimateStrength(value + more).bits).toBeGreaterThanOrEqual(estimateStrength(value).bits - 1)
      }),
      { examples: [['aaaa', 'b']], numRuns: 300 },
    )
  })

  it('looks at the beginning of a huge value alone, and quickly', () => {
    const before = performance.now()
    expect(estimateStrength('x7'.repeat(500_000)).bits).toBeLessThan(45)
    expect(performance.now() - before).toBeLessThan(2000)
  })
})

describe('published values', () => {
  it.each(['asterisk', 'changeme', 'change-me', 'CHANGE_ME', 'postgres', 'admin', 'Password', 'secret', 'minioadmin', 'difyai123456', 'super-secret'])(
    '%s is a published default or placeholder',
    (value) => {
      expect(publishedReason(value)).not.toBeNull()
    },
  )

  it.each([
    '<your-api-key>',
    '${OPENAI_API_KEY}',
    '$OPENAI_API_KEY',
    '{{ key }}',
    'your-api-key-here',
    'sk-xxxxxxxxxxxxxxxx',
    'REPLACE_ME',
    'replace_with_your_key',
    'sk-your-key-here',
    '************',
    'changeme-changeme',
    'please-change-this-now',
  ])('%s is a placeholder', (value) => {
    expect(publishedReason(value)).not.toBeNull()
  })

  it('takes further published values from the caller, exactly as they are', () => {
    expect(publishedReason('canary-Only-In-The-Sample-1', new Set(['canary-Only-In-The-Sample-1']))).toBe('published default')
    expect(publishedReason('canary-only-in-the-sample-1', new Set(['canary-Only-In-The-Sample-1']))).toBeNull()
  })

  it('takes no random value for one', () => {
    fc.assert(
      fc.property(alphabet('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-', 24), (value) => {
        expect(publishedReason(value)).toBeNull()
      }),
      { numRuns: 1000 },
    )
  })

  it.each(['$2b$12$abcdefghijklmnopqrstuv', '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----', 'xoxb-1234-5678-AbCdEf', 'your'])(
    '%s is none',
    (value) => {
      expect(publishedReason(value)).toBeNull()
    },
  )
})
