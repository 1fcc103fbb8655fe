import { afterEach, describe, expect, it } from 'vitest'
import type { Ledger } from '../../src/ports.ts'
import type { Event, SecretState } from '../../src/terms.ts'
import { note, policy } from './events.ts'

/** What every ledger keeps. `open` gives a new, empty one that folds with `tally`, its clock at `at()`. */
export function ledgerContract(name: string, open: (clock: { now(): number }) => Promise<Ledger>): void {
  describe(`${name} keeps the contract of a ledger`, () => {
    const opened: Ledger[] = []
    const make = async (clock = { now: () => 1_000 }): Promise<Ledger> => {
      const ledger = await open(clock)
      opened.push(ledger)
      return ledger
    }
    afterEach(async () => {
      for (const ledger of opened.splice(0)) await ledger.close()
    })

    it('gives back what was appended, in order, with its place and time', async () => {
      let now = 1_000
      const ledger = await make({ now: () => now })
      await ledger.append('inv/secret/a', 1, note(1), { policy })
      now = 500
      await ledger.append('inv/secret/a', 2, note(2), { policy: null })
      const events = await ledger.read('inv/secret/a')
      expect(events.map(({ seq, pos, at, event, policy: inForce }) => ({ seq, pos, at, event, inForce }))).toEqual([
        { seq: 1, pos: 1, at: 1_000, event: note(1), inForce: policy },
        { seq: 2, pos: 2, at: 500, event: note(2), inForce: null },
      ])
      expect(ledger.now()).toBe(500)
    })

    it('chains every event to the one before it', async () => {
      const ledger = await make()
      const first = await ledger.append('inv/secret/a', 1, note(1), { policy })
      const second = await ledger.append('inv/secret/a', 2, note(1), { policy })
      expect(second.recorded.prev).toBe(first.recorded.hash)
      expect(second.recorded.hash).not.toBe(first.recorded.hash)
      expect(await ledger.read('inv/secret/a')).toEqual([first.recorded, second.recorded])
    })

    it('refuses every number but the next one, and nothing changes', async () => {
      const ledger = await make()
      await ledger.append('inv/secret/a', 1, note(1), { policy })
      const before = await ledger.state('inv/secret/a')
      for (const seq of [-1, 0, 1, 3, 100]) {
        await expect(ledger.append('inv/secret/a', seq, note(9), { policy })).rejects.toMatchObject({ code: 'STREAM_MOVED' })
      }
      await expect(ledger.append('inv/secret/b', 2, note(9), { policy })).rejects.toMatchObject({ code: 'STREAM_MOVED' })
      expect(await ledger.state('inv/secret/a')).toEqual(before)
      expect(await ledger.read('inv/secret/b')).toEqual([])
      expect((await ledger.append('inv/secret/a', 2, note(2), { policy })).recorded.pos).toBe(2)
    })

    it('lets exactly one of many win each number, and orders them all without gaps', async () => {
      const ledger = await make()
      const streams = ['inv/secret/a', 'inv/secret/b', 'inv/host/c']
      for (let seq = 1; seq <= 5; seq++) {
        const tries = streams.flatMap((stream) => [1, 2, 3].map(() => ledger.append(stream, seq, note(seq), { policy })))
        const won = (await Promise.allSettled(tries)).filter((result) => result.status === 'fulfilled')
        expect(won).toHaveLength(streams.length)
      }
      const all = (await Promise.all(streams.map((stream) => ledger.read(stream)))).flat()
      expect(all.map((event) => event.pos).sort((a, b) => a - b)).toEqual(all.map((_, at) => at + 1))
    })

    it('keeps the folded state of each stream beside its events', async () => {
      const ledger = await make()
      expect(await ledger.state('inv/secret/a')).toBeNull()
      await ledger.append('inv/secret/a', 1, note(1), { policy })
      const { state } = await ledger.append('inv/secret/a', 2, note(2), { policy })
      expect(state).toMatchObject({ seq: 2, pos: 2, count: 2 })
      expect(await ledger.state('inv/secret/a')).toEqual(state)
    })

    it('appends to several streams at once, as one by one', async () => {
      const ledger = await make()
      await ledger.append('inv/secret/a', 1, note(1), { policy })
      const appended = await ledger.appendAll([
        { stream: 'inv/secret/b', seq: 1, event: note(1), policy: null },
        { stream: 'inv/secret/a', seq: 2, event: note(2), policy },
        { stream: 'inv/secret/a', seq: 3, event: note(3), policy },
      ])
      expect(appended.map(({ recorded }) => recorded.pos)).toEqual([2, 3, 4])
      expect(appended[2]?.recorded.prev).toBe(appended[1]?.recorded.hash)
      expect(await ledger.read('inv/secret/b')).toEqual([appended[0]?.recorded])
      expect((await ledger.read('inv/secret/a')).slice(1)).toEqual([appended[1]?.recorded, appended[2]?.recorded])
      expect(await ledger.state('inv/secret/a')).toEqual(appended[2]?.state)
      expect(await ledger.appendAll([])).toEqual([])
    })

    it('appends all of several or none', async () => {
      const ledger = await make()
      const all = [1, 2].map((n) => ({ stream: `inv/secret/${n}`, seq: n, event: note(1), policy }))
      await expect(ledger.appendAll(all)).rejects.toMatchObject({ code: 'STREAM_MOVED' })
      expect([await ledger.state('inv/secret/1'), await ledger.read('inv/secret/1')]).toEqual([null, []])
      expect((await ledger.append('inv/secret/1', 1, note(1), { policy })).recorded.pos).toBe(1)
    })

    it('walks the states of all streams, also while others are appended', async () => {
      const ledger = await make()
      const names = Array.from({ length: 1_200 }, (_, at) => `inv/secret/${String(at).padStart(5, '0')}`)
      for (const name of names) await ledger.append(name, 1, note(1), { policy })
      const seen = new Set<string>()
      for await (const state of ledger.states()) {
        seen.add(state.stream)
        if (seen.size === 700) await ledger.append('inv/secret/00001', 2, note(2), { policy })
      }
      expect([...seen].sort()).toEqual(names)
      expect(((await ledger.state('inv/secret/00001')) as SecretState).count).toBe(2)
    })

    it('keeps names and texts of all kinds as they are', async () => {
      const ledger = await make()
      const odd = 'inv/secret/ünï "quoted" \\ \u{1f511} \u2028'
      const event: Event = { type: 'saw', facts: { kind: 'head', head: 'line\nbreak \0 \u{1f511} ퟿ "' } }
      const { recorded } = await ledger.append(odd, 1, event, { policy })
      expect(recorded.event).toEqual(event)
      expect(await ledger.read(odd)).toEqual([recorded])
    })
  })
}
