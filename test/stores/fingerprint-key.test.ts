import { describe, expect, it } from 'vitest'
import { fingerprinter } from '../../src/fingerprint.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { FINGERPRINT_PATH, loadFingerprints } from '../../src/stores/fingerprint-key.ts'
import { manualClock } from '../support/clock.ts'
import { emptyStorage, memoryStore } from '../support/memory-store.ts'
import { seededRandom } from '../support/random.ts'
import { localFixture } from './local-fixture.ts'

const VALUE = new Sensitive({ value: 'canary-value' })

const stores = {
  'the local store': async () => {
    const fixture = await localFixture()
    return () => fixture.open()
  },
  'the store in memory': async () => {
    const storage = emptyStorage()
    const fingerprints = fingerprinter('ktest', new Sensitive(new Uint8Array(32)))
    return () => memoryStore({ storage, clock: manualClock(), fingerprints })
  },
}

describe.each(Object.entries(stores))('the fingerprint key in %s', (_, make) => {
  it('is made once and is the same for everyone, also for several at the first moment', async () => {
    const open = await make()
    const all = await Promise.all([1, 2, 3, 4, 5].map((n) => loadFingerprints(open(), 'kt_demo', seededRandom(n))))
    all.push(await loadFingerprints(open(), 'kt_demo', seededRandom(6)))
    expect(new Set(all.map((one) => one.of(VALUE))).size).toBe(1)
    expect(all[0]?.of(VALUE)).toMatch(/^hmac:k[0-9a-f]{8}:[0-9a-f]{32}$/)
    // What the slower ones made is gone again.
    expect(await open().versions(FINGERPRINT_PATH)).toHaveLength(1)
  })

  it('of a store begun again has another id', async () => {
    const [one, two] = [
      await loadFingerprints((await make())(), 'kt_demo', seededRandom(1)),
      await loadFingerprints((await make())(), 'kt_demo', seededRandom(2)),
    ]
    expect(one.keyId).not.toBe(two.keyId)
  })

  it('that is no key is named', async () => {
    const store = (await make())()
    await store.put(FINGERPRINT_PATH, { token: 't', fields: new Sensitive({ id: 'k1', key: 'short' }), handle: null })
    await store.promote(FINGERPRINT_PATH, 't', null)
    await expect(loadFingerprints(store, 'kt_demo', seededRandom(1))).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  })
})
