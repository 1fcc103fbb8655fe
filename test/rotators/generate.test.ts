import fc from 'fast-check'
import { expect, test } from 'vitest'
import { generate, type Requirement, requirementSchema, TOKEN_ALPHABET } from '../../src/rotators/generate.ts'
import { seededRandom } from '../support/random.ts'

const NO_MINIMUM = { minLength: 1, minEntropyBits: 0 }
const DEFAULT = { minLength: 16, minEntropyBits: 80 }
const make = (wanted: Partial<Requirement>, seed: number | string = 1, policy = NO_MINIMUM): string =>
  generate({ format: 'token', ...wanted }, policy, seededRandom(seed)).reveal()

/** Sum of (seen - expected)^2 / expected. For `n` cells it stays below n + 5 * sqrt(2n) but for one draw in a million. */
function chiSquare(counts: readonly number[], expected: number): number {
  return counts.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0)
}
const bound = (cells: number): number => cells + 5 * Math.sqrt(2 * cells)

test.each([
  ['token', TOKEN_ALPHABET, {}],
  ['hex', '0123456789abcdef', { format: 'hex' }],
  ['alphanumeric', TOKEN_ALPHABET.slice(0, 62), { format: 'alphanumeric' }],
  ['an alphabet of 3', 'abc', { alphabet: 'abc' }],
  ['an alphabet of 94', Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join(''), {}],
] as const)('every character of %s is drawn alike', (name, alphabet, wanted) => {
  const own = name === 'an alphabet of 94' ? { alphabet } : wanted
  const counts = new Map([...alphabet].map((letter) => [letter, 0]))
  let total = 0
  for (let seed = 0; seed < 40; seed++) {
    // Behind the first character: that one has its own rule.
    for (const letter of make({ ...own, length: 2000 }, `${name}${seed}`).slice(1)) {
      counts.set(letter, (counts.get(letter) ?? 0) + 1)
      total++
    }
  }
  expect(counts.size).toBe(alphabet.length)
  expect(chiSquare([...counts.values()], total / alphabet.length)).toBeLessThan(bound(alphabet.length))
})

test('the chi-square bound of these tests sees the bias of a plain remainder', () => {
  const counts = new Array<number>(62).fill(0)
  for (const byte of seededRandom('biased').bytes(80_000)) counts[byte % 62] = (counts[byte % 62] ?? 0) + 1
  expect(chiSquare(counts, 80_000 / 62)).toBeGreaterThan(bound(62))
})

test('the first character is drawn alike from all but the dash', () => {
  const counts = new Map<string, number>()
  for (let seed = 0; seed < 6300; seed++) {
    const first = make({ length: 1 }, seed).charAt(0)
    counts.set(first, (counts.get(first) ?? 0) + 1)
  }
  expect(counts.has('-')).toBe(false)
  expect(counts.size).toBe(63)
  expect(chiSquare([...counts.values()], 100)).toBeLessThan(bound(63))
})

test('a value has the length, the alphabet and the prefix asked for, and never begins with a dash', () => {
  const alphabets = fc.uniqueArray(fc.integer({ min: 0x21, max: 0x7e }), { minLength: 2, maxLength: 94 }).map((codes) => String.fromCharCode(...codes))
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 300 }), alphabets, fc.constantFrom('', 'sk_', '-x'), (seed, length, alphabet, prefix) => {
      const value = make({ length, alphabet, prefix }, seed)
      expect(value.startsWith(prefix)).toBe(true)
      const rest = value.slice(prefix.length)
      expect(rest).toHaveLength(length)
      for (const letter of rest) expect(alphabet).toContain(letter)
      if (prefix === '') expect(value.startsWith('-')).toBe(false)
    }),
  )
})

test('hex and base64 decode to the bytes asked for', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 100 }), fc.constantFrom('hex', 'base64', 'base64url'), (seed, bytes, format) => {
      const value = make({ format, bytes }, seed)
      expect(Buffer.from(value, format)).toHaveLength(bytes)
      expect(Buffer.from(value, format).toString(format)).toBe(value)
      expect(value.startsWith('-')).toBe(false)
    }),
  )
})

test('the default is 43 characters of A-Z a-z 0-9 _ -', () => {
  expect(make({}, 1, DEFAULT)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{42}$/)
  expect(make({ format: 'base64url' }, 1, DEFAULT)).toHaveLength(43)
  expect(make({ format: 'hex' }, 1, DEFAULT)).toMatch(/^[0-9a-f]{43}$/)
})

test('a length that is not given grows with the policy, in characters and in bits', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Partial<Requirement>>(
        {},
        { format: 'hex' },
        { format: 'alphanumeric' },
        { alphabet: 'ab' },
        { format: 'base64' },
        { format: 'base64url' },
      ),
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 0, max: 1200 }),
      (wanted, minLength, minEntropyBits) => {
        const value = make(wanted, 7, { minLength, minEntropyBits })
        const size = wanted.alphabet?.length ?? { token: 64, hex: 16, alphanumeric: 62, base64: 64, base64url: 64 }[wanted.format ?? 'token']
        expect(value.replace(/=+$/, '').length).toBeGreaterThanOrEqual(wanted.format?.startsWith('base64') ? minLength - 2 : minLength)
        expect(value.length).toBeGreaterThanOrEqual(minLength)
        expect((value.replace(/=+$/, '').length + 0.01) * Math.log2(size)).toBeGreaterThanOrEqual(minEntropyBits)
      },
    ),
  )
})

test('a length below the policy is an error that names what would do', () => {
  expect(() => make({ length: 12 }, 1, DEFAULT)).toThrow(/length 12 would be too weak: the policy asks for 16 characters and 80 bits/)
  expect(() => make({ format: 'hex', length: 16 }, 1, DEFAULT)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringContaining('length: 20') }),
  )
  expect(() => make({ format: 'hex', bytes: 9 }, 1, DEFAULT)).toThrow(expect.objectContaining({ hint: expect.stringContaining('bytes: 10') }))
  expect(() => make({ format: 'base64', bytes: 8 }, 1, DEFAULT)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})

test('contradictory requirements are refused where they are declared', () => {
  for (const wrong of [
    { length: 20, bytes: 20 },
    { format: 'base64', length: 20 },
    { format: 'alphanumeric', bytes: 20 },
    { bytes: 20 },
    { format: 'hex', alphabet: 'xyz' },
    { alphabet: 'aab' },
    { alphabet: 'a' },
    { alphabet: 'a b' },
    { prefix: 'a\n' },
    { length: 0 },
    { colour: 'red' },
  ]) {
    expect(requirementSchema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false)
  }
})

test('a random source that repeats itself ends in an error, not in a loop', () => {
  const broken = { bytes: (n: number) => new Uint8Array(n).fill(255) }
  expect(() => generate({ format: 'alphanumeric' }, DEFAULT, broken)).toThrow(/random source/)
  // 0xfb is `-` in base64url.
  expect(() => generate({ format: 'base64url' }, DEFAULT, { bytes: (n) => new Uint8Array(n).fill(0xfb) })).toThrow(/random source/)
})
