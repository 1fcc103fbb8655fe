import { isKeyturnError, KeyturnError } from '../errors.ts'
import type { Event, Secret, SecretState, Snapshot, VersionState } from '../terms.ts'
import { record } from './advance.ts'
import { rotatorOf, storedVersion, type Work } from './context.ts'
import { type Engine, STEP_LEASE_MS } from './engine.ts'
import { gateOf } from './gate.ts'
import { blankRotation } from './machine.ts'
import { requireClock, snapshotOf, stateOf } from './open.ts'
import { accepted } from './probe.ts'
import { endVersion } from './retire.ts'
import { surroundingsOf } from './surroundings.ts'

/**
 * Ends a credential at its provider without replacing it, and proves it with a fresh login. A person asked for exactly this: no
 * proof is waited for. ROTATION_OPEN while one is open; UNSUPPORTED where nothing at a provider can be ended; CLOCK_SUSPECT and
 * ADMIN_IN_USE as for any revoke (failure rules 11 and 12). Repeatable.
 */
export async function endCredential(engine: Engine, secret: Secret, version: VersionState, reason: string): Promise<SecretState> {
  const before = await stateOf(engine, secret)
  if (!before) throw new KeyturnError('NOTHING_OPEN', `${secret.name}: nothing is recorded of it yet`)
  if (before.rotation)
    throw new KeyturnError('ROTATION_OPEN', `${secret.name}: a rotation is open`, { hint: `secrets revoke ${secret.name} --previous   or wait for its end` })
  const snapshot = requireRevocable(engine, secret)
  requireClock(engine, secret, before)
  if ((await surroundingsOf(engine, before)).adminInUse) throw new KeyturnError('ADMIN_IN_USE', `${secret.name}: a rotation is at work with it`)
  const until = engine.clock.now() + STEP_LEASE_MS
  const lease = engine.lease(until)
  const { policy } = secret
  const { admin } = snapshot.rotator
  const on = `end ${version.token}`
  const claim: Event = { type: 'claimed', step: 'revoke', on, by: engine.worker, until, ...(admin !== undefined && { admin }) }
  const { state } = await engine.ledger.append(before.stream, before.seq + 1, claim, { policy })
  const work = await workFor(engine, state as SecretState, snapshot, lease.signal)
  try {
    await endVersion(work, version, await storedVersion(work.store, snapshot.path, version))
  } catch (error) {
    const known = isKeyturnError(error) ? error : new KeyturnError('INTERNAL', 'failed unexpectedly')
    const event: Event = { type: 'failed', claim: state.seq, code: known.code, message: known.message, hint: known.hint, retryAt: null }
    await record(engine, state as SecretState, state.seq + 1, event, { policy }).catch((moved) => {
      // Whoever has the stream now need not know of it.
      if (!isKeyturnError(moved, 'STREAM_MOVED')) throw moved
    })
    throw error
  }
  // It is dead, whatever was begun meanwhile.
  const event: Event = { type: 'saw', facts: { kind: 'dead', token: version.token, note: `ended by hand: ${reason}` } }
  return record(engine, state as SecretState, state.seq + 1, event, { always: true, policy })
}

/** UNSUPPORTED where nothing at a provider can be ended with this rotator. */
export function requireRevocable(engine: Engine, secret: Secret): Snapshot {
  const snapshot = snapshotOf(engine, secret, gateOf(engine.inventory(), secret))
  if (snapshot.revokes) return snapshot
  throw new KeyturnError('UNSUPPORTED', `${secret.name}: rotator ${secret.rotator.kind} cannot end a credential`, {
    hint: `end it at its provider, or replace it: secrets rotate ${secret.name}`,
  })
}

/** Whether the provider refuses a version by now: a fresh login, and nothing else. */
export async function isRefused(engine: Engine, secret: Secret, version: VersionState): Promise<boolean> {
  const state = await stateOf(engine, secret)
  if (!state) return false
  const snapshot = state.rotation?.snapshot ?? snapshotOf(engine, secret, [])
  const work = await workFor(engine, state, snapshot, engine.lease(engine.clock.now() + STEP_LEASE_MS).signal)
  const stored = await storedVersion(work.store, snapshot.path, version)
  if (!stored) throw new KeyturnError('VALUE_MISSING', `${secret.name}: the store no longer has version ${version.n}, so it cannot be tried`)
  return !(await accepted(work, stored)).ok
}

async function workFor(engine: Engine, state: SecretState, snapshot: Snapshot, signal: AbortSignal): Promise<Work> {
  const store = await engine.store(snapshot.store)
  const rotation = state.rotation ?? blankRotation('', snapshot, state.lastAt)
  return { engine, state, rotation, store, rotator: rotatorOf(engine, snapshot.rotator.kind), token: '', signal, note: async () => {} }
}
