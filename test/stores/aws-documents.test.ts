import { describe, expect, it } from 'vitest'
import { isKeyturnError } from '../../src/errors.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Fields } from '../../src/terms.ts'
import { awsFixture } from './aws-fixture.ts'

const PATH = 'demo/production/db'
const TOKEN = 'kt_demo.db.1'
const MINUTE = 60_000

const code = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (isKeyturnError(error) ? error.code : Promise.reject(error)),
  )

/** A store with a secret that somebody made an hour ago. */
async function around(text: string, burst = false) {
  const fixture = await awsFixture()
  const secret = fixture.aws.plant(PATH, text)
  await fixture.clock.advance(60 * MINUTE)
  const store = fixture.open({ burst })
  const { fingerprints } = fixture
  return {
    ...fixture,
    secret,
    store,
    /** Puts a version and makes it current. */
    async write(fields: Fields, expected: Fields | null, token = TOKEN) {
      await store.put(PATH, { token, fields: new Sensitive(fields), handle: null })
      await store.promote(PATH, token, expected && fingerprints.of(new Sensitive(expected)))
    },
    stages: () => Object.fromEntries([...secret.versions.values()].flatMap(({ id, stages }) => [...stages].map((stage) => [stage, id]))),
  }
}

describe('a secret with fields of others', () => {
  it('keeps them byte for byte: order, numbers longer than a double, nested values, layout', async () => {
    const text =
      '{\n  "username": "app",\n  "password": "canary-old",\n  "port": 12345678901234567890,\n  "tls": {"on": true, "a": [1, "}"]},\n  "2": "two",\n  "1": "one"\n}\n'
    const { aws, store, write } = await around(text.trimEnd())
    expect((await store.read([PATH])).get(PATH)?.fields.reveal()).toMatchObject({
      port: '12345678901234567890',
      tls: '{"on": true, "a": [1, "}"]}',
      '1': 'one',
    })
    await write({ password: 'canary-new "quoted"' }, { password: 'canary-old' })
    expect(aws.textOf(PATH)).toBe(text.trimEnd().replace('canary-old', 'canary-new \\"quoted\\"'))
  })

  it('takes new ones at its end, in its layout', async () => {
    const { aws, write } = await around('{\n  "a": "1"\n}')
    await write({ value: 'canary-new' }, null)
    expect(aws.textOf(PATH)).toBe('{\n  "a": "1",\n  "value": "canary-new"\n}')
  })

  it('leaves them when its own are taken out, and is an empty object in the end', async () => {
    const { aws, store, write } = await around('{ "a": 1 , "b": "x" }')
    await write({ value: 'canary-new' }, null)
    await store.withdraw(PATH, ['value', 'a'])
    expect(aws.textOf(PATH)).toBe('{ "b": "x" }')
    await store.withdraw(PATH, ['b'])
    expect(aws.textOf(PATH)).toBe('{}')
    expect((await store.read([PATH])).size).toBe(0)
  })

  it('is merged again where it was written in between, and nothing of that is lost', async () => {
    const { aws, secret, write, stages } = await around('{"value":"canary-old","other":"1"}', true)
    let once = true
    aws.before('UpdateSecretVersionStage', () => {
      if (once) aws.state.put(secret, 'somebody-else-writes-here-meanwhile', { text: '{"value":"canary-old","other":"2"}' }, undefined)
      once = false
    })
    await write({ value: 'canary-new' }, { value: 'canary-old' })
    expect(aws.textOf(PATH)).toBe('{"value":"canary-new","other":"2"}')
    expect(stages()).toMatchObject({ AWSPREVIOUS: 'somebody-else-writes-here-meanwhile' })
  })

  it('is left as it is where its own value was changed in between, without a rotation of AWS that looks open', async () => {
    const { aws, secret, write, stages } = await around('{"value":"canary-old"}', true)
    aws.before('UpdateSecretVersionStage', ({ VersionStage }) => {
      if (VersionStage === 'AWSCURRENT') aws.state.put(secret, 'somebody-else-writes-here-meanwhile', { text: '{"value":"canary-theirs"}' }, undefined)
    })
    expect(await code(write({ value: 'canary-new' }, { value: 'canary-old' }))).toBe('STORE_CHANGED')
    expect(aws.textOf(PATH)).toBe('{"value":"canary-theirs"}')
    expect(Object.keys(stages()).sort()).toEqual(['AWSCURRENT', 'AWSPREVIOUS'])
  })

  it('gets labels as the tools of AWS expect them', async () => {
    const { secret, write, stages } = await around('{"value":"canary-old"}', true)
    const [first] = [...secret.versions.keys()]
    await write({ value: 'canary-new' }, { value: 'canary-old' })
    expect(stages()).toMatchObject({ AWSPREVIOUS: first, AWSCURRENT: stages().AWSPENDING })
    expect(stages().AWSCURRENT).toMatch(/^keyturn-[0-9a-f]{48}$/)
  })
})

describe('a secret of plain text', () => {
  it('has the one field "value", and stays plain text', async () => {
    const { aws, store, write } = await around('canary-plain')
    expect((await store.read([PATH])).get(PATH)?.fields.reveal()).toEqual({ value: 'canary-plain' })
    await write({ value: 'canary-new' }, { value: 'canary-plain' })
    expect(aws.textOf(PATH)).toBe('canary-new')
  })

  it.each<[string, Fields]>([
    ['another field beside it', { password: 'canary-new' }],
    ['a value that readers would take for fields', { value: '{"password":"canary-new"}' }],
    ['an empty value', { value: '' }],
  ])('refuses %s', async (_, fields) => {
    const { aws, write } = await around('canary-plain')
    expect(await code(write(fields, fields.password === undefined ? { value: 'canary-plain' } : null))).toBe('VALUE_REFUSED')
    expect(aws.textOf(PATH)).toBe('canary-plain')
  })

  it.each(['[1,"canary"]', '"canary"', '17', '\ufeff{"a":1}'])('is also %s, which is no object', async (text) => {
    const { store } = await around(text)
    expect((await store.read([PATH])).get(PATH)?.fields.reveal()).toEqual({ value: text })
  })
})

describe('a secret that is not for us to write', () => {
  it('holds a binary value', async () => {
    const { aws, open } = await awsFixture()
    aws.state.create(PATH, 'x'.repeat(32), { binary: Buffer.from('canary-binary').toString('base64') }, null)
    expect(await code(open().read([PATH]))).toBe('VALUE_REFUSED')
    expect(await code(open().read([PATH, 'demo/other']))).toBe('VALUE_REFUSED')
  })

  it('is rotated by AWS itself', async () => {
    const { aws, secret, write } = await around('{"value":"canary-old"}')
    secret.rotation = { lambda: 'arn:aws:lambda:eu-central-1:123456789012:function:rotate' }
    expect(await code(write({ value: 'canary-new' }, { value: 'canary-old' }))).toBe('UNSUPPORTED')
    expect([aws.textOf(PATH), secret.puts]).toEqual(['{"value":"canary-old"}', []])
  })

  it('is being rotated by another program', async () => {
    const { aws, secret, write, stages } = await around('{"value":"canary-old"}', true)
    aws.state.put(secret, 'a-rotation-of-somebody-else-00001', { text: 'canary-pending' }, ['AWSPENDING'])
    expect(await code(write({ value: 'canary-new' }, { value: 'canary-old' }))).toBe('STORE_BUSY')
    expect(stages().AWSPENDING).toBe('a-rotation-of-somebody-else-00001')
  })
})

describe('a secret without a value, as other tools make them', () => {
  it('is as good as none, and takes one', async () => {
    const { aws, open } = await awsFixture()
    aws.state.create(PATH, 'x'.repeat(32), null, null)
    const store = open()
    expect((await store.read([PATH, 'demo/other'])).size).toBe(0)
    await store.put(PATH, { token: TOKEN, fields: new Sensitive({ value: 'canary-one' }), handle: null })
    await store.promote(PATH, TOKEN, null)
    expect(aws.textOf(PATH)).toBe('{"value":"canary-one"}')
  })
})

describe('the quota of one write in ten minutes', () => {
  it('is kept for what others read: the second waits, and says until when', async () => {
    const { aws, clock, secret, write } = await around('{"value":"canary-0"}')
    await write({ value: 'canary-1' }, { value: 'canary-0' })
    const at = clock.now()
    await clock.advance(9 * MINUTE)
    await expect(write({ value: 'canary-2' }, { value: 'canary-1' }, 'kt_demo.db.2')).rejects.toMatchObject({
      ...{ code: 'STORE_BUSY', retryable: true, retryAt: at + 10 * MINUTE, hint: expect.stringContaining('burst: true') },
    })
    expect(aws.textOf(PATH)).toBe('{"value":"canary-1"}')
    await clock.advance(MINUTE)
    await write({ value: 'canary-2' }, { value: 'canary-1' }, 'kt_demo.db.2')
    expect(secret.puts).toEqual([at, at + 10 * MINUTE])
  })

  it('does not count what a secret was made with, and not a version that is current already', async () => {
    const { aws, open, fingerprints } = await awsFixture()
    const store = open()
    const entry = (n: number, expect: Fields | null) => ({
      ...{ path: PATH, token: `kt_demo.db.${n}`, fields: new Sensitive({ value: `canary-${n}` }), handle: null },
      expect: expect && fingerprints.of(new Sensitive(expect)),
    })
    await store.putCurrent([entry(1, null)])
    expect(aws.asked).not.toContain('PutSecretValue')
    await store.putCurrent([entry(2, { value: 'canary-1' })])
    await store.putCurrent([entry(2, { value: 'canary-1' })])
    expect(aws.textOf(PATH)).toBe('{"value":"canary-2"}')
    expect(aws.state.secrets.get(PATH)?.puts).toHaveLength(1)
  })

  it('does not hold up going back: the label is moved, and nothing is written; what comes next waits', async () => {
    const { aws, clock, store, secret, fingerprints, write, stages } = await around('{"value":"canary-0","other":"1"}')
    const print = (value: string) => fingerprints.of(new Sensitive({ value }))
    const [first] = [...secret.versions.keys()]
    await store.put(PATH, { token: 'kt_demo.db.0', fields: new Sensitive({ value: 'canary-0' }), handle: null })
    await write({ value: 'canary-1' }, { value: 'canary-0' })
    await clock.advance(MINUTE)
    await store.promote(PATH, 'kt_demo.db.0', print('canary-1'))
    expect([aws.textOf(PATH), secret.puts.length, stages().AWSCURRENT]).toEqual(['{"value":"canary-0","other":"1"}', 1, first])
    await expect(write({ value: 'canary-2' }, { value: 'canary-0' }, 'kt_demo.db.2')).rejects.toMatchObject({ code: 'STORE_BUSY' })
    await store.promote(PATH, TOKEN, print('canary-0'))
    expect([aws.textOf(PATH), secret.puts.length]).toEqual(['{"value":"canary-1","other":"1"}', 1])
  })

  it('holds up going back only where others wrote in between: their field must not be lost', async () => {
    const { aws, clock, store, secret, fingerprints, write } = await around('{"value":"canary-0","other":"1"}')
    await store.put(PATH, { token: 'kt_demo.db.0', fields: new Sensitive({ value: 'canary-0' }), handle: null })
    await write({ value: 'canary-1' }, { value: 'canary-0' })
    aws.state.put(secret, 'somebody-else-writes-here-meanwhile', { text: '{"value":"canary-1","other":"2"}' }, undefined)
    const back = () => store.promote(PATH, 'kt_demo.db.0', fingerprints.of(new Sensitive({ value: 'canary-1' })))
    await expect(back()).rejects.toMatchObject({ code: 'STORE_BUSY' })
    await clock.advance(10 * MINUTE)
    await back()
    expect(aws.textOf(PATH)).toBe('{"value":"canary-0","other":"2"}')
  })

  it('can be given up', async () => {
    const { aws, write } = await around('{"value":"canary-0"}', true)
    for (let n = 1; n < 5; n++) await write({ value: `canary-${n}` }, { value: `canary-${n - 1}` }, `kt_demo.db.${n}`)
    expect(aws.textOf(PATH)).toBe('{"value":"canary-4"}')
  })

  it('once used up, the versions that are there stay: all stand in the current value of their secret', async () => {
    const { clock, open, aws } = await awsFixture()
    const store = open()
    const put = (n: number) => store.put(PATH, { token: `kt_demo.db.${n}`, fields: new Sensitive({ value: `canary-${n}` }), handle: null })
    let refused = 0
    for (let n = 1; n <= 110; n++) {
      await clock.advance(MINUTE)
      if ((await code(put(n))) === 'STORE_UNAVAILABLE') refused += 1
    }
    expect(refused).toBeGreaterThan(0)
    expect(await store.versions(PATH)).toHaveLength(110 - refused)
    await clock.advance(24 * 60 * MINUTE)
    await put(1000)
    const versions = await store.versions(PATH)
    expect([versions.length, versions[0]?.token, versions.at(-1)?.token]).toEqual([111 - refused, 'kt_demo.db.1000', 'kt_demo.db.1'])
    // What AWS keeps of its own old versions is another matter.
    const kept = aws.state.secrets.get('.keyturn/kt_demo/versions/demo/production/db')?.versions.size ?? 0
    expect(kept).toBeLessThanOrEqual(104)
  })
})

describe('the versions of a path', () => {
  const NAME = '.keyturn/kt_demo/versions/demo/production/db'

  it.each([
    ['something else', 'canary', 'STORE_DAMAGED'],
    ['null', 'null', 'STORE_DAMAGED'],
    ['those of another path', '{"schema":"keyturn/aws-versions@1","inventory":"kt_demo","path":"demo/x","versions":[]}', 'STORE_DAMAGED'],
    ['those of another inventory', '{"schema":"keyturn/aws-versions@1","inventory":"kt_x","path":"demo/production/db","versions":[]}', 'STORE_DAMAGED'],
    ['a later format', '{"schema":"keyturn/aws-versions@2"}', 'STORE_NEWER'],
    ['no list', '{"schema":"keyturn/aws-versions@1","inventory":"kt_demo","path":"demo/production/db"}', 'STORE_DAMAGED'],
    ['half a version', '{"schema":"keyturn/aws-versions@1","inventory":"kt_demo","path":"demo/production/db","versions":[{"token":"t"}]}', 'STORE_DAMAGED'],
  ])('where they hold %s are neither read nor replaced', async (_, text, expected) => {
    const { aws, open } = await awsFixture()
    aws.plant(NAME, text)
    const store = open()
    expect(await code(store.versions(PATH))).toBe(expected)
    expect(await code(store.put(PATH, { token: TOKEN, fields: new Sensitive({ value: 'canary' }), handle: null }))).toBe(expected)
    expect(aws.textOf(NAME)).toBe(text)
  })

  it('belong to one inventory: another one of the account has its own, and its own key of fingerprints', async () => {
    const { aws, open } = await awsFixture()
    const [mine, theirs] = [open(), open({}, { inventoryId: 'kt_other' })]
    for (const path of [PATH, '.keyturn/fingerprint']) {
      await mine.put(path, { token: TOKEN, fields: new Sensitive({ value: 'canary' }), handle: null })
      expect(await theirs.versions(path)).toEqual([])
    }
    await mine.promote('.keyturn/fingerprint', TOKEN, null)
    expect((await theirs.read(['.keyturn/fingerprint'])).size).toBe(0)
    expect([...aws.state.secrets.keys()].every((name) => name.startsWith('.keyturn/kt_demo/'))).toBe(true)
  })
})
