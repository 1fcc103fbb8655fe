import { describe, expect, onTestFinished, test } from 'vitest'
import { canary } from '../../support/canary.ts'
import { capabilitiesAt, rulesOf } from './policy.ts'
import { startVault } from './server.ts'

/** The rules of Vault, asked over HTTP: an adapter that breaks one must not get through. */

async function started() {
  const vault = await startVault()
  onTestFinished(() => vault.close())
  const ask = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const all = { 'x-vault-token': vault.rootToken, 'content-type': type, ...headers }
    const reply = await fetch(`${vault.address}/v1/${path}`, { method, headers: all, redirect: 'manual', ...(body && { body: JSON.stringify(body) }) })
    const text = await reply.text()
    return { status: reply.status, body: text === '' ? null : JSON.parse(text) }
  }
  const refuses = async (status: number, error: RegExp | string, ...args: Parameters<typeof ask>) => {
    const reply = await ask(...args)
    expect([reply.status, reply.body.errors]).toEqual([status, [expect.stringMatching(error)]])
  }
  const write = (cas: number | undefined, value: string) => ask('POST', 'secret/data/a', { ...(cas !== undefined && { options: { cas } }), data: { value } })
  return { vault, ask, refuses, write }
}

const MISMATCH = /^check-and-set parameter did not match the current version$/

describe('check-and-set', () => {
  test('compares with the current version, also a deleted one, and begins again after its metadata went', async () => {
    const { ask, refuses, write } = await started()
    expect((await write(0, 'canary-1')).body.data).toMatchObject({ version: 1, deletion_time: '', destroyed: false, custom_metadata: null })
    expect((await write(1, 'canary-2')).body.data.version).toBe(2)
    await refuses(400, MISMATCH, 'POST', 'secret/data/a', { options: { cas: 1 }, data: {} })
    await refuses(400, MISMATCH, 'POST', 'secret/data/a', { options: { cas: 0 }, data: {} })
    expect((await ask('DELETE', 'secret/data/a')).status).toBe(204)
    await refuses(400, MISMATCH, 'POST', 'secret/data/a', { options: { cas: 0 }, data: {} })
    expect((await write(2, 'canary-3')).body.data.version).toBe(3)
    await ask('DELETE', 'secret/metadata/a')
    expect((await write(0, 'canary-4')).body.data.version).toBe(1)
  })

  test('can be demanded, by mount or path, and must be a number', async () => {
    const { ask, refuses, write } = await started()
    await write(undefined, 'canary-1')
    await refuses(400, 'error parsing check-and-set parameter', 'POST', 'secret/data/a', { options: { cas: 'x' }, data: {} })
    await refuses(400, 'no data provided', 'POST', 'secret/data/a', { options: { cas: 1 } })
    await ask('POST', 'secret/metadata/a', { cas_required: true })
    await refuses(400, 'check-and-set parameter required for this call', 'POST', 'secret/data/a', { data: {} })
    await ask('POST', 'secret/config', { cas_required: true })
    await refuses(400, 'check-and-set parameter required for this call', 'POST', 'secret/data/b', { data: {} })
  })
})

describe('versions', () => {
  test('are ten at most, can be read by number, deleted, brought back and destroyed', async () => {
    const { ask, write } = await started()
    for (let n = 0; n < 12; n++) await write(n, `canary-${n + 1}`)
    expect((await ask('GET', 'secret/metadata/a')).body.data).toMatchObject({ current_version: 12, oldest_version: 3 })
    expect((await ask('GET', 'secret/data/a?version=2')).status).toBe(404)
    expect((await ask('GET', 'secret/data/a?version=3')).body.data.data).toEqual({ value: 'canary-3' })
    await ask('POST', 'secret/delete/a', { versions: [12] })
    expect(await ask('GET', 'secret/data/a')).toMatchObject({ status: 404, body: { data: { data: null, metadata: { version: 12, destroyed: false } } } })
    await ask('POST', 'secret/undelete/a', { versions: [12] })
    expect((await ask('GET', 'secret/data/a')).status).toBe(200)
    await ask('POST', 'secret/destroy/a', { versions: [12] })
    await ask('POST', 'secret/undelete/a', { versions: [12] })
    expect(await ask('GET', 'secret/data/a')).toMatchObject({ status: 404, body: { data: { data: null, metadata: { destroyed: true } } } })
  })

  test('three kinds of 404', async () => {
    const { ask, write } = await started()
    expect(await ask('GET', 'secret/data/never')).toEqual({ status: 404, body: { errors: [] } })
    await write(0, 'canary-1')
    await ask('DELETE', 'secret/data/a')
    expect((await ask('GET', 'secret/data/a')).body.data.metadata.deletion_time).toMatch(/^20\d\d-.*Z$/)
    expect((await ask('GET', 'other/data/a')).body.errors[0]).toBe('no handler for route "other/data/a". route entry not found.')
  })

  test('are patched only where there is one, by merge', async () => {
    const { ask, refuses, write } = await started()
    expect(await ask('PATCH', 'secret/data/a', { data: { b: 'x' } })).toEqual({ status: 404, body: null })
    await write(0, 'canary-1')
    await refuses(400, MISMATCH, 'PATCH', 'secret/data/a', { options: { cas: 9 }, data: { b: 'x' } })
    await ask('PATCH', 'secret/data/a', { options: { cas: 1 }, data: { b: { c: 1 } } })
    await ask('PATCH', 'secret/data/a', { options: { cas: 2 }, data: { value: null, b: { d: 2 } } })
    expect((await ask('GET', 'secret/data/a')).body.data.data).toEqual({ b: { c: 1, d: 2 } })
    expect((await ask('GET', 'secret/subkeys/a')).body.data.subkeys).toEqual({ b: null })
    expect((await ask('PATCH', 'secret/data/a', { data: {} }, { 'content-type': 'application/json' })).status).toBe(415)
  })
})

test('custom metadata has limits, is replaced by POST and merged by PATCH, and lists show folders', async () => {
  const { ask, refuses } = await started()
  const set = (custom_metadata: object) => ['POST', 'secret/metadata/d/a', { custom_metadata }] as const
  await refuses(400, 'at most 64 keys', ...set(Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`k${n}`, 'v']))))
  await refuses(400, 'length of key', ...set({ ['k'.repeat(129)]: 'v' }))
  await refuses(400, 'length of value', ...set({ k: 'v'.repeat(513) }))
  await refuses(400, 'length of value', ...set({ k: '' }))
  await refuses(400, 'unprintable', ...set({ k: 'a\nb' }))
  await ask(...set({ a: '1', b: '2' }))
  await ask('PATCH', 'secret/metadata/d/a', { custom_metadata: { b: '3', c: '4' } })
  expect((await ask('GET', 'secret/metadata/d/a')).body.data.custom_metadata).toEqual({ a: '1', b: '3', c: '4' })
  await ask(...set({ z: '9' }))
  expect((await ask('GET', 'secret/metadata/d/a')).body.data.custom_metadata).toEqual({ z: '9' })
  await ask('POST', 'secret/data/d/e/f', { data: {} })
  expect((await ask('GET', 'secret/metadata/d?list=true')).body.data.keys).toEqual(['a', 'e/'])
  expect(await ask('GET', 'secret/metadata/nothing?list=true')).toEqual({ status: 404, body: { errors: [] } })
})

describe('access', () => {
  test('goes by the most exact rule, and by capability', () => {
    const rules = rulesOf(`
# a comment
path "secret/data/*" { capabilities = ["read"] }
path "secret/data/a/*" { capabilities = ["create", "update"] }
path "secret/data/a/b" { capabilities = ["deny"] }
path "secret/data/+/c" { capabilities = ["list"] }
`)
    expect(capabilitiesAt(rules, 'secret/data/x')).toEqual(['read'])
    expect(capabilitiesAt(rules, 'secret/data/a/x')).toEqual(['create', 'update'])
    expect(capabilitiesAt(rules, 'secret/data/a/b')).toEqual(['deny'])
    expect(capabilitiesAt(rules, 'secret/data/q/c')).toEqual(['list'])
    expect(capabilitiesAt(rules, 'other')).toEqual([])
    expect(() => rulesOf('path secret { }')).toThrow('this is no policy')
  })

  test('tells creating from changing, and is denied to unknown tokens, other namespaces and used-up tokens', async () => {
    const { vault, ask, refuses } = await started()
    const as = (token: string, more = {}) => ({ 'x-vault-token': token, ...more })
    const creator = vault.tokens.make({ policy: 'path "secret/data/*" { capabilities = ["create"] }' })
    expect((await ask('POST', 'secret/data/a', { data: {} }, as(creator))).status).toBe(200)
    await refuses(403, 'permission denied', 'POST', 'secret/data/a', { data: {} }, as(creator))
    await refuses(403, 'permission denied', 'GET', 'secret/data/a', undefined, as(canary()))
    await refuses(403, 'permission denied', 'POST', 'secret/data/b', { data: {} }, as(creator, { 'x-vault-namespace': 'team' }))
    const once = vault.tokens.make({ policy: 'path "secret/data/*" { capabilities = ["read"] }', uses: 1 })
    expect((await ask('GET', 'secret/data/a', undefined, as(once))).status).toBe(200)
    await refuses(403, 'permission denied', 'GET', 'secret/data/a', undefined, as(once))
    await refuses(403, 'preflight capability check returned 403', 'GET', 'sys/internal/ui/mounts/secret', undefined, as(vault.tokens.make({})))
  })

  test('by AppRole ends with the uses of the secret id, and a wrapping token is good for one time', async () => {
    const { vault, ask, refuses } = await started()
    const role_id = vault.tokens.approle('ci', { ttlMs: 60_000 })
    const secret_id = vault.tokens.secretId('ci', { uses: 1 })
    expect((await ask('POST', 'auth/approle/login', { role_id, secret_id })).body.auth).toMatchObject({ lease_duration: 60, renewable: false })
    await refuses(400, 'invalid role or secret ID', 'POST', 'auth/approle/login', { role_id, secret_id })
    const token = vault.tokens.secretId('ci', { wrapped: true })
    expect((await ask('POST', 'sys/wrapping/lookup', { token })).body.data.creation_path).toBe('auth/approle/role/ci/secret-id')
    expect((await ask('POST', 'sys/wrapping/unwrap', { token }, { 'x-vault-token': token })).status).toBe(200)
    await refuses(400, 'wrapping token is not valid or does not exist', 'POST', 'sys/wrapping/unwrap', { token }, { 'x-vault-token': token })
  })
})

test.each([
  ['active', 200, 200],
  ['standby', 429, 307],
  ['disaster-secondary', 472, 307],
  ['performance-standby', 473, 307],
  ['uninitialised', 501, 503],
  ['sealed', 503, 503],
] as const)('a server that is %s says %i of its health and answers %i', async (state, health, other) => {
  const { vault, ask, write } = await started()
  await write(0, 'canary-1')
  vault.state = state
  expect((await ask('GET', 'sys/health')).status).toBe(health)
  const headers = { 'x-vault-token': vault.rootToken }
  expect((await fetch(`${vault.address}/v1/secret/data/a`, { headers, redirect: 'manual' })).status).toBe(other)
})

test('what is larger than 32 MB, and paths that no Vault takes, are refused', async () => {
  const { ask } = await started()
  expect((await ask('POST', 'secret/data/a', { data: { a: 'x'.repeat(33 * 1024 * 1024) } })).status).toBe(413)
  expect((await ask('GET', 'secret/data/a%0ab')).status).toBe(400)
})
