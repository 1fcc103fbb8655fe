import { expect, test } from 'vitest'
import { manualClock, START } from './clock.ts'
import { seededRandom } from './random.ts'

test('timers run in their order, each at its own time, when the clock is moved', async () => {
  const clock = manualClock()
  const seen: [string, number][] = []
  clock.after(300, () => void seen.push(['late', clock.now() - START]))
  clock.after(100, () => {
    seen.push(['early', clock.now() - START])
    clock.after(50, () => void seen.push(['nested', clock.now() - START]))
  })
  const cancel = clock.after(200, () => void seen.push(['never', 0]))
  cancel()
  await clock.advance(1000)
  expect(seen).toEqual([
    ['early', 100],
    ['nested', 150],
    ['late', 300],
  ])
  expect(clock.now()).toBe(START + 1000)
  expect(clock.waiting).toBe(0)
})

test('a clock that is set back runs nothing and waits again', async () => {
  const clock = manualClock()
  let ran = 0
  clock.after(100, () => void ran++)
  await clock.set(START - 5000)
  expect(ran).toBe(0)
  await clock.advance(5100)
  expect(ran).toBe(1)
})

test('an aborted sleep rejects with the reason and leaves no timer', async () => {
  const clock = manualClock()
  const abort = new AbortController()
  const slept = clock.sleep(100, abort.signal)
  abort.abort(new Error('stopped'))
  await expect(slept).rejects.toThrow('stopped')
  expect(clock.waiting).toBe(0)
})

test('the same seed gives the same bytes, however they are asked for', () => {
  const whole = seededRandom(7).bytes(100)
  const parts = seededRandom(7)
  expect([...parts.bytes(33), ...parts.bytes(0), ...parts.bytes(67)]).toEqual([...whole])
  expect([...seededRandom(8).bytes(100)]).not.toEqual([...whole])
})
