import { isKeyturnError } from '../errors.ts'
import type { VersionInfo } from '../ports.ts'
import type { Secret, SecretState } from '../terms.ts'
import type { Engine } from './engine.ts'
import { isClaimToken, isGivenToken } from './ids.ts'
import { type Traits, traitsOf } from './traits.ts'

/** Nobody comes back for what is older, and no lease lasts as long. */
const LOST_MS = 24 * 3_600_000

/**
 * Drops from the store what nothing refers to: a value that was given and whose rotation never took it or is closed, and a version
 * that a stalled `create` stored and nobody adopted. Never while a rotation is open, nor before its late orphans were looked
 * for, nor where its key may be alive at a provider that cannot list it: then the store alone knows of it. Repeatable.
 */
export async function dropStray(engine: Engine, secret: Secret, state: SecretState | null): Promise<void> {
  if (state?.rotation) return
  const { id } = engine.inventory()
  const named = new Set([state?.current, ...(state?.former ?? [])].map((v) => v?.token))
  const waiting = new Set([...(state?.late?.tokens ?? []), ...(state?.held ?? [])])
  // What was claimed after the state was read is not in it, and stays.
  const claimed = new Set(state?.tokens)
  const isStray = ({ token, createdAt, handle }: VersionInfo): boolean => {
    if (engine.clock.now() - createdAt < LOST_MS || named.has(token)) return false
    if (isGivenToken(token, id, secret.id)) return true
    return isClaimToken(token, id, secret.id) && claimed.has(token) && !waiting.has(token) && handle !== null && !isKnownHereOnly(engine, handle)
  }
  const store = await engine.store(secret.store)
  for (const { token } of (await store.versions(secret.path)).filter(isStray)) await store.drop(secret.path, token)
}

/** Minted at a provider that cannot be asked for it: our record of it is the only one. What we invent is told nobody before it is adopted. */
function isKnownHereOnly(engine: Engine, handle: NonNullable<VersionInfo['handle']>): boolean {
  const traits = knownTraits(engine, handle.rotator, handle.params)
  return traits === null || (traits.revokes && !traits.sets && !traits.lists)
}

/** `null` where this build cannot tell. */
export function knownTraits(engine: Engine, kind: string, params: unknown): Traits | null {
  try {
    return traitsOf(engine, kind, params)
  } catch (error) {
    if (isKeyturnError(error)) return null
    throw error
  }
}
