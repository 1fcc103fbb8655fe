import { describe, expect, it } from 'vitest'
import { fingerprinter } from '../../src/fingerprint.ts'
import { FACTS_VERSION, recordFacts } from '../../src/policy/facts.ts'
import { Sensitive } from '../../src/sensitive.ts'

const fingerprints = fingerprinter('k1', new Sensitive(new Uint8Array(32).fill(7)))
const record = (fields: Record<string, string>, env: Record<string, string> = {}, published?: ReadonlySet<string>) =>
  recordFacts(new Sensitive(fields), { env, fingerprints, ...(published && { published }) })

const strong = 'canary-Vq3xT9_mKd72LpZr0WbYhN'

describe('facts', () => {
  it('hold nothing of the value', async () => {
    const facts = await record({ value: strong, username: 'canary-user-name' }, { OPENAI_API_KEY: 'value' })
    expect(JSON.stringify(facts)).not.toMatch(/canary|Vq3xT9/)
    expect(facts).toMatchObject({ value: { length: strong.length, value: expect.stringMatching(/^hmac:k1:[0-9a-f]{32}$/) } })
  })

  it('have the same fingerprint for the same bare value under two names, and another for another', async () => {
    const { a, b, c } = await record({ a: strong, b: strong, c: `${strong}x` })
    expect(a?.value).toBe(b?.value)
    expect(a?.value).not.toBe(c?.value)
  })

  it('ask no strength of a user name', async () => {
    expect(await record({ username: 'bob', password: 'bob' })).toMatchObject({ username: { identifier: true, length: 3 }, password: { length: 3 } })
    expect((await record({ username: 'asterisk' })).username).not.toHaveProperty('weak')
  })

  it('say why a value is known', async () => {
    expect((await record({ value: 'asterisk' })).value?.weak).toBe('published default')
    expect((await record({ value: 'your-api-key-here' })).value?.weak).toBe('placeholder')
    expect((await record({ value: 'qwertyuiop123456' })).value?.weak).toBe('a keyboard walk')
    expect((await record({ value: strong })).value).not.toHaveProperty('weak')
  })

  it("know the values of the project's own sample file", async () => {
    expect((await record({ value: strong }, {}, new Set([strong]))).value?.weak).toBe('published default')
  })

  it('look at the password of a URL, not at its length', async () => {
    const { value } = await record({ value: 'postgres://app:postgres@db.example.org:5432/application?sslmode=require' })
    expect(value).toMatchObject({ length: 8, weak: 'published default' })
    expect((await record({ value: `postgres://app:${strong}@db:5432/app` })).value).toMatchObject({ length: strong.length })
    expect((await record({ value: 'redis://:p%40ss@cache:6379' })).value).toMatchObject({ length: 4 })
  })

  it('remark on a key that does not look like one of its provider', async () => {
    expect((await record({ value: strong }, { OPENAI_API_KEY: 'value' })).value?.shape).toContain('openai')
    expect((await record({ value: `sk-${'Ab3'.repeat(16)}` }, { OPENAI_API_KEY: 'value' })).value).not.toHaveProperty('shape')
    expect((await record({ value: strong }, { JWT_SECRET: 'value' })).value).not.toHaveProperty('shape')
  })

  it("say whose key it looks like where it is another vendor's", async () => {
    const facts = await record({ value: `sk-ant-${strong}` }, { OPENAI_API_KEY: 'value' })
    expect(facts.value?.shape).toBe('looks like a key of anthropic, not of openai')
    const webhook = await record({ value: `whsec_${'Ab3'.repeat(8)}` }, { STRIPE_SIGNING_SECRET: 'value' })
    expect(webhook.value?.shape ?? '').not.toContain('not of stripe')
    const deepgram = await record({ value: 'f'.repeat(39) }, { DEEPGRAM_API_KEY: 'value' })
    expect(deepgram.value?.shape).toBe('does not look like a key of deepgram')
  })

  it('know the user name beside a password, and the name of its variable', async () => {
    expect((await record({ username: 'zkxbridge', password: 'zkxbridge-2026' })).password?.weak).toBe('names of this project')
    expect((await record({ value: 'Zkxbridge2026!' }, { ZKXBRIDGE_PASSWORD: 'value' })).value?.weak).toBe('names of this project')
  })

  it('say by which knowledge they were taken', async () => {
    expect((await record({ value: strong, username: 'bob' })).value?.by).toBe(FACTS_VERSION)
  })

  it('count characters, not code units', async () => {
    expect((await record({ value: '🔑🔑🔑' })).value?.length).toBe(3)
  })
})
