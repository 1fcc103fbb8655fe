import type { Policy } from '../terms.ts'
import { formatDuration } from './duration.ts'

const MINUTE = 60_000
const DAY_MINUTES = 24 * 60
/** Why a rotation under this policy could not end in time, with the sums; `null`: it can. */
export function timesConflict(policy: Policy, waitMs: number): { readonly message: string; readonly hint: string } | null {
  if (policy.maxAgeMs <= 0) return { message: 'max_age is 0: nothing could ever be young enough', hint: 'write 90d, or what you need' }
  const needed = waitMs + policy.askAfterMs + policy.graceMs
  const before = policy.rotateBeforeMs
  if (needed > before) {
    const wait = waitMs > 0 ? `longest wait for the window ${formatDuration(waitMs)} + ` : ''
    return {
      message: `${wait}ask_after ${formatDuration(policy.askAfterMs)} + grace ${formatDuration(policy.graceMs)} = ${formatDuration(needed)}, which does not fit into rotate_before ${formatDuration(before)}`,
      hint: `raise rotate_before to ${Math.ceil(needed / (DAY_MINUTES * MINUTE))}d, or shorten the others`,
    }
  }
  if (before >= policy.maxAgeMs) {
    return {
      message: `rotate_before ${formatDuration(before)} does not fit into max_age ${formatDuration(policy.maxAgeMs)}`,
      hint:
        needed < policy.maxAgeMs
          ? `lower rotate_before (it needs at least ${formatDuration(needed)}), or raise max_age`
          : `raise max_age above ${formatDuration(needed)}`,
    }
  }
  return null
}
