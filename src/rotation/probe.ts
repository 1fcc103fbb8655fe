import { isKeyturnError, KeyturnError } from '../errors.ts'
import type { Version } from '../ports.ts'
import type { Standing } from '../terms.ts'
import { contextFor, storedVersion, type Work } from './context.ts'

/** Whether a fresh login with this version succeeds. Throws what decides nothing: unknown is never refused (failure rule 5). */
export async function accepted(work: Work, version: Version): Promise<{ readonly ok: boolean; readonly restricted?: string; readonly why?: string }> {
  const context = await contextFor(work, version.handle && version.handle.rotator !== work.rotator.name ? { handle: version.handle } : {})
  const rotator = version.handle ? (work.engine.rotators.get(version.handle.rotator) ?? work.rotator) : work.rotator
  try {
    const { restricted } = await rotator.test(context, version)
    return restricted === undefined ? { ok: true } : { ok: true, restricted }
  } catch (error) {
    if (isKeyturnError(error, 'CREDENTIAL_REJECTED')) return { ok: false, why: error.message }
    throw error
  }
}

/** Failure rule 6: which of the two values works, by fresh logins. */
export async function standingOf(work: Work, made: Version, retiring: Version | null): Promise<Standing> {
  const isNew = (await accepted(work, made)).ok
  const isOld = retiring !== null && (await accepted(work, retiring)).ok
  if (isNew && isOld) return 'both'
  if (isNew) return 'new'
  return isOld ? 'old' : 'neither'
}

/** The version being rotated in, with its value. */
export async function madeVersion(work: Work): Promise<Version> {
  const { rotation, store } = work
  const version = await storedVersion(store, rotation.snapshot.path, rotation.made)
  if (!version) throw new KeyturnError('STORE_DAMAGED', `${rotation.snapshot.name}: the new version is no longer in the store at ${rotation.snapshot.path}`)
  return version
}

/** The version on its way out, with its value, if the store has it. */
export const retiringVersion = ({ rotation, store }: Work): Promise<Version | null> => storedVersion(store, rotation.snapshot.path, rotation.retiring)
