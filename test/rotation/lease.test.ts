import { describe, expect, it } from 'vitest'
import { KeyturnError } from '../../src/errors.ts'
import { leaseUntil } from '../../src/rotation/lease.ts'
import { manualClock } from '../support/clock.ts'

const codeOf = (work: () => void): string | null => {
  try {
    work()
    return null
  } catch (error) {
    return error instanceof KeyturnError ? error.code : 'other'
  }
}

describe('a lease', () => {
  it('holds until its time, and is lost then, whether or not a timer could fire', async () => {
    const clock = manualClock()
    const { signal } = leaseUntil(clock, clock.now() + 60_000, null)
    expect(signal.aborted).toBe(false)
    await clock.advance(59_999)
    expect(codeOf(() => signal.throwIfAborted())).toBe(null)
    await clock.advance(1)
    expect(codeOf(() => signal.throwIfAborted())).toBe('LEASE_LOST')
    expect(signal.aborted).toBe(true)
  })

  it('does not come back when the clock is set back', async () => {
    const clock = manualClock()
    const { signal } = leaseUntil(clock, clock.now() + 60_000, null)
    await clock.advance(3_600_000)
    expect(signal.aborted).toBe(true)
    await clock.set(clock.now() - 10_800_000)
    expect(codeOf(() => signal.throwIfAborted())).toBe('LEASE_LOST')
  })

  it('ends at once when the user interrupts, also when that was before it began', () => {
    const clock = manualClock()
    const user = new AbortController()
    const { signal } = leaseUntil(clock, clock.now() + 60_000, user.signal)
    expect(signal.aborted).toBe(false)
    user.abort()
    expect(codeOf(() => signal.throwIfAborted())).toBe('INTERRUPTED')
    expect(codeOf(() => leaseUntil(clock, clock.now() + 60_000, user.signal).signal.throwIfAborted())).toBe('INTERRUPTED')
  })
})
