import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { Sensitive } from '../../src/sensitive.ts'
import { writeIdentity } from '../../src/stores/identity.ts'
import type { LocalStore } from '../../src/stores/local/store.ts'
import { canary } from '../support/canary.ts'
import { seededRandom } from '../support/random.ts'
import { type ChildTask, FINGERPRINTS } from './local-child.ts'
import { type LocalFixture, localFixture } from './local-fixture.ts'
import { runChild } from './local-run.ts'

const PATH = 'demo/production/openai'
const OLD = canary()
const NEW = canary()
const box = (value: string) => new Sensitive({ value })

async function prepared(): Promise<{ fixture: LocalFixture; store: LocalStore }> {
  const fixture = await localFixture()
  const store = fixture.open({ fingerprints: async () => FINGERPRINTS })
  await writeIdentity(fixture.me, { file: path.join(fixture.dir, '..', 'identity.txt'), clock: fixture.clock, random: seededRandom(1) })
  await store.put(PATH, { token: 'old', fields: box(OLD), handle: null })
  await store.promote(PATH, 'old', null)
  await store.put(PATH, { token: 'neighbour', fields: new Sensitive({ neighbour: 'agent' }), handle: null })
  await store.promote(PATH, 'neighbour', null)
  return { fixture, store }
}

const currentValue = async (store: LocalStore) => (await store.read([PATH])).get(PATH)?.fields.reveal().value
const tokens = async (store: LocalStore) => (await store.versions(PATH)).map(({ token }) => token)

interface Killed {
  readonly name: string
  readonly task: Partial<ChildTask>
  before?(store: LocalStore): Promise<void>
  /** After a kill: either all of the old or all of the new. */
  either(store: LocalStore): Promise<void>
  /** After the next run. */
  done(store: LocalStore): Promise<void>
}

const putNew = (store: LocalStore) => store.put(PATH, { token: 'new', fields: box(NEW), handle: null })

const OPERATIONS: readonly Killed[] = [
  {
    name: 'put',
    task: { op: 'put' },
    async either(store) {
      expect([
        ['neighbour', 'old'],
        ['new', 'neighbour', 'old'],
      ]).toContainEqual(await tokens(store))
      expect(await currentValue(store)).toBe(OLD)
    },
    async done(store) {
      expect((await store.get(PATH, ['new']))[0]?.fields.reveal()).toEqual({ value: NEW })
      expect(await tokens(store)).toHaveLength(3)
    },
  },
  {
    name: 'promote',
    task: { op: 'promote', expect: FINGERPRINTS.of(box(OLD)) },
    before: putNew,
    async either(store) {
      expect([OLD, NEW]).toContain(await currentValue(store))
    },
    async done(store) {
      expect((await store.read([PATH])).get(PATH)?.fields.reveal()).toEqual({ value: NEW, neighbour: 'agent' })
    },
  },
  {
    name: 'putCurrent',
    task: { op: 'putCurrent', expect: FINGERPRINTS.of(box(OLD)) },
    async either(store) {
      for (const [path, before] of [
        [PATH, OLD],
        [`${PATH}-2`, undefined],
      ] as const) {
        const value = (await store.read([path])).get(path)?.fields.reveal().value
        expect([before, NEW]).toContain(value)
        if (value === NEW) expect((await store.get(path, ['new']))[0]?.fields.reveal()).toEqual({ value: NEW })
      }
    },
    async done(store) {
      expect((await store.read([PATH])).get(PATH)?.fields.reveal()).toEqual({ value: NEW, neighbour: 'agent' })
      expect((await store.read([`${PATH}-2`])).get(`${PATH}-2`)?.fields.reveal()).toEqual({ value: NEW })
      expect([await tokens(store), (await store.versions(`${PATH}-2`)).length]).toEqual([['new', 'neighbour', 'old'], 1])
    },
  },
  {
    name: 'withdraw',
    task: { op: 'withdraw' },
    async either(store) {
      expect([OLD, undefined]).toContain(await currentValue(store))
    },
    async done(store) {
      expect((await store.read([PATH])).get(PATH)?.fields.reveal()).toEqual({ neighbour: 'agent' })
    },
  },
  {
    name: 'drop',
    task: { op: 'drop', token: 'old' },
    async either(store) {
      expect([['neighbour'], ['neighbour', 'old']]).toContainEqual(await tokens(store))
    },
    async done(store) {
      expect(await tokens(store)).toEqual(['neighbour'])
      expect(await currentValue(store)).toBe(OLD)
    },
  },
  {
    name: 'reencrypt',
    task: { op: 'reencrypt' },
    async either(store) {
      expect(await currentValue(store)).toBe(OLD)
      expect(await tokens(store)).toEqual(['neighbour', 'old'])
    },
    async done(store) {
      const readers = (await store.files()).map((file) => file.readers.length)
      expect(readers).toEqual([1, 1, 1])
      expect(await currentValue(store)).toBe(OLD)
    },
  },
]

describe('a process killed with SIGKILL at any point of a write', () => {
  it.each(OPERATIONS)('leaves old or new in $name, and the next run ends it', { timeout: 120_000 }, async ({ task, before, either, done }) => {
    const { fixture, store } = await prepared()
    await before?.(store)
    let kills = 0
    for (let killAt = 1; ; killAt++) {
      const { signal, error } = await runChild(fixture, NEW, { ...task, killAt })
      expect(error).toBeNull()
      if (signal === null) break
      expect(signal).toBe('SIGKILL')
      kills++
      await either(store)
      expect((await store.files()).filter((file) => file.problem)).toEqual([])
    }
    await done(store)
    expect(readdirSync(path.join(fixture.dir, 'tmp'))).toEqual([])
    expect(kills).toBeGreaterThanOrEqual(2)
  })

  it('may have been the very first one', async () => {
    const { fixture } = await prepared()
    const fresh = { dir: path.join(fixture.dir, 'fresh'), op: 'put' as const }
    for (let killAt = 1; (await runChild(fixture, NEW, { ...fresh, killAt })).signal; killAt++) expect(killAt).toBeLessThan(20)
    expect((await fixture.open({ dir: fresh.dir }).get(PATH, ['new']))[0]?.fields.reveal()).toEqual({ value: NEW })
  })
})

describe('several processes at once', () => {
  it('lose nothing of each other', { timeout: 60_000 }, async () => {
    const { fixture, store } = await prepared()
    const ends = await Promise.all(['a', 'b', 'c'].map((token) => runChild(fixture, NEW, { op: 'count', token, times: 8 })))
    expect(ends).toEqual(ends.map(() => ({ signal: null, error: null })))
    const fields = Object.keys((await store.read([PATH])).get(PATH)?.fields.reveal() ?? {})
    expect(fields).toHaveLength(24 + 2)
    expect(await store.versions(PATH)).toHaveLength(24 + 2)
  })

  it('let exactly one change what all of them expect', { timeout: 60_000 }, async () => {
    const { fixture, store } = await prepared()
    for (const n of [1, 2, 3]) await store.put(PATH, { token: `t${n}`, fields: box(`canary-${n}-number`), handle: null })
    const ends = await Promise.all([1, 2, 3].map((n) => runChild(fixture, NEW, { op: 'promote', token: `t${n}`, expect: FINGERPRINTS.of(box(OLD)) })))
    expect(ends.map((end) => end.error?.code ?? 'done').sort()).toEqual(['STORE_CHANGED', 'STORE_CHANGED', 'done'])
  })
})
