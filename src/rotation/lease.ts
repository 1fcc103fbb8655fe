import { KeyturnError } from '../errors.ts'
import type { Clock, Lease } from '../ports.ts'
import type { Millis } from '../terms.ts'

/** A timer of Node holds at most this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * A lease whose signal aborts at `until`, or when the user interrupts. A process that was stopped (SIGSTOP, a suspended laptop)
 * wakes in the middle of its code, before any timer fires; so `aborted` and `throwIfAborted` look at the clock themselves.
 */
export function leaseUntil(clock: Clock, until: Millis, interrupt: AbortSignal | null): Lease {
  const controller = new AbortController()
  const { signal } = controller
  // Wall time may be set back; the time that this process has lived through may not.
  const begun = performance.now()
  const length = until - clock.now()
  const isAborted = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')?.get as () => boolean
  const look = (): boolean => {
    if (!isAborted.call(signal) && (clock.now() >= until || performance.now() - begun >= length))
      controller.abort(new KeyturnError('LEASE_LOST', 'the step took longer than its lease'))
    return isAborted.call(signal)
  }
  Object.defineProperty(signal, 'aborted', { get: look })
  Object.defineProperty(signal, 'throwIfAborted', {
    value: () => {
      if (look()) throw signal.reason
    },
  })
  const stop = (): void => controller.abort(new KeyturnError('INTERRUPTED', 'stopped before the step was done'))
  if (interrupt?.aborted) stop()
  else interrupt?.addEventListener('abort', stop, { once: true })
  setTimeout(look, Math.min(Math.max(until - clock.now(), 0), LONGEST_TIMER_MS)).unref()
  return { until, signal }
}

/** Resolves at `until`; rejects with INTERRUPTED when the user interrupts. */
export function pauseUntil(clock: Clock, until: Millis, interrupt: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(new KeyturnError('INTERRUPTED', 'stopped while waiting'))
    }
    if (interrupt?.aborted) {
      reject(new KeyturnError('INTERRUPTED', 'stopped while waiting'))
      return
    }
    const timer = setTimeout(
      () => {
        interrupt?.removeEventListener('abort', stop)
        resolve()
      },
      Math.min(Math.max(until - clock.now(), 0), LONGEST_TIMER_MS),
    )
    interrupt?.addEventListener('abort', stop, { once: true })
  })
}
