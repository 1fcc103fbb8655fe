import { describe, expect, it } from 'vitest'
import type { SecretStore } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Fault, VaultServer, VaultState } from '../servers/vault/server.ts'
import { canary, expectNoCanary } from '../support/canary.ts'
import { DATA, errors, PATH, ROWS } from './vault-answers.ts'
import { failure, type OpenWith, openAt, shown, vaultServer } from './vault-fixture.ts'

interface Setup {
  readonly server: VaultServer
  readonly store: SecretStore
  readonly waits: number[]
  /** Requests for the document. */
  readonly asked: () => number
}

async function setup(options: OpenWith = {}): Promise<Setup> {
  const server = await vaultServer()
  const waits: number[] = []
  const store = await openAt(server.address, server.rootToken, { pause: async (ms) => void waits.push(ms), ...options })
  await server.ask('POST', DATA, { data: { value: canary() } })
  await store.read([PATH])
  const before = server.log.length
  return { server, store, waits, asked: () => server.log.slice(before).filter((line) => line.includes(DATA)).length }
}

/** Every request for the document is answered so. */
const always = ({ server }: Setup, fault: Fault) => {
  server.intercept = (call) => (call.path === DATA ? fault : null)
}

const READING = `store vault \\(127\\.0\\.0\\.1:\\d+\\): reading ${PATH}: `

describe('an answer of Vault', () => {
  it.each(ROWS)('$name: $code, named, and sent $tries times', async ({ fault, code, message, hint, tries, retryable = true }) => {
    const made = await setup()
    always(made, fault)
    const error = await failure(made.store.read([PATH]))
    expect(error).toMatchObject({ code, retryable })
    expect(error.message).toMatch(new RegExp(`^${READING}`))
    expect(error.message).toMatch(message)
    expect(error.hint).toMatch(hint)
    expect(made.asked()).toBe(tries)
    expect(made.waits).toHaveLength(tries - 1)
    expectNoCanary(shown(error), 'the error')
  })

  it('that fails once or twice is asked for again and read', async () => {
    for (const fault of [errors(500), errors(412), errors(429), { status: 200, body: {}, cut: 1 }]) {
      const made = await setup()
      let left = 2
      made.server.intercept = (call) => (call.path === DATA && left-- > 0 ? fault : null)
      expect((await made.store.read([PATH])).has(PATH)).toBe(true)
      expect(made.asked()).toBe(3)
      const [first = 0, second = 0] = made.waits
      expect(first).toBeGreaterThanOrEqual(100)
      expect(first).toBeLessThanOrEqual(200)
      expect(second).toBeGreaterThanOrEqual(200)
      expect(second).toBeLessThanOrEqual(400)
    }
  })

  it.each([
    ['2', 2000],
    [new Date(Date.UTC(2026, 0, 1) + 3000).toUTCString(), 3000],
  ])('with Retry-After %s is asked for again after that', async (retryAfter, ms) => {
    const made = await setup({ now: () => Date.UTC(2026, 0, 1) })
    let left = 1
    made.server.intercept = (call) => (call.path === DATA && left-- > 0 ? { ...errors(429), headers: { 'retry-after': retryAfter } } : null)
    await made.store.read([PATH])
    expect(made.waits).toHaveLength(1)
    expect(made.waits[0]).toBeGreaterThanOrEqual(ms)
    expect(made.waits[0]).toBeLessThanOrEqual(ms + 200)
  })

  it('with a long Retry-After is not waited for: the error says from when on it is of use', async () => {
    const now = Date.UTC(2026, 0, 1)
    const made = await setup({ now: () => now })
    always(made, { ...errors(429, 'rate limit quota exceeded'), headers: { 'retry-after': '120' } })
    expect(await failure(made.store.read([PATH]))).toMatchObject({ code: 'STORE_BUSY', retryAt: now + 120_000 })
    expect(made.asked()).toBe(1)
  })

  const STATES: readonly (readonly [VaultState, RegExp, RegExp])[] = [
    ['sealed', /Vault is sealed \(503\)$/, /vault operator unseal/],
    ['uninitialised', /Vault is not initialised$/, /vault operator init/],
    ['standby', /is a standby that did not forward$/, /active node/],
    ['performance-standby', /is a performance standby that did not forward$/, /active node/],
    ['disaster-secondary', /is a secondary for disasters/, /primary/],
  ]
  it.each(STATES)('of a server that is %s says so by its own word', async (state, message, hint) => {
    const made = await setup()
    made.server.state = state
    const error = await failure(made.store.read([PATH]))
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true })
    expect(error.message).toMatch(message)
    expect(error.hint).toMatch(hint)
    expect(made.waits).toEqual([])
    made.server.state = 'active'
    expect((await made.store.read([PATH])).has(PATH)).toBe(true)
  })

  it('that never comes is given up after its time, twice', async () => {
    const made = await setup({ params: { timeout: '50ms' } })
    always(made, { status: 200, hang: true })
    const error = await failure(made.store.read([PATH]))
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(error.message).toMatch(/no answer within 50 ms$/)
    expect(made.asked()).toBe(2)
  })

  it('that never comes from a server that is away is named: nothing listens, or nobody knows the name', async () => {
    const made = await setup()
    await made.server.close()
    expect((await failure(made.store.read([PATH]))).message).toMatch(/no connection \(ECONNREFUSED\)$/)
    expect(made.waits).toHaveLength(3)
    const nowhere = await openAt('https://vault.invalid:8200', canary())
    expect((await failure(nowhere.read([PATH]))).message).toMatch(/the name of the server is not known \((ENOTFOUND|EAI_AGAIN)\)$/)
  })
})

describe('a write that may have been done', () => {
  it('is sent again, and done once', async () => {
    const made = await setup()
    const fields = { value: canary() }
    let left = 1
    // The answer of each first write is lost.
    made.server.intercept = (call) => {
      if (!['POST', 'PATCH'].includes(call.method) || !/\/data\//.test(call.path) || left-- <= 0) return null
      return { status: 200, body: {}, cut: 1 }
    }
    const token = 'kt_demo.other.1'
    await made.store.put('demo/other', { token, fields: new Sensitive(fields), handle: null })
    left = 1
    await made.store.promote('demo/other', token, null)
    expect((await made.store.read(['demo/other'])).get('demo/other')?.fields.reveal()).toEqual(fields)
    expect(await made.store.versions('demo/other')).toHaveLength(1)
  })

  it('whose lease ends while it is under way says so', async () => {
    const made = await setup()
    const lease = new AbortController()
    made.server.intercept = (call) => {
      if (call.method !== 'POST') return null
      lease.abort()
      return { status: 200, hang: true }
    }
    const put = made.store.put('demo/other', { token: 'kt_demo.other.1', fields: new Sensitive({ value: canary() }), handle: null }, lease.signal)
    expect(await failure(put)).toMatchObject({ code: 'LEASE_LOST' })
  })

  it('whose lease ends while it waits for another try is not sent again', async () => {
    const lease = new AbortController()
    const made = await setup({ pause: async () => lease.abort() })
    made.server.intercept = (call) => (call.method === 'POST' ? errors(500) : null)
    const before = made.server.log.length
    const put = made.store.put('demo/other', { token: 'kt_demo.other.1', fields: new Sensitive({ value: canary() }), handle: null }, lease.signal)
    expect(await failure(put)).toMatchObject({ code: 'LEASE_LOST' })
    expect(made.server.log.slice(before).filter((line) => line.startsWith('POST'))).toHaveLength(1)
  })
})
