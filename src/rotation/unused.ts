import { isKeyturnError, KeyturnError } from '../errors.ts'
import type { Version } from '../ports.ts'
import type { Millis, VersionRef } from '../terms.ts'
import { contextFor, rotatorOf, type Work } from './context.ts'
import { CLOCK_DRIFT_MS } from './engine.ts'

/**
 * Where the provider tells when a credential was last used: nobody uses the retiring one since everything proved to run on the new one,
 * or it has been quiet for a whole grace since (five minutes where that is shorter). OLD_STILL_USED names the time; it is asked again until then. Between the promote and the
 * proofs the old one is used as it should be, so that says nothing.
 */
export async function requireUnused(work: Work, ref: VersionRef, version: Version | null): Promise<void> {
  const { rotation, engine, state } = work
  const { name, policy } = rotation.snapshot
  // After a revoke that did not take we logged in with it ourselves.
  if (rotation.compromised || rotation.graceUntil === null || version === null || state.failure?.code === 'OLD_STILL_ACCEPTED') return
  const usedAt = await lastUsed(work, ref, version)
  const provedAt = rotation.graceUntil - policy.graceMs
  // A use right before the proofs may look like one after them to a provider whose clock is ahead: a quiet while tells them apart, also where
  // the grace is shorter than clocks agree.
  const quietMs = Math.max(policy.graceMs, CLOCK_DRIFT_MS)
  const now = engine.clock.now()
  if (usedAt === null || usedAt <= provedAt || usedAt <= now - quietMs) return
  throw new KeyturnError(
    'OLD_STILL_USED',
    `${name}: the old credential was used at ${new Date(usedAt).toISOString()}, after everything that is declared proved to run on the new one: something else still uses it`,
    {
      hint: `find what uses it and give it the new value; or: secrets revoke ${name} --previous   ends it all the same`,
      retryAt: Math.min(usedAt, now) + quietMs,
    },
  )
}

/** `null`: the provider does not tell, or it was never used. */
async function lastUsed(work: Work, ref: VersionRef, version: Version): Promise<Millis | null> {
  const rotator = ref.handle ? rotatorOf(work.engine, ref.handle.rotator) : work.rotator
  if (!rotator.describe) return null
  try {
    const { lastUsedAt } = await rotator.describe(await contextFor(work, ref.handle ? { handle: ref.handle } : {}), version)
    return lastUsedAt ?? null
  } catch (error) {
    // Gone already, or not to be asked with these rights: it does not tell.
    if (isKeyturnError(error) && !error.retryable) return null
    throw error
  }
}
