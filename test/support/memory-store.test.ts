import { expect, it } from 'vitest'
import { fingerprinter } from '../../src/fingerprint.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { describeSecretStore } from '../contract/store.ts'
import { START } from './clock.ts'
import { emptyStorage, memoryStore } from './memory-store.ts'

const fingerprints = fingerprinter('test', new Sensitive(new Uint8Array(32)))

describeSecretStore('the store in memory', async () => {
  const storage = emptyStorage()
  let now = START
  const view = () => memoryStore({ storage, clock: { now: () => now }, fingerprints })
  return {
    store: view(),
    another: view,
    fingerprints,
    tick: () => {
      now += 1_000
    },
  }
})

it('stops before and after every change, and can fail at both', async () => {
  const storage = emptyStorage()
  const points: string[] = []
  let failing = ''
  const store = memoryStore({
    storage,
    clock: { now: () => START },
    fingerprints,
    hook: async (point) => {
      points.push(point)
      if (point === failing) throw new Error(`no answer at ${point}`)
    },
  })
  const version = { token: 'kt_demo.key.1', fields: new Sensitive({ value: 'canary-one' }), handle: null }
  failing = 'store.put:before'
  await expect(store.put('p', version)).rejects.toThrow('no answer')
  expect(storage.versions.size).toBe(0)
  failing = 'store.put:after'
  await expect(store.put('p', version)).rejects.toThrow('no answer')
  expect(storage.versions.get('p')).toHaveLength(1)
  failing = ''
  await store.put('p', version)
  await store.promote('p', 'kt_demo.key.1', null)
  expect(points).toEqual([
    ...['store.put:before', 'store.put:before', 'store.put:after', 'store.put:before', 'store.put:after'],
    ...['store.promote:before', 'store.promote:between', 'store.promote:after'],
  ])
})
