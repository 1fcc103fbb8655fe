import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { publishedReason } from '../../src/policy/published.ts'

const alphabet = (letters: string, length: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: length * 2, maxLength: length * 2 })
    .map((bytes) => Array.from({ length }, (_, i) => letters[((bytes[i * 2] ?? 0) * 256 + (bytes[i * 2 + 1] ?? 0)) % letters.length]).join(''))

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

  it.each([
    'AKIAIOSFODNN7EXAMPLE',
    'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    'django-insecure-8f3k2m9q',
    'super-secret-jwt-token-with-at-least-32-characters-long',
  ])('%s stands in a manual or a start kit', (value) => {
    expect(publishedReason(value)).toBe('published default')
  })

  it.each(['$2b$12$abcdefghijklmnopqrstuv', '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----', 'xoxb-1234-5678-AbCdEf', 'your'])(
    '%s is none',
    (value) => {
      expect(publishedReason(value)).toBeNull()
    },
  )
})
