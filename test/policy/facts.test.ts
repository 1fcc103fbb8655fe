import { describe, expect, it } from 'vitest'
import { fingerprinter } from '../../src/fingerprint.ts'
import { recordFacts } from '../../src/policy/facts.ts'
import { Sensitive } from '../../src/sensitive.ts'

const fingerprints = fingerprinter('k1', new Sensitive(new Uint8Array(32).fill(7)))
const record = (fields: Record<string, string>, env: Record<string, string> = {}, published?: ReadonlySet<string>) =>
  recordFacts(new Sensitive(fields), { env, fingerprints, ...(published && { published }) })

const strong = 'canary-Vq3xT9_mKd72LpZr0WbYhN'

describe('facts', () => {
  it('hold nothing of the value', () => {
    const facts = record({ value: strong, username: 'canary-user-name' }, { OPENAI_API_KEY: 'value' })
    expect(JSON.stringify(facts)).not.toMatch(/canary|Vq3xT9/)
    expect(facts).toMatchObject({ value: { length: strong.length, value: expect.stringMatching(/^hmac:k1:[0-9a-f]{32}$/) } })
  })

  it('have the same fingerprint for the same bare value under two names, and another for another', () => {
    const { a, b, c } = record({ a: strong, b: strong, c: `${strong}x` })
    expect(a?.value).toBe(b?.value)
    expect(a?.value).not.toBe(c?.value)
  })

  it('ask no strength of a user name', () => {
    expect(record({ username: 'bob', password: 'bob' })).toMatchObject({ username: { identifier: true, length: 3 }, password: { length: 3 } })
    expect(record({ username: 'asterisk' }).username).not.toHaveProperty('weak')
  })

  it('say why a value is known', () => {
    expect(record({ value: 'asterisk' }).value?.weak).toBe('published default')
    expect(record({ value: 'your-api-key-here' }).value?.weak).toBe('placeholder')
    expect(record({ value: 'qwertyuiop123456' }).value?.weak).toBe('a keyboard walk')
    expect(record({ value: strong }).value).not.toHaveProperty('weak')
  })

  it("know the values of the project's own sample file", () => {
    expect(record({ value: strong }, {}, new Set([strong])).value?.weak).toBe('published default')
  })

  it('look at the password of a URL, not at its length', () => {
    const { value } = record({ value: 'postgres://app:postgres@db.example.org:5432/application?sslmode=require' })
    expect(value).toMatchObject({ length: 8, weak: 'published default' })
    expect(record({ value: `postgres://app:${strong}@db:5432/app` }).value).toMatchObject({ length: strong.length })
    expect(record({ value: 'redis://:p%40ss@cache:6379' }).value).toMatchObject({ length: 4 })
  })

  it('remark on a key that does not look like one of its provider', () => {
    expect(record({ value: strong }, { OPENAI_API_KEY: 'value' }).value?.shape).toContain('openai')
    expect(record({ value: `sk-${'Ab3'.repeat(16)}` }, { OPENAI_API_KEY: 'value' }).value).not.toHaveProperty('shape')
    expect(record({ value: strong }, { JWT_SECRET: 'value' }).value).not.toHaveProperty('shape')
  })

  it('count characters, not code units', () => {
    expect(record({ value: '🔑🔑🔑' }).value?.length).toBe(3)
  })
})
