import { inject } from 'vitest'
import { recordMissing } from './run-folder.ts'

/**
 * Says that something cannot be tested on this machine; returns true, for `describe.skipIf`:
 *
 * ```ts
 * describe.skipIf(isMissing('age', await reasonWhyNot()))('the age program', ...)
 * ```
 *
 * One loud line at the end of the run lists all of it. With `CI=true` the run fails.
 */
export function isMissing(what: string, reason: string | null): boolean {
  if (reason === null) return false
  recordMissing(inject('runFolder'), { what, reason })
  return true
}
