import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RotatorContext, RotatorSpec, Version } from '../../src/ports.ts'
import type { Handle, Json } from '../../src/terms.ts'
import { expectNoCanary, watch } from '../support/canary.ts'
import { storedVersion } from '../support/rotator-context.ts'

/** A rotator with a provider of its own behind it. */
export interface RotatorAtWork {
  readonly spec: RotatorSpec
  readonly params: Json
  /** The credential in charge, accepted by the provider. */
  readonly first: Version
  context(more: Pick<RotatorContext<unknown>, 'current' | 'token' | 'given'> & { readonly signal?: AbortSignal }): RotatorContext<unknown>
  /** What a person would give, where one has to. */
  invent?(): RotatorContext<unknown>['given']
  /** What the provider itself says, not asked through the rotator. `null`: there is no provider to say anything. */
  accepts(version: Version): Promise<boolean | null>
  /** All that the provider holds, as text: two that are equal mean that nothing was changed. */
  held(): Promise<string>
  stop(): Promise<void>
}

/** What every rotator keeps. `start` gives a new provider with one credential in it. */
export function rotatorContract(name: string, start: () => Promise<RotatorAtWork>): void {
  describe(`${name} keeps the contract of a rotator`, () => {
    let work: RotatorAtWork
    let count = 0
    beforeEach(async () => {
      work = await start()
    })
    afterEach(async () => work.stop())

    const handleOf = (version: Version): Handle => version.handle ?? { rotator: work.spec.name, params: work.params, id: null }
    const contextOf = (current: Version | null, token: string, signal?: AbortSignal) =>
      work.context({ current, token, given: work.invent?.() ?? null, ...(signal && { signal }) })
    const sets = (): boolean => work.spec.set !== undefined && (work.spec.sets?.(work.params) ?? true)
    const revokes = (): boolean => work.spec.revoke !== undefined && (work.spec.revokes?.(work.params) ?? true)

    const create = async (current: Version, token = `kt_test.secret.${++count}`): Promise<Version> => {
      const made = await work.spec.create(contextOf(current, token))
      for (const value of Object.values(made.fields.reveal())) if (value.length > 15) watch(value)
      return storedVersion(made.fields.reveal(), token, { rotator: work.spec.name, params: work.params, id: made.id })
    }
    const set = async (current: Version, version: Version) => sets() && work.spec.set?.(contextOf(current, version.token), version)
    const test = (version: Version) => work.spec.test(contextOf(null, version.token), version)
    const revoke = async (current: Version, old: Version) => revokes() && work.spec.revoke?.(contextOf(current, old.token), handleOf(old), old)
    /** What the provider says, where there is one. */
    const says = async (version: Version, accepted: boolean) => expect((await work.accepts(version)) ?? accepted).toBe(accepted)
    const rotate = async (current: Version): Promise<Version> => {
      const next = await create(current)
      await set(current, next)
      await test(next)
      await revoke(next, current)
      return next
    }

    it('reads its params as they came out of itself: they are stored with the handle', () => {
      expect(work.spec.params.parse(work.params)).toEqual(work.params)
      expect(JSON.parse(JSON.stringify(work.params))).toEqual(work.params)
      expect(work.spec.summary).not.toBe('')
    })

    it('makes all fields, and other ones each time', async () => {
      const [one, two] = [await create(work.first), await create(work.first)]
      expect(Object.keys(one.fields.reveal()).sort()).toEqual(Object.keys(work.first.fields.reveal()).sort())
      expect(one.fields.reveal()).not.toEqual(two.fields.reveal())
      expect(one.fields.reveal()).not.toEqual(work.first.fields.reveal())
      expectNoCanary(JSON.stringify(one.handle), 'the handle')
    })

    it('lets the new one in, and the old one as long as it says that both overlap', async () => {
      const next = await create(work.first)
      await set(work.first, next)
      await test(next)
      await says(next, true)
      const overlaps = work.spec.overlap(work.params)
      await says(work.first, overlaps)
      if (!overlaps) await expect(test(work.first)).rejects.toMatchObject({ code: 'CREDENTIAL_REJECTED' })
    })

    it('does every verb as often as it is asked, with the same end', async () => {
      const next = await create(work.first)
      for (let i = 0; i < 2; i++) await set(work.first, next)
      for (let i = 0; i < 2; i++) await test(next)
      for (let i = 0; i < 2; i++) await revoke(next, work.first)
      // A sleeper wakes up and sets once more what is set already.
      await set(next, next)
      await says(next, true)
      if (revokes()) await says(work.first, false)
      await test(next)
    })

    it('tells a refused credential as such, and shows nothing of it', async () => {
      const next = await rotate(work.first)
      if ((await work.accepts(work.first)) !== false) return
      const error = await test(work.first).then(
        () => null,
        (thrown: unknown) => thrown,
      )
      expect(error).toMatchObject({ code: 'CREDENTIAL_REJECTED', retryable: false })
      expectNoCanary(JSON.stringify([error, String(error), (error as { hint: string }).hint]), 'an error')
      await test(next)
    })

    it('a revoke that comes late does not hit a later credential', async () => {
      const history = [work.first]
      for (let i = 0; i < 3; i++) history.push(await rotate(history.at(-1) as Version))
      const current = history.at(-1) as Version
      for (const old of history.slice(0, -1)) {
        await revoke(current, old)
        await says(current, true)
        await test(current)
      }
    })

    it('goes back to the former one while the new one is not in charge yet', async () => {
      const next = await create(work.first)
      await set(work.first, next)
      if (sets() && !work.spec.overlap(work.params)) await set(work.first, work.first)
      else await revoke(work.first, next)
      await says(work.first, true)
      if (revokes()) await says(next, false)
    })

    it('writes nothing at the provider once its lease has ended', async () => {
      const next = await create(work.first)
      const before = await work.held()
      const ended = AbortSignal.abort(new Error('the lease ended'))
      if (sets()) await expect(work.spec.set?.(contextOf(work.first, next.token, ended), next)).rejects.toThrow('the lease ended')
      if (revokes())
        await expect(work.spec.revoke?.(contextOf(next, work.first.token, ended), handleOf(work.first), work.first)).rejects.toThrow('the lease ended')
      if (!sets() && revokes()) await expect(work.spec.create(contextOf(work.first, 'kt_test.secret.late', ended))).rejects.toThrow('the lease ended')
      expect(await work.held()).toBe(before)
    })

    it('finds what carries exactly its token, and ends it without a value', async () => {
      if (work.spec.orphans === undefined || sets()) return
      const lost = await create(work.first, 'kt_test.secret.lost')
      await create(work.first, 'kt_test.secret.lost2')
      const found = await work.spec.orphans(contextOf(work.first, 'kt_test.secret.lost'))
      expect(found).toEqual([lost.handle?.id])
      expect(await work.spec.orphans(contextOf(work.first, 'kt_test.secret'))).toEqual([])
      await work.spec.revoke?.(contextOf(work.first, 'kt_test.secret.lost'), handleOf(lost), null)
      expect(await work.spec.orphans(contextOf(work.first, 'kt_test.secret.lost'))).toEqual([])
      await says(lost, false)
      await says(work.first, true)
    })
  })
}
