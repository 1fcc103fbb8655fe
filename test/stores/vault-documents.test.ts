import { describe, expect, it } from 'vitest'
import { Sensitive } from '../../src/sensitive.ts'
import type { Fields } from '../../src/terms.ts'
import { canary } from '../support/canary.ts'
import { FINGERPRINTS, failure, openAt, vaultServer } from './vault-fixture.ts'

const PATH = 'demo/production/openai'
const DATA = `secret/data/${PATH}`
const OWN = 'secret/data/.keyturn/kt_demo'

async function setup(version: 1 | 2 = 2) {
  const server = await vaultServer()
  server.mount('secret', version)
  const store = await openAt(server.address, server.rootToken)
  const put = (n: number, fields: Fields, path = PATH) =>
    store.put(path, { token: `kt_demo.openai.${n}`, fields: new Sensitive(fields), handle: { rotator: 'random', params: {}, id: null } })
  const current = async () => (await store.read([PATH])).get(PATH)?.fields.reveal() ?? null
  const document = async () => ((await server.ask('GET', DATA)).body as { data: { data: object; metadata: { version: number; custom_metadata: object } } }).data
  return { server, store, put, current, document }
}
const print = (fields: Fields) => FINGERPRINTS.of(new Sensitive(fields))

describe('documents in a mount that others use too', () => {
  it('lie as they are at their path, and versions where readers of it do not come', async () => {
    const { server, store, put, document } = await setup()
    const value = canary()
    await put(1, { value })
    expect((await server.ask('LIST', 'secret/metadata/demo/')).status).toBe(404)
    await store.promote(PATH, 'kt_demo.openai.1', null)
    expect((await document()).data).toEqual({ value })
    expect((await server.ask('LIST', 'secret/metadata/demo/production/')).body).toMatchObject({ data: { keys: ['openai'] } })
    expect((await server.ask('GET', `${OWN}/versions/${PATH}/kt_demo.openai.1`)).body).toMatchObject({
      data: {
        data: { token: 'kt_demo.openai.1', fields: { value } },
        metadata: { custom_metadata: { keyturn: 'kt_demo', keyturn_token: 'kt_demo.openai.1' } },
      },
    })
  })

  it('carry owner and token as custom metadata, beside that of others', async () => {
    const { server, store, put, document } = await setup()
    await server.ask('POST', DATA, { data: { theirs: 'x' } })
    await server.ask('POST', `secret/metadata/${PATH}`, { custom_metadata: { team: 'voice' } })
    await put(1, { value: canary() })
    await store.promote(PATH, 'kt_demo.openai.1', null)
    expect((await document()).metadata.custom_metadata).toEqual({
      ...{ team: 'voice', keyturn: 'kt_demo', keyturn_path: PATH, keyturn_openai: 'kt_demo.openai.1' },
    })
  })

  it('tell when they were written, by the server', async () => {
    const { store, put } = await setup()
    const before = Date.now()
    await put(1, { value: canary() })
    await store.promote(PATH, 'kt_demo.openai.1', null)
    const changedAt = (await store.read([PATH])).get(PATH)?.changedAt ?? 0
    expect(changedAt).toBeGreaterThanOrEqual(before - 1)
    expect(changedAt).toBeLessThanOrEqual(Date.now())
  })

  const THEIRS = '{"port":8080,"large":12345678901234567890,"ratio":1.50,"on":true,"none":null,"deep":{"n":1e400,"list":[1,"x"]},"theirs":"CANARY-theirs"}'
  const theirsExactly = { port: '8080', large: '12345678901234567890', ratio: '1.50', on: 'true', deep: '{"n":1e400,"list":[1,"x"]}', theirs: 'CANARY-theirs' }

  it.each([['patched'], ['written anew, where patching is not known']])('keep what others wrote there to the last digit when they are %s', async (how) => {
    const { server, store, put, current } = await setup()
    server.kv2('secret').patch = how === 'patched'
    // A document of another program, as its text stands.
    const written = `{"data":{"data":${THEIRS},"metadata":{"version":1,"created_time":"2026-01-01T00:00:00Z","deletion_time":"","destroyed":false,"custom_metadata":null}}}`
    await server.ask('POST', DATA, { data: { theirs: 'CANARY-theirs' } })
    let sent: unknown
    server.intercept = (call) => {
      if (call.path !== DATA) return null
      if (call.method === 'POST') sent = call.text
      return call.method === 'GET' ? { status: 200, raw: written, headers: { 'content-type': 'application/json' } } : null
    }
    expect(await current()).toEqual(theirsExactly)
    const value = canary()
    await put(1, { value })
    await store.promote(PATH, 'kt_demo.openai.1', null)
    if (how === 'patched') expect(sent).toBeUndefined()
    else expect(sent).toBe(`{"options":{"cas":1},"data":${THEIRS.slice(0, -1)},"value":"${value}"}}`)
  })

  it('are written anew by check-and-set where the token may not patch', async () => {
    const { server, put } = await setup()
    await server.ask('POST', DATA, { data: { theirs: 'x' } })
    const policy = `path "secret/*" { capabilities = ["create", "read", "update", "delete", "list"] }`
    const store = await openAt(server.address, server.tokens.make({ policy }))
    await put(1, { value: 'canary-one' })
    await put(2, { value: 'canary-two' })
    await store.promote(PATH, 'kt_demo.openai.1', null)
    let left = 1
    server.intercept = (call) => {
      // Somebody else adds a field between our reading and our writing.
      if (call.method === 'POST' && call.path === DATA && left-- > 0) void server.ask('PATCH', DATA, { data: { late: 'y' } })
      return null
    }
    await store.promote(PATH, 'kt_demo.openai.2', print({ value: 'canary-one' }))
    expect((await store.read([PATH])).get(PATH)?.fields.reveal()).toEqual({ theirs: 'x', late: 'y', value: 'canary-two' })
    await store.withdraw(PATH, ['value'])
    expect((await store.read([PATH])).get(PATH)?.fields.reveal()).toEqual({ theirs: 'x', late: 'y' })
  })

  it('are not replaced where somebody else changed our field between our reading and our writing', async () => {
    const { server, store, put, current } = await setup()
    await put(1, { value: 'canary-one' })
    await put(2, { value: 'canary-two' })
    await store.promote(PATH, 'kt_demo.openai.1', null)
    let left = 1
    server.intercept = (call) => {
      if (call.method === 'PATCH' && call.path === DATA && left-- > 0) void server.ask('PATCH', DATA, { data: { value: 'canary-by-hand' } })
      return null
    }
    expect(await failure(store.promote(PATH, 'kt_demo.openai.2', print({ value: 'canary-one' })))).toMatchObject({ code: 'STORE_CHANGED' })
    expect(await current()).toEqual({ value: 'canary-by-hand' })
  })

  it('that were deleted are gone for readers, and can be written again', async () => {
    const { server, store, put, current } = await setup()
    await put(1, { value: 'canary-one' })
    for (const end of ['DELETE', 'destroy']) {
      await store.promote(PATH, 'kt_demo.openai.1', null)
      const { version } = (await latestOf(server)).metadata
      if (end === 'DELETE') await server.ask('DELETE', DATA)
      else await server.ask('POST', `secret/destroy/${PATH}`, { versions: [version] })
      expect(await current()).toBeNull()
    }
    await store.promote(PATH, 'kt_demo.openai.1', null)
    expect(await current()).toEqual({ value: 'canary-one' })
  })
})

it('a document that is deleted between our reading and our patching is written anew', async () => {
  for (const end of ['soft', 'whole'] as const) {
    const { server, store, put, current } = await setup()
    await server.ask('POST', DATA, { data: { theirs: 'x' } })
    await put(1, { value: 'canary-one' })
    let left = 1
    server.intercept = (call) => {
      if (call.method === 'PATCH' && call.path === DATA && left-- > 0) void server.ask('DELETE', end === 'soft' ? DATA : `secret/metadata/${PATH}`)
      return null
    }
    await store.promote(PATH, 'kt_demo.openai.1', null)
    expect(await current()).toEqual({ value: 'canary-one' })
  }
})

const latestOf = async (server: Awaited<ReturnType<typeof vaultServer>>) =>
  ((await server.ask('GET', DATA)).body as { data: { metadata: { version: number } } }).data

describe('versions', () => {
  it('outlast the ten that a mount keeps', async () => {
    const { store, put } = await setup()
    let before: string | null = null
    for (let n = 0; n < 25; n++) {
      await put(n, { value: `canary-${n}` })
      await store.promote(PATH, `kt_demo.openai.${n}`, before)
      before = print({ value: `canary-${n}` })
    }
    expect(await store.versions(PATH)).toHaveLength(25)
    expect((await store.get(PATH, ['kt_demo.openai.0']))[0]?.fields.reveal()).toEqual({ value: 'canary-0' })
  })

  it('are put again where somebody deleted one by hand', async () => {
    const { server, store, put } = await setup()
    await put(1, { value: 'canary-one' })
    await server.ask('DELETE', `${OWN}/versions/${PATH}/kt_demo.openai.1`)
    expect(await store.versions(PATH)).toEqual([])
    await put(1, { value: 'canary-one' })
    expect(await store.versions(PATH)).toHaveLength(1)
  })

  it('are not put where the mount deletes them by itself: neither by ready nor by put', async () => {
    const { server, store, put } = await setup()
    await server.ask('POST', 'secret/config', { delete_version_after: '3600s' })
    for (const work of [() => store.ready(), () => put(1, { value: 'canary-one' })]) {
      const error = await failure(work())
      expect(error).toMatchObject({ code: 'UNSUPPORTED' })
      expect(error.hint).toContain('vault write secret/config delete_version_after=0s')
    }
    expect(await store.versions(PATH)).toEqual([])
    server.intercept = (call) => (call.path === 'secret/config' ? { status: 200, body: { data: { delete_version_after: '-1s' } } } : null)
    await store.ready()
  })

  it('of another path or inventory, or by nobody, are refused by name', async () => {
    const { server, store, put } = await setup()
    await put(1, { value: 'canary-one' })
    const there = `${OWN}/versions/${PATH}/kt_demo.openai.1`
    const { data } = ((await server.ask('GET', there)).body as { data: { data: Record<string, unknown> } }).data as never as { data: object }
    const cases: readonly (readonly [object, string, RegExp])[] = [
      [{ ...data, path: 'demo/other' }, 'STORE_DAMAGED', /one of another path or inventory$/],
      [{ ...data, inventory: 'kt_other' }, 'STORE_DAMAGED', /one of another path or inventory$/],
      [{ ...data, token: 'kt_demo.openai.2' }, 'STORE_DAMAGED', /of another token/],
      [{ ...data, fields: { value: 1 } }, 'STORE_DAMAGED', /has no fields$/],
      [{ value: 'CANARY-x' }, 'STORE_DAMAGED', /no version that Keyturn wrote$/],
      [{ ...data, keyturn: 2 }, 'STORE_NEWER', /newer Keyturn$/],
    ]
    for (const [content, code, message] of cases) {
      await server.ask('POST', there, { data: content })
      const error = await failure(store.get(PATH, ['kt_demo.openai.1']))
      expect(error).toMatchObject({ code })
      expect(error.message).toMatch(message)
    }
  })

  it('and the key of fingerprints are each inventory’s own', async () => {
    const { server, store, put } = await setup()
    await put(1, { value: 'canary-one' })
    await put(1, { id: 'k1', key: 'canary-key' }, '.keyturn/fingerprint')
    await store.promote('.keyturn/fingerprint', 'kt_demo.openai.1', null)
    const other = await openAt(server.address, server.rootToken, { inventoryId: 'kt_other' })
    expect(await other.versions(PATH)).toEqual([])
    expect((await other.read(['.keyturn/fingerprint'])).size).toBe(0)
    expect((await store.read(['.keyturn/fingerprint'])).size).toBe(1)
  })
})

describe('a mount', () => {
  it('of KV version 1 is read, and refused for everything else with the reason', async () => {
    const { server, store, put, current } = await setup(1)
    expect(await current()).toBeNull()
    await server.ask('POST', `secret/${PATH}`, { value: 'CANARY-v1', port: 5432 })
    expect(await current()).toEqual({ value: 'CANARY-v1', port: '5432' })
    expect((await store.read([PATH])).get(PATH)?.changedAt).toBeNull()
    expect([await store.versions(PATH), await store.get(PATH, ['t'])]).toEqual([[], []])
    for (const work of [
      () => put(1, { value: 'canary-x' }),
      () => store.ready(),
      () => store.promote(PATH, 't', null),
      () => store.withdraw(PATH, ['value']),
    ]) {
      const error = await failure(work())
      expect(error).toMatchObject({ code: 'UNSUPPORTED' })
      expect(error.message).toMatch(/the mount secret is KV version 1, which has no check-and-set/)
      expect(error.hint).toContain('vault kv enable-versioning secret')
    }
    expect((await server.ask('GET', `secret/${PATH}`)).body).toMatchObject({ data: { value: 'CANARY-v1' } })
  })

  it('that is not there, or of another kind, is named', async () => {
    const { server } = await setup()
    const missing = await openAt(server.address, server.rootToken, { params: { mount: 'team/kv' } })
    const error = await failure(missing.read([PATH]))
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(error.message).toMatch(/looking at the mount team\/kv: it is not there, or the token has no right on any path of it \(403\)$/)
    server.mount('team/kv', 2)
    expect((await missing.read([PATH])).size).toBe(0)
    for (const [body, code] of [
      [{ path: 'pki/', type: 'pki' }, 'CONFIG_INVALID'],
      [{ path: 'other/', type: 'kv' }, 'STORE_UNAVAILABLE'],
    ] as const) {
      server.intercept = (call) => (call.path.startsWith('sys/internal') ? { status: 200, body: { data: body } } : null)
      expect(await failure((await openAt(server.address, server.rootToken, { params: { mount: 'pki' } })).read([PATH]))).toMatchObject({ code })
    }
  })

  it('of a namespace is found in it', async () => {
    const { server } = await setup()
    server.mount('team/voice/secret', 2)
    const token = server.tokens.make({
      policy: 'path "secret/*" { capabilities = ["create", "read", "update", "patch", "delete", "list"] }',
      namespace: 'team/voice/',
    })
    const store = await openAt(server.address, token, { params: { namespace: 'team/voice' } })
    await store.putCurrent([{ path: PATH, token: 'kt_demo.openai.1', fields: new Sensitive({ value: 'canary-ns' }), handle: null, expect: null }])
    expect((await server.ask('GET', DATA, undefined, 'team/voice/')).body).toMatchObject({ data: { data: { value: 'canary-ns' } } })
    expect((await server.ask('GET', DATA)).status).toBe(404)
  })
})
