import { isKeyturnError, KeyturnError } from '../errors.ts'
import type { Fingerprint, Standing } from '../terms.ts'
import { contextFor, pick, type Work } from './context.ts'
import { accepted, madeVersion, retiringVersion, standingOf } from './probe.ts'

/** `set`: tells the provider the invented value, which the store already has. Repeated with the same bytes until it is certain. */
export async function set(work: Work): Promise<void> {
  const made = await madeVersion(work)
  try {
    // Not the current one: after a rollback of a promote that was not recorded, the provider holds what that promote brought.
    await work.rotator.set?.(await contextFor(work, { inCharge: work.rotation.retiring }), made)
  } catch (error) {
    if (work.rotation.snapshot.overlap || work.signal.aborted) throw error
    // The answer may be lost while the password was changed: ask with fresh logins which one works (failure rule 6).
    const standing = await standingAfter(work, error)
    if (standing !== 'new') throw withStanding(error, standing)
  }
}

async function standingAfter(work: Work, error: unknown): Promise<Standing> {
  try {
    return await standingOf(work, await madeVersion(work), await retiringVersion(work))
  } catch {
    // Nothing could be learnt. Whatever the provider said, its answer is unknown until then, and unknown is tried again.
    throw isKeyturnError(error) ? new KeyturnError(error.code, error.message, { hint: error.hint, details: error.details, retryable: true }) : error
  }
}

function withStanding(error: unknown, standing: Standing): unknown {
  if (!isKeyturnError(error)) return error
  return new KeyturnError(error.code, error.message, { hint: error.hint, details: error.details, retryable: error.retryable, standing })
}

/** `test`: proves that the new value is accepted and, without overlap, that the old one is refused. A reload that says success proves nothing. */
export async function test(work: Work): Promise<{ restricted?: string }> {
  const made = await madeVersion(work)
  const { overlap, sets, name } = work.rotation.snapshot
  const isNew = await accepted(work, made)
  const old = overlap || !sets ? null : await retiringVersion(work)
  if (old === null) {
    if (!isNew.ok) throw new KeyturnError('CREDENTIAL_REJECTED', isNew.why ?? `${name}: the new value is refused`)
    return isNew.restricted === undefined ? {} : { restricted: isNew.restricted }
  }
  const isOld = (await accepted(work, old)).ok
  if (isNew.ok && !isOld) return isNew.restricted === undefined ? {} : { restricted: isNew.restricted }
  if (isNew.ok) throw new KeyturnError('OLD_STILL_ACCEPTED', `${name}: the provider accepts the new value and still the old one`, { standing: 'both' })
  throw new KeyturnError('CREDENTIAL_REJECTED', isNew.why ?? `${name}: the new value is refused`, { standing: isOld ? 'old' : 'neither' })
}

/**
 * `promote`: readers get the new version. Neighbours on the path stay. A value found there that is no version of ours is kept
 * as one, as seen, before it is replaced (failure rule 9).
 */
export async function promote(work: Work): Promise<void> {
  const { store, rotation, state, signal } = work
  const { path } = rotation.snapshot
  const made = await madeVersion(work)
  let noted: Fingerprint | null = null
  // Each round lost means that somebody else wrote to the path in between; a neighbour's rotation does so once.
  for (let round = 0; ; round++) {
    const found = await ownFingerprint(work)
    const known = [state.current, rotation.retiring, rotation.made].some((v) => v?.fingerprint === found)
    if (found !== null && !known && found !== noted && (await keepForeign(work, found))) noted = found
    try {
      return await store.promote(path, made.token, found, signal)
    } catch (error) {
      if (!isKeyturnError(error, 'STORE_CHANGED') || round >= 8) throw error
    }
  }
}

async function ownFingerprint({ store, rotation, engine }: Work): Promise<Fingerprint | null> {
  const { path, fields } = rotation.snapshot
  const document = (await store.read([path])).get(path)
  const own = document && pick(document.fields, fields)
  return own ? (await engine.fingerprints()).of(own) : null
}

/** Whether it was kept and noted; not where it changed again meanwhile: then the promote finds out. */
async function keepForeign(work: Work, found: Fingerprint): Promise<boolean> {
  const { store, rotation, engine, state, signal } = work
  const { path, fields } = rotation.snapshot
  const document = (await store.read([path])).get(path)
  const own = document && pick(document.fields, fields)
  if (!own) return false
  const fingerprints = await engine.fingerprints()
  if (fingerprints.of(own) !== found) return false
  // The token follows from the value, so that a repetition after a crash stores nothing twice.
  const token = `${state.stream.split('/')[0]}.${state.secret}.seen-${found.slice(found.lastIndexOf(':') + 1)}`
  await store.put(path, { token, fields: own, handle: null }, signal)
  const secret = engine.inventory().secrets.find((s) => s.id === state.secret)
  const facts = await engine.facts(own, secret?.env ?? {}, fingerprints)
  await work.note({
    kind: 'current',
    version: { token, handle: null, fingerprint: found, facts },
    bornAt: null,
    source: 'unknown',
    note: 'found in the store, written by somebody else',
  })
  return true
}
