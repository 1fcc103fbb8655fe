import { describe, expect, it, onTestFinished } from 'vitest'
import { Sensitive } from '../../src/sensitive.ts'
import { startFaultProxy } from '../servers/fault-proxy.ts'
import { awsFixture } from './aws-fixture.ts'

/** Every request of every write is the last one of a process, before and after AWS has done it; another process then does the same again. */

const PATH = 'demo/production/db'
const version = (n: number) => ({ token: `kt_demo.db.${n}`, fields: new Sensitive({ value: `canary-${n}` }), handle: null })

async function scene() {
  const { aws, open, fingerprints, clock } = await awsFixture()
  const proxy = await startFaultProxy(aws.url)
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  aws.plant(PATH, '{"user":"app","value":"canary-0"}')
  await open().put(PATH, version(0))
  await clock.advance(3_600_000)
  const crashing = open({ endpoint: proxy.url })
  const work = async (store: ReturnType<typeof open>) => {
    await store.put(PATH, version(1))
    await store.promote(PATH, version(1).token, fingerprints.of(version(0).fields))
    await store.drop(PATH, version(0).token)
  }
  return { aws, proxy, work, crashing, open }
}

async function requestsInAll(): Promise<number> {
  const { proxy, work, crashing } = await scene()
  await work(crashing)
  return proxy.requests()
}

describe('a process that ends between any two requests', () => {
  it.each(['refuse', 'reset'] as const)('loses nothing and leaves nothing half done (%s)', async (kind) => {
    const count = await requestsInAll()
    expect(count).toBeGreaterThan(8)
    for (let last = 1; last <= count; last++) {
      const { aws, proxy, work, crashing, open } = await scene()
      proxy.spoil(({ number }) => (number >= last ? { kind: number === last ? kind : 'refuse' } : null))
      await expect(work(crashing), `request ${last}`).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      const between = aws.textOf(PATH)
      expect(['{"user":"app","value":"canary-0"}', '{"user":"app","value":"canary-1"}'], `request ${last}`).toContain(between)
      const store = open()
      await work(store)
      expect(aws.textOf(PATH), `request ${last}`).toBe('{"user":"app","value":"canary-1"}')
      expect(await store.versions(PATH)).toMatchObject([{ token: version(1).token }])
      // A second attempt made no second version of what others read.
      expect(aws.state.secrets.get(PATH)?.puts, `request ${last}`).toHaveLength(1)
    }
  })

  it('that wakes up late writes nothing over what came after it', async () => {
    const { aws, proxy, work, crashing } = await scene()
    const [asleep, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const sleep = async () => {
      reached.resolve()
      await asleep.promise
    }
    let moves = 0
    // The first one is of the list of versions, the second of the document.
    proxy.spoil(({ headers }) =>
      headers['x-amz-target'] === 'secretsmanager.UpdateSecretVersionStage' && ++moves === 2 ? { kind: 'delay', work: sleep } : null,
    )
    const late = work(crashing).catch((error: unknown) => error)
    await reached.promise
    const secret = aws.state.find(PATH)
    aws.state.put(secret, 'somebody-else-writes-here-meanwhile', { text: '{"user":"app","value":"canary-theirs"}' }, undefined)
    asleep.resolve()
    expect(await late).toMatchObject({ code: 'STORE_CHANGED' })
    expect(aws.textOf(PATH)).toBe('{"user":"app","value":"canary-theirs"}')
  })
})
