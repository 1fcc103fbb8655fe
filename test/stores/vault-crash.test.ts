import { describe, expect, it, onTestFinished } from 'vitest'
import { Sensitive } from '../../src/sensitive.ts'
import { startFaultProxy } from '../servers/fault-proxy.ts'
import { FINGERPRINTS, openAt, vaultServer } from './vault-fixture.ts'

/** Every request of every write is the last one of a process, before and after Vault has done it; another process then does the same again. */

const PATH = 'demo/production/db'
const version = (n: number) => ({ token: `kt_demo.db.${n}`, fields: new Sensitive({ value: `canary-${n}` }), handle: null })

async function scene(patch: boolean) {
  const server = await vaultServer()
  const proxy = await startFaultProxy(server.address)
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  server.kv2('secret').patch = patch
  await server.ask('POST', `secret/data/${PATH}`, { data: { user: 'app', value: 'canary-0' } })
  const open = (address = server.address) => openAt(address, server.rootToken)
  await (await open()).put(PATH, version(0))
  const work = async (store: Awaited<ReturnType<typeof open>>) => {
    await store.put(PATH, version(1))
    await store.promote(PATH, version(1).token, FINGERPRINTS.of(version(0).fields))
    await store.drop(PATH, version(0).token)
  }
  const document = async () => {
    const { body } = await server.ask('GET', `secret/data/${PATH}`)
    return (body as { data: { data: object; metadata: { version: number } } }).data
  }
  return { proxy, work, document, open, crashing: await open(proxy.url) }
}

describe('a process that ends between any two requests to Vault', () => {
  it.each([
    ['refuse', true],
    ['reset', true],
    ['reset', false],
  ] as const)('loses nothing and leaves nothing half done (%s, patching %s)', async (kind, patch) => {
    const whole = await scene(patch)
    await whole.work(whole.crashing)
    const count = whole.proxy.requests()
    expect(count).toBeGreaterThan(6)
    for (let last = 1; last <= count; last++) {
      const { proxy, work, crashing, open, document } = await scene(patch)
      proxy.spoil(({ number }) => (number >= last ? { kind: number === last ? kind : 'refuse' } : null))
      await work(crashing).catch((error: unknown) => expect(error, `request ${last}`).toMatchObject({ code: 'STORE_UNAVAILABLE' }))
      expect(['canary-0', 'canary-1'], `request ${last}`).toContain(((await document()).data as { value: string }).value)
      const store = await open()
      await work(store)
      expect((await document()).data, `request ${last}`).toEqual({ user: 'app', value: 'canary-1' })
      expect(await store.versions(PATH)).toMatchObject([{ token: version(1).token }])
      // A second attempt made no second version of what others read.
      expect((await document()).metadata.version, `request ${last}`).toBe(2)
    }
  })

  it('or is answered twice, or late, goes on', async () => {
    const { proxy, work, crashing, document } = await scene(true)
    proxy.spoil(({ number }) => (number % 2 ? { kind: 'twice' } : { kind: 'delay', work: async () => {} }))
    await work(crashing)
    expect((await document()).data).toEqual({ user: 'app', value: 'canary-1' })
  })

  it('that wakes up late writes nothing over what came after it', async () => {
    const { proxy, work, crashing, document, open } = await scene(true)
    const [asleep, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    proxy.spoil(({ method, url }) => {
      if (method !== 'PATCH' || !url.endsWith(`/data/${PATH}`)) return null
      proxy.heal()
      const sleep = async () => {
        reached.resolve()
        await asleep.promise
      }
      return { kind: 'delay', work: sleep }
    })
    const late = work(crashing).catch((error: unknown) => error)
    await reached.promise
    const store = await open()
    await store.put(PATH, version(2))
    await store.promote(PATH, version(2).token, FINGERPRINTS.of(version(0).fields))
    asleep.resolve()
    expect(await late).toMatchObject({ code: 'STORE_CHANGED' })
    expect((await document()).data).toEqual({ user: 'app', value: 'canary-2' })
  })
})
