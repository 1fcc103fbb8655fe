import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findPatterns, looksRandom } from '../../src/policy/patterns.ts'

const asked = 80

const alphabet = (letters: string, length: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: length * 2, maxLength: length * 2 })
    .map((bytes) => Array.from({ length }, (_, i) => letters[((bytes[i * 2] ?? 0) * 256 + (bytes[i * 2 + 1] ?? 0)) % letters.length]).join(''))

describe('patterns', () => {
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
    const { bits, pattern: found } = findPatterns(value)
    expect(bits).toBeLessThan(45)
    expect([pattern, 'one part repeated', 'a sequence', 'dictionary words', 'a keyboard walk']).toContain(found)
    expect(found).not.toBeNull()
  })

  it('nothing has no bits', () => {
    expect(findPatterns('')).toEqual({ bits: 0, pattern: null })
  })

  it('random values of 22 characters and more are strong, whatever the alphabet', () => {
    for (const [letters, length] of [
      ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-', 22],
      ['0123456789abcdef', 32],
      ['abcdefghijklmnopqrstuvwxyz0123456789', 22],
    ] as const) {
      // Chance may build a pattern here and there; it must not build one as often as once in a thousand.
      const samples = fc.sample(alphabet(letters, length), 300)
      expect(samples.filter((value) => findPatterns(value).bits < asked)).toEqual([])
    }
  })

  it('nearly all random values of 16 characters are strong', () => {
    const samples = fc.sample(alphabet('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-', 16), 1000)
    expect(samples.filter((value) => findPatterns(value).bits < asked).length).toBeLessThan(5)
  })

  it('a longer value is never easier to guess than its beginning', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40, unit: 'grapheme-ascii' }), fc.string({ maxLength: 10, unit: 'grapheme-ascii' }), (value, more) => {
        expect(findPatterns(value + more).bits).toBeGreaterThanOrEqual(findPatterns(value).bits - 1)
      }),
      { examples: [['aaaa', 'b']], numRuns: 300 },
    )
  })

  it('looks at the beginning of a huge value alone, and quickly', () => {
    const before = performance.now()
    expect(findPatterns('x7'.repeat(500_000)).bits).toBeLessThan(45)
    expect(performance.now() - before).toBeLessThan(2000)
  })

  it.each([
    'correct-horse-battery-staple',
    'MyDogIsCalledRexAndHeIsBrown',
    'P4ssw0rdV3ryS3cr3tK3y4Ever',
    'Trustno1Trustno1Trustno1',
    '0123456789abcdef0123456789abcdef',
  ])('%s is not taken for chance because it is long', (value) => {
    expect(looksRandom(value)).toBe(false)
  })

  it('words that stand around a value are the first that are tried', () => {
    expect(findPatterns('zkxbridge-2026', new Set(['zkxbridge'])).pattern).toBe('names of this project')
    expect(findPatterns('zkxbridge-2026', new Set(['zkxbridge'])).bits).toBeLessThan(findPatterns('zkxbridge-2026').bits - 20)
  })
})
