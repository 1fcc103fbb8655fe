import type { Secret, VersionRef } from '../terms.ts'
import { secretStream } from '../terms.ts'
import { knownTokens } from './behind.ts'
import { pick } from './context.ts'
import type { Engine } from './engine.ts'
import { isClaimToken } from './ids.ts'
import { noticeForeign, stateOf } from './open.ts'

/** What a rebuild found for one secret. */
export interface Rebuilt {
  readonly secret: string
  readonly versions: number
  readonly current: boolean
  readonly changed: boolean
}

/**
 * Failure rule 12: brings a lost or older ledger up to what the store knows, before anything is written at a provider.
 * Repeatable: a stream that knows all stored versions keeps all it knows, an open rotation above all.
 */
export async function restoreLedger(engine: Engine): Promise<readonly Rebuilt[]> {
  const results: Rebuilt[] = []
  for (const secret of engine.inventory().secrets) results.push(await rebuild(engine, secret))
  return results
}

async function rebuild(engine: Engine, secret: Secret): Promise<Rebuilt> {
  const inventory = engine.inventory()
  const store = await engine.store(secret.store)
  const fingerprints = await engine.fingerprints()
  const state = await stateOf(engine, secret)
  const prefix = `${inventory.id}.${secret.id}.`
  const infos = (await store.versions(secret.path)).filter((v) => v.token.startsWith(prefix) && !v.token.slice(prefix.length).startsWith('given-'))
  const known = knownTokens(state)
  const document = (await store.read([secret.path])).get(secret.path)
  const own = document && pick(document.fields, secret.fields)
  const currentPrint = own ? fingerprints.of(own) : null
  const isBehind = infos.some((v) => isClaimToken(v.token, inventory.id, secret.id) && !known.has(v.token))
  if (!isBehind) {
    // A value that is no version was written by somebody else; none at all, and the path was changed or the value taken out.
    const after = own ? await noticeForeign(engine, secret, state) : state
    return { secret: secret.name, versions: infos.length, current: currentPrint !== null, changed: after?.seq !== state?.seq }
  }

  // Newest first, as the store tells it, whatever the clock did.
  const ages = infos.map((v) => v.token)
  const stored = await store.get(secret.path, ages)
  const versions: (VersionRef & { readonly createdAt: number })[] = []
  for (const { token, handle, fields, createdAt } of stored)
    versions.push({ token, handle, fingerprint: fingerprints.of(fields), facts: await engine.facts(fields, secret.env, fingerprints), createdAt })
  versions.sort((a, b) => ages.indexOf(b.token) - ages.indexOf(a.token))
  const holds = versions.filter((v) => v.fingerprint === currentPrint)
  // One that a rotation made has the handle.
  const current: (VersionRef & { createdAt: number }) | undefined = holds.findLast((v) => v.handle !== null) ?? holds.at(-1)
  await engine.ledger.append(
    secretStream(inventory.id, secret.id),
    (state?.seq ?? 0) + 1,
    { type: 'saw', facts: { kind: 'restored', versions, current: current?.token ?? null } },
    { policy: secret.policy },
  )
  await noticeForeign(engine, secret, await stateOf(engine, secret))
  return { secret: secret.name, versions: versions.length, current: currentPrint !== null, changed: true }
}
