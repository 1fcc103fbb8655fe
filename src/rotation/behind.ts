import { KeyturnError } from '../errors.ts'
import type { SecretStore } from '../ports.ts'
import type { SecretState, Token } from '../terms.ts'
import type { Engine } from './engine.ts'
import { isClaimToken } from './ids.ts'

/** What must be known of a secret to look for its versions. */
interface Place {
  readonly id: string
  readonly name: string
  readonly store: string
  readonly path: string
}

/**
 * Failure rule 12: a stored version of ours that the ledger does not know means that the ledger was lost or is an older copy. Then
 * nothing may be written at a provider before `restore`. Throws LEDGER_BEHIND.
 */
export async function requireKnownVersions(engine: Engine, place: Place): Promise<void> {
  const unknown = await unknownVersions(engine, await engine.store(place.store), place)
  if (unknown.length === 0) return
  throw new KeyturnError(
    'LEDGER_BEHIND',
    `${place.name}: the store holds ${unknown.length} version${unknown.length > 1 ? 's' : ''} of it that the ledger does not know`,
  )
}

/** Tokens of stored versions that no event names. A claim is recorded before its version is stored, so the store is read first. */
export async function unknownVersions(engine: Engine, store: SecretStore, { id, path }: Pick<Place, 'id' | 'path'>): Promise<readonly Token[]> {
  const inventory = engine.inventory().id
  const stored = (await store.versions(path)).map((v) => v.token).filter((token) => isClaimToken(token, inventory, id))
  const state = await engine.ledger.state(`${inventory}/secret/${id}`)
  const known = knownTokens(state?.kind === 'secret' ? state : null)
  return stored.filter((token) => !known.has(token))
}

/** Every token that the ledger has seen for a secret. */
export const knownTokens = (state: SecretState | null): ReadonlySet<Token | undefined> =>
  new Set([...(state?.tokens ?? []), ...[state?.current, ...(state?.former ?? [])].map((v) => v?.token)])
