import type { Clock } from '../../src/ports.ts'
import type { Millis } from '../../src/terms.ts'

/** A clock that stands still until the test moves it. */
export interface ManualClock extends Clock {
  /** Moves on and runs what has come due on the way, in its order, each at its own time. */
  advance(ms: number): Promise<void>
  /** Jumps, also backwards. What has come due runs at the new time. */
  set(now: Millis): Promise<void>
  /** Runs `work` once `ms` have passed. The result takes it back. */
  after(ms: number, work: () => void | Promise<void>): () => void
  /** Resolves once `ms` have passed; rejects with the signal's reason when that aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** How many timers wait. */
  readonly waiting: number
}

/** A Monday morning in winter; nothing hangs on it but that tests read alike. */
export const START: Millis = Date.UTC(2026, 0, 5, 9)

interface Timer {
  readonly at: Millis
  readonly work: () => void | Promise<void>
}

export function manualClock(start: Millis = START): ManualClock {
  let now = start
  let timers: Timer[] = []

  const after = (ms: number, work: Timer['work']) => {
    const timer = { at: now + ms, work }
    timers.push(timer)
    return () => {
      timers = timers.filter((other) => other !== timer)
    }
  }

  const runDue = async (until: Millis, arrive: (at: Millis) => void) => {
    for (;;) {
      const due = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) return
      timers = timers.filter((other) => other !== due)
      arrive(due.at)
      await due.work()
    }
  }

  return {
    now: () => now,
    after,
    async advance(ms) {
      const until = now + ms
      await runDue(until, (at) => {
        now = Math.max(now, at)
      })
      now = until
    },
    async set(to) {
      now = to
      await runDue(to, () => {})
    },
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        const cancel = after(ms, resolve)
        signal?.addEventListener('abort', () => {
          cancel()
          reject(signal.reason)
        })
      })
    },
    get waiting() {
      return timers.length
    },
  }
}
