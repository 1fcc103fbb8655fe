import { KeyturnError } from '../errors.ts'
import type { Version } from '../ports.ts'
import type { Handle, VersionRef } from '../terms.ts'
import { contextFor, rotatorOf, storedVersion, type Work } from './context.ts'
import { removeOrphans } from './create.ts'
import { kills } from './next.ts'
import { accepted, madeVersion, retiringVersion } from './probe.ts'
import { requireUnused } from './unused.ts'

/** How often and how far apart a fresh login is tried after a revoke: providers are eventually consistent. */
const POLLS_MS = [0, 200, 500, 1_000, 2_000]

/** `revoke`, the last step: ends the retiring credential, or, on the way back, what this rotation made. */
export async function revoke(work: Work): Promise<{ note?: string }> {
  const { rotation, store } = work
  let note: string | undefined
  if (rotation.back) await undo(work)
  else if (kills(rotation)) {
    const retiring = rotation.retiring as VersionRef
    const version = await retiringVersion(work)
    await requireUnused(work, retiring, version)
    note = await endVersion(work, retiring, version)
  } else if (rotation.snapshot.sets && !rotation.snapshot.overlap) await requireRefused(work, await retiringVersion(work))
  const kept = rotation.back ? null : rotation.made?.token
  await removeOrphans(
    work,
    rotation.tokens.filter((token) => token !== kept),
  )
  if (rotation.given !== null) await store.drop(rotation.snapshot.path, rotation.given)
  return note === undefined ? {} : { note }
}

/**
 * Refused for good before the point of no return. Without overlap the provider may hold either value (and a file may hold the
 * new one although a reload did not take it), so the current one is set again; else what was made is revoked.
 */
async function undo(work: Work): Promise<void> {
  const { rotation, state, store, rotator } = work
  const { sets, overlap, path } = rotation.snapshot
  if (sets && !overlap) {
    const current = await storedVersion(store, path, state.current)
    if (!rotation.claimed.includes('set') || current === null) return
    // What this rotation made is in charge there, unless its `set` never arrived.
    await rotator.set?.(await contextFor(work, { inCharge: rotation.made }), current)
    const { ok, why } = await accepted(work, current)
    if (!ok) throw new KeyturnError('PROVIDER_UNAVAILABLE', `${rotation.snapshot.name}: the former value was set again but is still refused (${why})`)
    return
  }
  if (rotation.made === null || rotation.made.token === state.current?.token) return
  // Also when it is refused: it may stand in a file that the provider has not read yet.
  if (rotator.revoke) await endVersion(work, rotation.made, await madeVersion(work), 'always')
}

/** Ends one credential and proves it with a fresh login. */
export async function endVersion(
  work: Work,
  ref: VersionRef,
  version: Version | null,
  when: 'while-accepted' | 'always' = 'while-accepted',
): Promise<string | undefined> {
  const { rotation, signal } = work
  const handle = await handleOf(work, ref, version)
  if (handle === null) return undefined
  const rotator = rotatorOf(work.engine, handle.rotator)
  // With `set` it acts only while the retiring value still logs in: a late revoke of this rotation must not hit the next (rule 7).
  if (when === 'while-accepted' && rotator.set && version && !(await accepted(work, version)).ok) return undefined
  signal.throwIfAborted()
  const ended = await rotator.revoke?.(await contextFor(work, { handle }), handle, version)
  await requireRefused(work, version, rotation.snapshot.name)
  return ended?.note
}

async function handleOf(work: Work, ref: VersionRef, version: Version | null): Promise<Handle | null> {
  const { rotation, rotator } = work
  if (ref.handle && ref.handle.id !== null) return ref.handle
  const described = version && rotator.describe ? await rotator.describe(await contextFor(work), version) : null
  const handle = { rotator: rotation.snapshot.rotator.kind, params: rotation.snapshot.rotator.params as Handle['params'], id: described?.id ?? null }
  // A provider that lists its keys knows each by an id; any other is told the value.
  if (handle.id === null && rotation.snapshot.lists) {
    // Somebody has ended it already.
    if (version && !(await accepted(work, version)).ok) return null
    throw new KeyturnError('NEEDS_PERSON', `${rotation.snapshot.name}: the old key still works, and which one it is at the provider is not known`, {
      hint: `delete it there, then: secrets revoke ${rotation.snapshot.name} --verify; or tell its id: secrets adopt ${rotation.snapshot.name} --previous --id ID --evidence TEXT`,
    })
  }
  return handle
}

async function requireRefused(work: Work, version: Version | null, name = work.rotation.snapshot.name): Promise<void> {
  if (version === null) return
  for (const waitMs of POLLS_MS) {
    if (waitMs > 0) await work.engine.pause(work.engine.clock.now() + waitMs)
    if (!(await accepted(work, version)).ok) return
  }
  throw new KeyturnError('OLD_STILL_ACCEPTED', `${name}: the provider still accepts the old value after it was revoked`)
}
