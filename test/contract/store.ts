import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { type ErrorCode, isKeyturnError } from '../../src/errors.ts'
import type { CurrentVersion, Fingerprinter, SecretStore } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Fields, Handle } from '../../src/terms.ts'

export interface StoreUnderTest {
  readonly store: SecretStore
  /** A second view of the same storage, as another process would have it. */
  another(): SecretStore
  /** The ones that the store compares `expect` with. */
  readonly fingerprints: Fingerprinter
  /** Moves the store's clock on, if it has one that stands still. */
  tick?(): void
  /** Bytes of a value that it takes for certain; a megabyte is refused then. Absent: a megabyte at least. */
  readonly largest?: number
}

/** What every SecretStore promises; `make` gives an empty one each time. */
export function describeSecretStore(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a SecretStore`, () => {
    let store: SecretStore
    let another: () => SecretStore
    let tick: () => void
    let fingerprints: Fingerprinter
    let largest: number | undefined

    beforeEach(async () => {
      const made = await make()
      store = made.store
      another = () => made.another()
      fingerprints = made.fingerprints
      largest = made.largest
      tick = () => made.tick?.()
    })

    const PATH = 'demo/production/openai'
    const boxed = (fields: Fields) => new Sensitive(fields)
    const token = (n: number | string) => `kt_demo.openai.${n}`
    const handle: Handle = { rotator: 'openai', params: { project: 'p1' }, id: { key: 'key_1' } }
    const put = (n: number | string, fields: Fields, path = PATH) => store.put(path, { token: token(n), fields: boxed(fields), handle })
    const current = async (path = PATH) => (await store.read([path])).get(path)?.fields.reveal() ?? null
    const print = (fields: Fields) => fingerprints.of(boxed(fields))
    const code = async (work: Promise<unknown>): Promise<ErrorCode | 'done'> => {
      try {
        await work
        return 'done'
      } catch (error) {
        if (isKeyturnError(error)) return error.code
        throw error
      }
    }

    it('is empty at first', async () => {
      expect((await store.read([PATH, 'demo/other'])).size).toBe(0)
      expect(await store.versions(PATH)).toEqual([])
      expect(await store.get(PATH, [token(1)])).toEqual([])
    })

    it('is ready, as often as it is asked', async () => {
      await store.ready()
      await put(1, { value: 'canary-one' })
      await store.ready()
    })

    it('keeps a version that readers do not see', async () => {
      await put(1, { value: 'canary-one', user: 'agent' })
      expect(await current()).toBeNull()
      const [version, ...more] = await store.get(PATH, [token(1), token(2)])
      expect(more).toEqual([])
      expect(version?.token).toBe(token(1))
      expect(version?.fields.reveal()).toEqual({ value: 'canary-one', user: 'agent' })
      expect(version?.handle).toEqual(handle)
      expect(typeof version?.createdAt).toBe('number')
    })

    it('lists versions newest first, with field names and handle and without values', async () => {
      await put('b', { value: 'canary-one' })
      tick()
      await put('a', { value: 'canary-two', user: 'agent' })
      tick()
      await store.put(PATH, { token: token('c'), fields: boxed({ value: 'canary-three' }), handle: null })
      const versions = await store.versions(PATH)
      expect(versions.map((version) => version.token)).toEqual([token('c'), token('a'), token('b')])
      expect(versions.map((version) => version.handle)).toEqual([null, handle, handle])
      expect(versions.map((version) => [...version.fields].sort())).toEqual([['value'], ['user', 'value'], ['value']])
      expect(JSON.stringify(versions)).not.toContain('canary-')
      expect(await store.versions('demo/production/other')).toEqual([])
    })

    it('shows no value of a version or document that is printed', async () => {
      await put(1, { value: 'canary-printed' })
      await store.promote(PATH, token(1), null)
      const everything = [await store.get(PATH, [token(1)]), [...(await store.read([PATH])).values()], await store.versions(PATH)]
      expect(JSON.stringify(everything)).not.toContain('canary-')
    })

    it('takes the same version again, whatever the order of its fields', async () => {
      await put(1, { a: 'canary-1', b: 'canary-2' })
      await put(1, { b: 'canary-2', a: 'canary-1' })
      expect(await store.versions(PATH)).toHaveLength(1)
    })

    it('refuses other bytes under the same token and keeps the first', async () => {
      await put(1, { value: 'canary-one' })
      expect(await code(put(1, { value: 'canary-two' }))).toBe('STAGE_CONFLICT')
      expect(await code(put(1, { value: 'canary-one', more: 'canary-x' }))).toBe('STAGE_CONFLICT')
      expect(await code(store.put(PATH, { token: token(1), fields: boxed({ value: 'canary-one' }), handle: null }))).toBe('STAGE_CONFLICT')
      expect((await store.get(PATH, [token(1)]))[0]?.fields.reveal()).toEqual({ value: 'canary-one' })
    })

    it('keeps the same token on two paths apart', async () => {
      await put(1, { value: 'canary-one' })
      await put(1, { value: 'canary-two' }, 'demo/production/twin')
      expect((await store.get(PATH, [token(1)]))[0]?.fields.reveal()).toEqual({ value: 'canary-one' })
      expect((await store.get('demo/production/twin', [token(1)]))[0]?.fields.reveal()).toEqual({ value: 'canary-two' })
    })

    describe('putCurrent', () => {
      const entry = (n: number | string, fields: Fields, path = PATH, expect: Fields | null = null): CurrentVersion => ({
        ...{ path, token: token(n), fields: boxed(fields), handle },
        expect: expect && print(expect),
      })
      const tokensAt = async (path = PATH) => (await store.versions(path)).map((version) => version.token)

      it('stores every version and makes it current', async () => {
        const paths = Array.from({ length: 40 }, (_, n) => `demo/production/many-${n}`)
        await store.putCurrent(paths.map((path, n) => entry(n, { value: `canary-${n}` }, path)))
        for (const [n, path] of paths.entries()) {
          expect(await current(path)).toEqual({ value: `canary-${n}` })
          expect((await another().get(path, [token(n)]))[0]).toMatchObject({ token: token(n), handle })
        }
        await store.putCurrent([])
      })

      it('takes several of one path, and leaves the fields of neighbours', async () => {
        await put('n', { neighbour: 'canary-n' })
        await store.promote(PATH, token('n'), null)
        await store.putCurrent([
          entry(1, { user: 'agent' }),
          entry(2, { password: 'canary-two' }),
          entry(3, { password: 'canary-three' }, PATH, { password: 'canary-two' }),
        ])
        expect(await current()).toEqual({ neighbour: 'canary-n', user: 'agent', password: 'canary-three' })
        expect(await tokensAt()).toEqual([3, 2, 1, 'n'].map(token))
      })

      it('may be repeated, also where a part was done', async () => {
        await put(1, { value: 'canary-one' })
        for (let times = 0; times < 2; times++) {
          await store.putCurrent([entry(1, { value: 'canary-one' }), entry(2, { value: 'canary-two' }, 'demo/other')])
          expect(await tokensAt()).toEqual([token(1)])
          expect(await tokensAt('demo/other')).toEqual([token(2)])
          expect([await current(), await current('demo/other')]).toEqual([{ value: 'canary-one' }, { value: 'canary-two' }])
        }
      })

      it('refuses what put and promote refuse', async () => {
        await store.putCurrent([entry(1, { value: 'canary-one' })])
        expect(await code(store.putCurrent([entry(1, { value: 'canary-other' })]))).toBe('STAGE_CONFLICT')
        expect(await code(store.putCurrent([entry(2, { value: 'canary-two' })]))).toBe('STORE_CHANGED')
        expect(await code(store.putCurrent([entry(2, { value: 'canary-two' }, PATH, { value: 'canary-other' })]))).toBe('STORE_CHANGED')
        expect(await current()).toEqual({ value: 'canary-one' })
        await store.putCurrent([entry(2, { value: 'canary-two' }, PATH, { value: 'canary-one' })])
        expect(await current()).toEqual({ value: 'canary-two' })
      })

      it('writes nothing once its signal has aborted', async () => {
        expect(await code(store.putCurrent([entry(1, { value: 'canary-one' })], AbortSignal.abort()))).toBe('LEASE_LOST')
        expect([await current(), await tokensAt()]).toEqual([null, []])
      })
    })

    describe('promote', () => {
      it('makes a version current where nothing was', async () => {
        await put(1, { value: 'canary-one' })
        await store.promote(PATH, token(1), null)
        expect(await current()).toEqual({ value: 'canary-one' })
        expect(typeof (await store.read([PATH])).get(PATH)?.changedAt).toBe('number')
      })

      it('replaces exactly the value that was expected', async () => {
        await put(1, { value: 'canary-one' })
        await put(2, { value: 'canary-two' })
        await store.promote(PATH, token(1), null)
        await store.promote(PATH, token(2), print({ value: 'canary-one' }))
        expect(await current()).toEqual({ value: 'canary-two' })
      })

      it('changes nothing where another value is current than was expected', async () => {
        for (const n of [1, 2, 3]) await put(n, { value: `canary-${n}` })
        await store.promote(PATH, token(1), null)
        expect(await code(store.promote(PATH, token(2), null))).toBe('STORE_CHANGED')
        expect(await code(store.promote(PATH, token(2), print({ value: 'canary-3' })))).toBe('STORE_CHANGED')
        expect(await current()).toEqual({ value: 'canary-1' })
      })

      it('changes nothing where a value was expected and none is there', async () => {
        await put(1, { value: 'canary-one' })
        expect(await code(store.promote(PATH, token(1), print({ value: 'canary-one' })))).toBe('STORE_CHANGED')
        expect(await current()).toBeNull()
      })

      it('takes null as "none of the fields": one of two is already too many', async () => {
        await put(1, { user: 'agent' })
        await put(2, { user: 'agent', password: 'canary-two' })
        await store.promote(PATH, token(1), null)
        expect(await code(store.promote(PATH, token(2), null))).toBe('STORE_CHANGED')
        await store.promote(PATH, token(2), print({ user: 'agent' }))
        expect(await current()).toEqual({ user: 'agent', password: 'canary-two' })
      })

      it('is done when the version is current already, whatever was expected', async () => {
        await put(1, { value: 'canary-one' })
        await store.promote(PATH, token(1), null)
        for (const expect of [null, print({ value: 'canary-one' }), print({ value: 'canary-other' })]) await store.promote(PATH, token(1), expect)
        expect(await current()).toEqual({ value: 'canary-one' })
      })

      it('leaves the fields of neighbours on the path', async () => {
        await put('n', { neighbour: 'canary-n', 'neighbour-2': '' })
        await put(1, { value: 'canary-one' })
        await put(2, { value: 'canary-two' })
        await store.promote(PATH, token('n'), null)
        await store.promote(PATH, token(1), null)
        await store.promote(PATH, token(2), print({ value: 'canary-one' }))
        expect(await current()).toEqual({ neighbour: 'canary-n', 'neighbour-2': '', value: 'canary-two' })
      })

      it('goes back to a former version', async () => {
        await put(1, { value: 'canary-one' })
        await put(2, { value: 'canary-two' })
        await store.promote(PATH, token(1), null)
        await store.promote(PATH, token(2), print({ value: 'canary-one' }))
        await store.promote(PATH, token(1), print({ value: 'canary-two' }))
        expect(await current()).toEqual({ value: 'canary-one' })
      })

      it('refuses a version that is not stored', async () => {
        expect(await code(store.promote(PATH, token('never'), null))).toBe('STORE_DAMAGED')
        expect(await current()).toBeNull()
      })
    })

    describe('many at once', () => {
      it('lets exactly one of many promotes win', async () => {
        const all = [1, 2, 3, 4, 5, 6, 7, 8]
        await put(0, { value: 'canary-0' })
        await store.promote(PATH, token(0), null)
        for (const n of all) await put(n, { value: `canary-${n}` })
        const views = [store, another(), another()]
        const ends = await Promise.all(all.map((n) => code((views[n % 3] as SecretStore).promote(PATH, token(n), print({ value: 'canary-0' })))))
        expect(ends.filter((end) => end === 'done')).toHaveLength(1)
        expect(ends.filter((end) => end === 'STORE_CHANGED')).toHaveLength(7)
        expect(await current()).toEqual({ value: `canary-${all[ends.indexOf('done')]}` })
      })

      it('loses no neighbour when all of them are promoted', async () => {
        const all = [1, 2, 3, 4, 5, 6]
        const views = [store, another(), another()]
        await Promise.all(
          all.map(async (n) => {
            const view = views[n % 3] as SecretStore
            await view.put(PATH, { token: token(n), fields: boxed({ [`field${n}`]: `canary-${n}` }), handle })
            await view.promote(PATH, token(n), null)
          }),
        )
        expect(await current()).toEqual(Object.fromEntries(all.map((n) => [`field${n}`, `canary-${n}`])))
      })

      it('keeps one of several different puts under one token', async () => {
        const views = [store, another(), another()]
        const ends = await Promise.all(
          [0, 1, 2].map((n) => code((views[n] as SecretStore).put(PATH, { token: token('x'), fields: boxed({ value: `canary-${n}` }), handle }))),
        )
        expect(ends.filter((end) => end === 'done')).toHaveLength(1)
        expect(ends.filter((end) => end === 'STAGE_CONFLICT')).toHaveLength(2)
        expect((await store.get(PATH, [token('x')]))[0]?.fields.reveal()).toEqual({ value: `canary-${ends.indexOf('done')}` })
      })

      it('takes the same put from several at once', async () => {
        const views = [store, another(), another()]
        await Promise.all(views.map((view) => view.put(PATH, { token: token('same'), fields: boxed({ value: 'canary-same' }), handle })))
        expect(await store.versions(PATH)).toHaveLength(1)
      })

      it('never shows a reader half of a change', async () => {
        await put(1, { user: 'one', password: 'canary-one' })
        await put(2, { user: 'two', password: 'canary-two' })
        await store.promote(PATH, token(1), null)
        let going = true
        const seen = new Set<string>()
        const reading = (async () => {
          const view = another()
          while (going) seen.add(JSON.stringify(Object.entries((await view.read([PATH])).get(PATH)?.fields.reveal() ?? {}).sort()))
        })()
        for (let i = 0; i < 4; i++) {
          await store.promote(PATH, token(2), print({ user: 'one', password: 'canary-one' }))
          await store.promote(PATH, token(1), print({ user: 'two', password: 'canary-two' }))
        }
        going = false
        await reading
        for (const state of seen) expect(['[["password","canary-one"],["user","one"]]', '[["password","canary-two"],["user","two"]]']).toContain(state)
      })
    })

    describe('drop and withdraw', () => {
      it('forgets a version, also one that is not there, and leaves the current document', async () => {
        await put(1, { value: 'canary-one' })
        await put(2, { value: 'canary-two' })
        await store.promote(PATH, token(1), null)
        await store.drop(PATH, token(1))
        await store.drop(PATH, token(1))
        await store.drop('demo/nowhere', token(1))
        expect((await store.versions(PATH)).map((version) => version.token)).toEqual([token(2)])
        expect(await current()).toEqual({ value: 'canary-one' })
      })

      it('takes fields out of the document and leaves neighbours and versions', async () => {
        await put('n', { neighbour: 'canary-n' })
        await put(1, { value: 'canary-one', user: 'agent' })
        await store.promote(PATH, token('n'), null)
        await store.promote(PATH, token(1), null)
        await store.withdraw(PATH, ['value', 'user', 'never-there'])
        await store.withdraw(PATH, ['value', 'user'])
        expect(await current()).toEqual({ neighbour: 'canary-n' })
        expect(await store.versions(PATH)).toHaveLength(2)
        await store.promote(PATH, token(1), null)
        expect(await current()).toEqual({ neighbour: 'canary-n', value: 'canary-one', user: 'agent' })
      })

      it('takes a document away with its last field', async () => {
        await put(1, { value: 'canary-one' })
        await store.promote(PATH, token(1), null)
        await store.withdraw(PATH, ['value'])
        expect((await store.read([PATH])).has(PATH)).toBe(false)
        await store.withdraw(PATH, ['value'])
        await store.withdraw('demo/nowhere', ['value'])
        await store.promote(PATH, token(1), null)
        expect(await current()).toEqual({ value: 'canary-one' })
      })
    })

    describe('a lease that ended', () => {
      it('writes nothing and says so', async () => {
        const aborted = AbortSignal.abort()
        expect(await code(store.put(PATH, { token: token(1), fields: boxed({ value: 'canary-one' }), handle }, aborted))).toBe('LEASE_LOST')
        expect(await store.versions(PATH)).toEqual([])
        await put(1, { value: 'canary-one' })
        expect(await code(store.promote(PATH, token(1), null, aborted))).toBe('LEASE_LOST')
        expect(await current()).toBeNull()
      })

      it('is not asked for by a signal that never aborts', async () => {
        const { signal } = new AbortController()
        await store.put(PATH, { token: token(1), fields: boxed({ value: 'canary-one' }), handle }, signal)
        await store.promote(PATH, token(1), null, signal)
        expect(await current()).toEqual({ value: 'canary-one' })
      })
    })

    describe('values and names as they come', () => {
      const odd: readonly (readonly [string, Fields])[] = [
        ['several lines', { value: '-----BEGIN CANARY-----\nabc\r\n\tdef\n-----END CANARY-----\n' }],
        ['an empty string', { value: '', user: 'agent' }],
        ['Unicode, combined and not', { value: 'caf\u00e9 cafe\u0301 \u{1f511} \u202e \u0000 CANARY' }],
        ['quotes and backslashes', { value: `"'\`$\\n\\ CANARY {{}}` }],
        [
          'field names that objects have already',
          Object.fromEntries([
            ['__proto__', 'canary-p'],
            ['constructor', 'canary-c'],
            ['toString', 'canary-t'],
          ]),
        ],
        ['odd field names', { '': 'canary-0', 'a.b/c': 'canary-1', 'Ümlaut 🔑': 'canary-2' }],
      ]
      it.each(odd)('keeps %s', async (_, fields) => {
        await put(1, fields)
        await store.promote(PATH, token(1), null)
        const found = (await another().get(PATH, [token(1)]))[0]?.fields.reveal() ?? {}
        expect(Object.entries(found).sort()).toEqual(Object.entries(fields).sort())
        expect(Object.entries((await current()) ?? {}).sort()).toEqual(Object.entries(fields).sort())
        const [info] = await store.versions(PATH)
        expect([...(info?.fields ?? [])].sort()).toEqual(Object.keys(fields).sort())
        await put(1, fields)
      })

      it('keeps a large value, or refuses it whole', async () => {
        const sized = (bytes: number): Fields => ({ value: 'CANARY'.padEnd(bytes, 'x') })
        const fits = sized(largest ?? 1024 * 1024)
        await put(1, fits)
        await store.promote(PATH, token(1), null)
        expect(await current()).toEqual(fits)
        expect((await another().get(PATH, [token(1)]))[0]?.fields.reveal()).toEqual(fits)
        if (largest === undefined) return
        expect(await code(put(2, sized(1024 * 1024)))).toBe('VALUE_REFUSED')
        expect((await store.versions(PATH)).map((version) => version.token)).toEqual([token(1)])
      })

      it('does not take an inherited property for a field', async () => {
        await put(1, { value: 'canary-one' })
        await put(2, Object.fromEntries([['__proto__', 'canary-p']]))
        await store.promote(PATH, token(1), null)
        await store.promote(PATH, token(2), null)
        expect(Object.entries((await current()) ?? {}).sort()).toEqual([
          ['__proto__', 'canary-p'],
          ['value', 'canary-one'],
        ])
      })

      it('keeps any text in any field', async () => {
        let n = 0
        const fields = fc.dictionary(fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 50 }), { minKeys: 1, maxKeys: 5 })
        await fc.assert(
          fc.asyncProperty(fields, async (some) => {
            const path = `demo/any/${++n}`
            await put(n, some, path)
            await store.promote(path, token(n), null)
            expect(Object.entries((await current(path)) ?? {}).sort()).toEqual(Object.entries(some).sort())
          }),
          { numRuns: 20 },
        )
      })

      it('keeps odd paths apart', async () => {
        const paths = [
          'a',
          'A',
          'a/b',
          'a/B',
          'a+b',
          'a%2fb',
          'a b',
          'a.b',
          '.a',
          'a/current',
          'a/versions',
          'a/versions/x',
          '\u00e9',
          'e\u0301',
          `${'long'.repeat(60)}1`,
          `${'long'.repeat(60)}2`,
          '.keyturn/fingerprint',
        ]
        for (const [n, path] of paths.entries()) {
          await put(n, { value: `canary-${n}` }, path)
          await store.promote(path, token(n), null)
        }
        const documents = await another().read([...paths, 'a'])
        expect([...documents.keys()].sort()).toEqual([...paths].sort())
        for (const [n, path] of paths.entries()) {
          expect(documents.get(path)?.fields.reveal()).toEqual({ value: `canary-${n}` })
          expect((await store.versions(path)).map((version) => version.token)).toEqual([token(n)])
        }
      })

      it('keeps odd tokens apart', async () => {
        const tokens = ['kt_a.s.1', 'kt_A.s.1', 'kt_a.S.1', 'kt_a.ü.1', `kt_a.${'s'.repeat(300)}.1`, `kt_a.${'s'.repeat(300)}.2`]
        for (const [n, one] of tokens.entries()) await store.put(PATH, { token: one, fields: boxed({ value: `canary-${n}` }), handle: null })
        expect(await store.versions(PATH)).toHaveLength(tokens.length)
        for (const [n, one] of tokens.entries()) expect((await store.get(PATH, [one]))[0]?.fields.reveal()).toEqual({ value: `canary-${n}` })
      })
    })
  })
}
