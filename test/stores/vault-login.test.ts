import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { TokenOptions } from '../servers/vault/tokens.ts'
import { canary, expectNoCanary } from '../support/canary.ts'
import { temporaryFolder } from './local-fixture.ts'
import { failure, type OpenWith, openAt, shown, vaultServer } from './vault-fixture.ts'

const PATH = 'demo/production/openai'
const POLICY = 'path "secret/*" { capabilities = ["create", "read", "update", "patch", "delete", "list"] }'
const HOUR = 3_600_000

interface Later {
  readonly ms: number
  readonly work: () => void
}

/** A server whose time a test moves, and what was put off until later. */
async function setup() {
  let now = Date.UTC(2026, 0, 1)
  const server = await vaultServer({ now: () => now })
  const dir = temporaryFolder()
  const put: Later[] = []
  await server.ask('POST', `secret/data/${PATH}`, { data: { value: canary() } })
  return {
    server,
    put,
    write: (name: string, text: string) => writeFileSync(path.join(dir, name), text),
    pass: (ms: number) => {
      now += ms
    },
    open: (auth: object | undefined, more: OpenWith = {}) =>
      openAt(server.address, '', { dir, now: () => now, later: (ms, work) => void put.push({ ms, work }), params: auth ? { auth } : {}, ...more }),
  }
}

/** Waits for what happens in the background. */
const until = async (is: () => boolean) => {
  for (let n = 0; n < 2000 && !is(); n++) await new Promise((resolve) => setImmediate(resolve))
  expect(is()).toBe(true)
}
const reads = async (store: Awaited<ReturnType<typeof openAt>>) => (await store.read([PATH])).size

describe('a token', () => {
  it('comes from VAULT_TOKEN, another variable or a file', async () => {
    const { server, open, write } = await setup()
    const token = server.tokens.make({ policy: POLICY })
    write('sink', `${token}\n`)
    expect(await reads(await open(undefined, { env: { VAULT_TOKEN: token } }))).toBe(1)
    expect(await reads(await open({ kind: 'token', env: 'BAO_TOKEN' }, { env: { BAO_TOKEN: token } }))).toBe(1)
    expect(await reads(await open({ kind: 'token', file: 'sink' }))).toBe(1)
  })

  it('that is missing, empty or no token is named by its source, and never shown', async () => {
    const { open, write } = await setup()
    write('empty', '\n')
    write('two', 'canary-one\ncanary-two\n')
    const cases: readonly (readonly [object, RegExp])[] = [
      [{ kind: 'token' }, /VAULT_TOKEN is not set$/],
      [{ kind: 'token', file: 'missing' }, /missing: cannot read it \(ENOENT\)$/],
      [{ kind: 'token', file: 'empty' }, /empty is empty$/],
      [{ kind: 'token', file: 'two' }, /two holds more than one word of plain characters$/],
    ]
    for (const [auth, message] of cases) {
      const error = await failure((await open(auth)).read([PATH]))
      expect(error.message).toMatch(message)
      expectNoCanary(shown(error), 'the error')
    }
  })

  it('that is not accepted is named; the agent’s next one is taken from its file', async () => {
    const { server, open, write } = await setup()
    const first = server.tokens.make({ policy: POLICY })
    write('sink', first)
    const store = await open({ kind: 'token', file: 'sink' })
    expect(await reads(store)).toBe(1)
    server.tokens.revoke(first)
    const error = await failure(store.read([PATH]))
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true })
    expect(error.message).toMatch(/the token of sink is not accepted \(403\)$/)
    expectNoCanary(shown(error), 'the error')
    write('sink', server.tokens.make({ policy: POLICY }))
    expect(await reads(store)).toBe(1)
  })

  it('is looked up once it was accepted, and renewed in the background at two thirds of its time', async () => {
    const { server, open, put, pass } = await setup()
    const token = server.tokens.make({ policy: POLICY, ttlMs: HOUR, renewable: true })
    const store = await open(undefined, { env: { VAULT_TOKEN: token } })
    await reads(store)
    await until(() => put.length === 1)
    expect(put[0]?.ms).toBe(HOUR * (2 / 3))
    pass(put[0]?.ms ?? 0)
    put[0]?.work()
    await until(() => put.length === 2)
    pass(HOUR * 0.9)
    expect(await reads(store)).toBe(1)
    expect(server.log.filter((line) => line.includes('renew-self'))).toEqual(['POST auth/token/renew-self 200'])
    expect(server.log.filter((line) => line.includes('lookup-self'))).toHaveLength(1)
  })

  it('without a time is not renewed, and a right that is missing is told from a token that has ended', async () => {
    const { server, open, put } = await setup()
    const token = server.tokens.make({ policy: 'path "secret/data/other" { capabilities = ["read"] }' })
    const error = await failure((await open(undefined, { env: { VAULT_TOKEN: token } })).read([PATH]))
    expect(error.message).toMatch(/permission denied \(403\)$/)
    expect(put).toEqual([])
  })

  it('with a number of uses says so when they are used up', async () => {
    const { server, open } = await setup()
    const token = server.tokens.make({ policy: POLICY, uses: 4 })
    const store = await open(undefined, { env: { VAULT_TOKEN: token } })
    const ends: string[] = []
    for (let n = 0; n < 6; n++)
      ends.push(
        await reads(store).then(
          () => 'read',
          (error: Error) => error.message,
        ),
      )
    expect(ends[0]).toBe('read')
    expect(ends.at(-1)).toMatch(/the token of VAULT_TOKEN is not accepted \(403\)$/)
  })
})

describe('AppRole', () => {
  const role = (more: TokenOptions = {}) => ({ policy: POLICY, ttlMs: HOUR, renewable: true, ...more })

  it('logs in once for many requests, with ids from files and variables', async () => {
    const { server, open, write } = await setup()
    const roleId = server.tokens.approle('ci', role())
    write('role', roleId)
    write('secret', `${server.tokens.secretId('ci')}\n`)
    const store = await open({ kind: 'approle', role_id_file: 'role', secret_id_file: 'secret' })
    await Promise.all([reads(store), reads(store), store.versions(PATH)])
    expect(server.tokens.logins).toBe(1)
    const env = { SECRET_ID: server.tokens.secretId('ci'), ROLE_ID: roleId }
    expect(await reads(await open({ kind: 'approle', role_id_env: 'ROLE_ID', secret_id_env: 'SECRET_ID' }, { env }))).toBe(1)
  })

  it('at another mount is found there, and one that is not there is named', async () => {
    const { server, open, write } = await setup()
    const roleId = server.tokens.approle('ci', { ...role(), mount: 'machines/approle' })
    write('secret', server.tokens.secretId('ci'))
    const auth = { kind: 'approle', role_id: roleId, secret_id_file: 'secret' }
    expect(await reads(await open({ ...auth, mount: 'machines/approle' }))).toBe(1)
    const error = await failure((await open(auth)).read([PATH]))
    expect(error.message).toMatch(/logging in at auth\/approle: no such login method there$/)
  })

  it('that is refused says which of both it was about, and shows neither', async () => {
    const { server, open, write } = await setup()
    server.tokens.approle('ci', role())
    write('secret', canary())
    const error = await failure((await open({ kind: 'approle', role_id: 'role-id-of-ci', secret_id_file: 'secret' })).read([PATH]))
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(error.message).toMatch(/role id or secret id was refused \(400\)$/)
    expectNoCanary(shown(error), 'the error')
    expect(server.log.filter((line) => line.includes('login'))).toHaveLength(1)
  })

  it('logs in again when renewal ends, and when the token was revoked', async () => {
    const { server, open, write, put, pass } = await setup()
    const roleId = server.tokens.approle('ci', role({ maxTtlMs: HOUR * 1.2 }))
    write('secret', server.tokens.secretId('ci'))
    const store = await open({ kind: 'approle', role_id: roleId, secret_id_file: 'secret' })
    await reads(store)
    expect(put).toHaveLength(1)
    // Renewed at 40 minutes it may live until 72: half of its time is not left a second time.
    for (const [n, logins] of [
      [0, 1],
      [1, 2],
    ] as const) {
      pass(put[n]?.ms ?? 0)
      put[n]?.work()
      await until(() => put.length === n + 2)
      expect(server.tokens.logins).toBe(logins)
    }
    expect(await reads(store)).toBe(1)
    // Long away: it has ended meanwhile.
    pass(HOUR * 3)
    expect(await reads(store)).toBe(1)
    expect(server.tokens.logins).toBe(3)
  })

  it('is not asked for a second time for many who are refused at once', async () => {
    const { server, open, write, pass } = await setup()
    const roleId = server.tokens.approle('ci', role())
    write('secret', server.tokens.secretId('ci'))
    const store = await open({ kind: 'approle', role_id: roleId, secret_id_file: 'secret' })
    await reads(store)
    pass(HOUR * 2)
    await Promise.all([1, 2, 3, 4, 5].map(() => reads(store)))
    expect(server.tokens.logins).toBe(2)
  })

  it('unwraps a wrapped secret id once, and uses it for every login', async () => {
    const { server, open, write, pass } = await setup()
    const roleId = server.tokens.approle('ci', role())
    write('wrapped', server.tokens.secretId('ci', { wrapped: true }))
    const store = await open({ kind: 'approle', role_id: roleId, secret_id_file: 'wrapped', wrapped: true })
    await reads(store)
    pass(HOUR * 2)
    expect(await reads(store)).toBe(1)
    expect(server.tokens.logins).toBe(2)
    expect(server.log.filter((line) => line.includes('unwrap'))).toEqual(['POST sys/wrapping/unwrap 200'])
    const error = await failure((await open({ kind: 'approle', role_id: roleId, secret_id_file: 'wrapped', wrapped: true })).read([PATH]))
    expect(error.message).toMatch(/the wrapping token is not valid \(400\)$/)
    expect(error.hint).toMatch(/used already/)
    expectNoCanary(shown(error), 'the error')
  })

  it('does not take what somebody else wrapped', async () => {
    const { server, open, write } = await setup()
    const roleId = server.tokens.approle('ci', role())
    server.tokens.approle('other', { ...role(), mount: 'cubbyhole' })
    write('wrapped', server.tokens.secretId('other', { wrapped: true }))
    const error = await failure((await open({ kind: 'approle', role_id: roleId, secret_id_file: 'wrapped', wrapped: true })).read([PATH]))
    expect(error.message).toMatch(/not made as a secret id of this login method$/)
    expect(server.log.some((line) => line.includes('unwrap 200'))).toBe(false)
  })
})

describe('Kubernetes and JWT', () => {
  it('log in with what their file holds, read again each time', async () => {
    const { server, open, write, pass } = await setup()
    for (const kind of ['kubernetes', 'jwt'] as const) {
      write('jwt', server.tokens.jwt(kind, 'app', { policy: POLICY, ttlMs: HOUR }))
      const store = await open({ kind, role: 'app', jwt_file: 'jwt' })
      expect(await reads(store)).toBe(1)
      write('jwt', server.tokens.jwt(kind, 'app', { policy: POLICY, ttlMs: HOUR }))
      pass(HOUR)
      expect(await reads(store)).toBe(1)
    }
    expect(server.tokens.logins).toBe(4)
  })

  it.each([
    ['kubernetes', 'app', /the login was refused \(403\)$/],
    ['jwt', 'app', /the login was refused \(400\)$/],
    ['jwt', 'other', /the login was refused \(400\)$/],
  ] as const)('say that %s was refused for role %s, without what the server says', async (kind, role, message) => {
    const { server, open, write } = await setup()
    const jwt = server.tokens.jwt(kind, 'app', { policy: POLICY })
    write('jwt', role === 'app' ? canary() : jwt)
    const error = await failure((await open({ kind, role, jwt_file: 'jwt' })).read([PATH]))
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(error.message).toMatch(message)
    expectNoCanary(shown(error), 'the error')
  })
})
