import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isOpen, longestWaitMs, nextOpening } from '../../src/inventory/window.ts'
import { dueAt, overdueAt } from '../../src/policy/schedule.ts'
import { DAY, NOW, POLICY, secretOf, stateOf, versionOf } from './states.ts'

const HOUR = 3_600_000
const vienna = (text: string): number => Date.parse(`${text}${/-(11|12|01|02|03)-/.test(text) ? '+01:00' : '+02:00'}`)
const weekend = { days: ['sat', 'sun'], from: '02:00', to: '05:00' }
const night = { days: ['fri'], from: '22:00', to: '04:00' }

describe('due dates', () => {
  const secret = secretOf('jwt')

  it('are the overlap before the limit', () => {
    const state = stateOf(secret, { current: versionOf(secret, { ageDays: 0 }) })
    expect(dueAt(state, POLICY)).toBe(NOW + 76 * DAY)
    expect(overdueAt(state, POLICY)).toBe(NOW + 90 * DAY)
  })

  it('are unknown where the age is', () => {
    expect(dueAt(null, POLICY)).toBeNull()
    expect(dueAt(stateOf(secret, { current: versionOf(secret, { bornAt: null }) }), POLICY)).toBeNull()
  })
})

describe('a window', () => {
  it('is open from its first minute until before its last, on its days, in its zone', () => {
    expect(isOpen(weekend, 'Europe/Vienna', vienna('2026-11-21T02:00:00'))).toBe(true)
    expect(isOpen(weekend, 'Europe/Vienna', vienna('2026-11-21T04:59:59'))).toBe(true)
    expect(isOpen(weekend, 'Europe/Vienna', vienna('2026-11-21T05:00:00'))).toBe(false)
    expect(isOpen(weekend, 'Europe/Vienna', vienna('2026-11-21T01:59:59'))).toBe(false)
    expect(isOpen(weekend, 'Europe/Vienna', vienna('2026-11-23T03:00:00'))).toBe(false)
    expect(isOpen(weekend, 'America/New_York', vienna('2026-11-21T03:00:00'))).toBe(false)
  })

  it('over midnight belongs to the day on which it begins', () => {
    expect(isOpen(night, 'Europe/Vienna', vienna('2026-11-20T23:00:00'))).toBe(true)
    expect(isOpen(night, 'Europe/Vienna', vienna('2026-11-21T03:59:00'))).toBe(true)
    expect(isOpen(night, 'Europe/Vienna', vienna('2026-11-21T04:00:00'))).toBe(false)
    expect(isOpen(night, 'Europe/Vienna', vienna('2026-11-20T03:00:00'))).toBe(false)
    expect(isOpen(night, 'Europe/Vienna', vienna('2026-11-21T23:00:00'))).toBe(false)
  })

  it('that begins and ends at the same time is a whole day', () => {
    const all = { days: ['sat'], from: '06:00', to: '06:00' }
    expect(isOpen(all, 'Europe/Vienna', vienna('2026-11-21T06:00:00'))).toBe(true)
    expect(isOpen(all, 'Europe/Vienna', vienna('2026-11-22T05:59:00'))).toBe(true)
    expect(isOpen(all, 'Europe/Vienna', vienna('2026-11-22T06:00:00'))).toBe(false)
  })

  it('without one, it is always open', () => {
    expect(isOpen(null, null, NOW)).toBe(true)
    expect(nextOpening(null, null, NOW)).toBe(NOW)
    expect(longestWaitMs(null)).toBe(0)
  })

  it('says when it opens next, also across the change of the clocks', () => {
    expect(nextOpening(weekend, 'Europe/Vienna', vienna('2026-11-20T12:00:00'))).toBe(vienna('2026-11-21T02:00:00'))
    expect(nextOpening(weekend, 'Europe/Vienna', vienna('2026-11-22T05:00:00'))).toBe(vienna('2026-11-28T02:00:00'))
    // 28 March 2027 is a Sunday whose clock goes from 2 to 3: the window opens at 3.
    expect(nextOpening({ ...weekend, days: ['sun'] }, 'Europe/Vienna', Date.UTC(2027, 2, 27, 12))).toBe(Date.UTC(2027, 2, 28, 1))
  })

  it('waits longest from its end to its next beginning, and an hour for the clocks', () => {
    expect(longestWaitMs(weekend)).toBe((6 * 24 - 3 + 1) * HOUR)
    expect(longestWaitMs({ days: ['mon'], from: '02:00', to: '05:00' })).toBe((7 * 24 - 3 + 1) * HOUR)
    expect(longestWaitMs({ days: [], from: '02:00', to: '05:00' })).toBe((24 - 3 + 1) * HOUR)
    expect(longestWaitMs({ days: [], from: '00:00', to: '00:00' })).toBe(0)
  })

  it('is never waited for longer than that', () => {
    const time = fc.integer({ min: 0, max: 1439 }).map((m) => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`)
    const window = fc.record({ days: fc.subarray(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], { minLength: 1 }), from: time, to: time })
    fc.assert(
      fc.property(window, fc.integer({ min: 0, max: 400 * 24 * 60 }), (given, minutes) => {
        const now = Date.UTC(2026, 0, 1) + minutes * 60_000
        const opens = nextOpening(given, 'UTC', now)
        expect(isOpen(given, 'UTC', opens)).toBe(true)
        expect(opens - now).toBeLessThanOrEqual(longestWaitMs(given))
      }),
      { numRuns: 200 },
    )
  })
})
