import { KeyturnError } from '../errors.ts'
import type { Version } from '../ports.ts'
import type { Sensitive } from '../sensitive.ts'
import type { Fields, Handle, Json, VersionRef } from '../terms.ts'
import { contextFor, rotatorOf, type Work } from './context.ts'

/**
 * `create`: a new version in the store, and nothing that is not there. Everything that an earlier claim of this rotation may
 * have made is looked up first: a stored one is adopted, else what it made at the provider is removed (failure rule 3).
 */
export async function create(work: Work): Promise<VersionRef> {
  const { store, rotation, signal } = work
  const { path } = rotation.snapshot
  await store.ready()
  const stored = await store.get(path, rotation.tokens)
  const adopted = newest(stored, rotation.tokens)
  if (adopted) return refer(work, adopted)

  await removeOrphans(
    work,
    rotation.tokens.filter((token) => token !== work.token),
  )
  const given = await givenFields(work)
  const made = await work.rotator.create(await contextFor(work, given ? { given } : {}))
  requireFields(work, made.fields)
  const version = { token: work.token, fields: made.fields, handle: handleFrom(work, made.id) }
  // A minted value that cannot be stored now is an orphan; the next claim removes it.
  await store.put(path, version, signal)
  return refer(work, version)
}

/** The version of the latest claim, if several were stored by stalled workers. */
const newest = (stored: readonly Version[], tokens: readonly string[]): Version | undefined =>
  tokens.map((token) => stored.find((v) => v.token === token)).findLast((v) => v !== undefined)

async function givenFields({ store, rotation }: Work): Promise<Sensitive<Fields> | undefined> {
  if (rotation.given === null) return undefined
  const [version] = await store.get(rotation.snapshot.path, [rotation.given])
  if (!version)
    throw new KeyturnError('VALUE_MISSING', `${rotation.snapshot.name}: the value that was given is no longer in the store`, {
      hint: `secrets set ${rotation.snapshot.name}`,
    })
  return version.fields
}

function requireFields({ rotation, rotator }: Work, fields: Sensitive<Fields>): void {
  const missing = rotation.snapshot.fields.filter((name) => !fields.tells((values) => typeof values[name] === 'string' && values[name] !== ''))
  if (missing.length > 0) throw new KeyturnError('COMMAND_FAILED', `${rotation.snapshot.name}: rotator ${rotator.name} gave no ${missing.join(', ')}`)
}

const handleFrom = ({ rotation }: Work, id: Json): Handle => ({ rotator: rotation.snapshot.rotator.kind, params: rotation.snapshot.rotator.params as Json, id })

/** What the ledger may know of a version: everything but its value. */
async function refer({ engine, rotation, state }: Work, version: { token: string; fields: Sensitive<Fields>; handle: Handle | null }): Promise<VersionRef> {
  const fingerprints = await engine.fingerprints()
  const secret = engine.inventory().secrets.find((s) => s.id === state.secret)
  const env = secret?.env ?? Object.fromEntries(rotation.snapshot.fields.map((f) => [f, f]))
  return {
    token: version.token,
    handle: version.handle,
    fingerprint: fingerprints.of(version.fields),
    facts: await engine.facts(version.fields, env, fingerprints),
  }
}

/**
 * Removes at the provider what carries exactly one of these tokens. A version that was stored under such a token and never
 * promoted is ended by its handle; anything that another stored version uses is left alone (failure rule 4).
 */
export async function removeOrphans(work: Work, tokens: readonly string[]): Promise<number> {
  const { rotator, rotation, store, state, signal } = work
  if (!rotator.orphans || !rotator.revoke || tokens.length === 0) return 0
  const { path } = rotation.snapshot
  const inUse = new Set([state.current, ...state.former, rotation.made].map((v) => v?.token))
  const used = (await store.versions(path)).filter((v) => inUse.has(v.token) || !tokens.includes(v.token)).map((v) => JSON.stringify(v.handle?.id))
  let removed = 0
  for (const token of tokens) {
    if (inUse.has(token)) continue
    for (const id of await rotator.orphans(await contextFor(work, { token }))) {
      if (used.includes(JSON.stringify(id))) continue
      signal.throwIfAborted()
      await rotatorOf(work.engine, rotation.snapshot.rotator.kind).revoke?.(await contextFor(work, { token }), handleFrom(work, id), null)
      removed += 1
    }
  }
  return removed
}
