import { isKeyturnError, KeyturnError } from '../src/errors.ts'

/** Codes that only mean "the lease ended": after Ctrl-C that is what was asked for. */
const STOPPED = ['INTERRUPTED', 'LEASE_LOST'] as const

/**
 * Whatever was thrown, as the one error that a user sees. A fault of ours becomes INTERNAL: its sentence is printed, its
 * stack is not. No text of an unknown error goes out, since nobody knows what an SDK put into it; its class and code do.
 */
export function asFailure(error: unknown, signal: AbortSignal): KeyturnError {
  const name = (error as Error | null)?.name
  if (signal.aborted && (error === signal.reason || name === 'AbortError' || isKeyturnError(error, ...STOPPED))) return interrupted()
  if (isKeyturnError(error)) return error
  const code = (error as { code?: unknown } | null)?.code
  const what = [typeof name === 'string' ? name : typeof error, typeof code === 'string' && /^[\w.-]{1,60}$/.test(code) ? code : ''].filter(Boolean).join(' ')
  return new KeyturnError('INTERNAL', `a fault in Keyturn itself (${what})`, {
    hint: 'run it again with KEYTURN_DEBUG=1 to see where, and report that; what was recorded is safe',
  })
}

export const interrupted = (): KeyturnError => new KeyturnError('INTERRUPTED', 'interrupted', { hint: 'run the command again: it goes on where it was' })
