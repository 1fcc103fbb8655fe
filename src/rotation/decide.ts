import { KeyturnError } from '../errors.ts'
import type { Event, Handle, Millis, Secret, SecretState, Token, VersionState, Vouched } from '../terms.ts'
import { secretStream } from '../terms.ts'
import { CLOCK_SLACK_MS, type Engine } from './engine.ts'
import { missingKey } from './gate.ts'
import { type Next, next } from './next.ts'
import { openRotation, snapshotOf, stateOf } from './open.ts'
import { surroundingsOf } from './surroundings.ts'

type Decided = Event & { type: 'decided' }

/**
 * What a person decides. Each answers the last event of the stream and fails with ANSWER_STALE if anything was appended since:
 * nobody vouches for something they have not seen.
 */
async function decide(engine: Engine, secret: Secret, state: SecretState, decision: Omit<Decided, 'type' | 'answers'>): Promise<SecretState> {
  const event: Decided = { type: 'decided', answers: state.seq, ...decision }
  try {
    const { state: after } = await engine.ledger.append(secretStream(engine.inventory().id, secret.id), state.seq + 1, event, { policy: secret.policy })
    return after as SecretState
  } catch (error) {
    if (error instanceof KeyturnError && error.code === 'STREAM_MOVED')
      throw new KeyturnError('ANSWER_STALE', `${secret.name}: something was recorded meanwhile`)
    throw error
  }
}

async function requireOpen(engine: Engine, secret: Secret, verb: string): Promise<SecretState> {
  const state = await stateOf(engine, secret)
  if (!state?.rotation) throw new KeyturnError('NOTHING_OPEN', `${secret.name}: no rotation is open, so there is nothing to ${verb}`)
  return state
}

/**
 * A person vouches for the one thing that is stuck: a missing proof, or a step that they did or checked themselves. NOTHING_OPEN
 * when nothing waits for a person. Nobody can vouch for what must be in the store.
 */
export async function approve(engine: Engine, secret: Secret, reason: string, seen?: number): Promise<{ readonly step: Vouched; readonly state: SecretState }> {
  const state = await stateOf(engine, secret)
  if (!state) throw new KeyturnError('NOTHING_OPEN', `${secret.name}: nothing is recorded of it yet`)
  if (seen !== undefined && seen !== state.seq)
    throw new KeyturnError('ANSWER_STALE', `${secret.name}: event ${seen} is not the last one any more (${state.seq} is)`)
  const step = await stuckStep(engine, secret, state)
  if (step === 'create' || step === 'promote') {
    throw new KeyturnError('USAGE', `${secret.name}: nobody can vouch for "${step}", because the store has to hold the new value`, {
      hint: `secrets rotate ${secret.name}   tries again; secrets rollback ${secret.name}   goes back`,
    })
  }
  const n = step === 'proof' ? next(state, await surroundingsOf(engine, state)) : null
  const missing = n !== null && 'missing' in n ? (n.missing ?? []).map(missingKey) : []
  return { step, state: await decide(engine, secret, state, { what: 'approve', step, reason, ...(missing.length > 0 && { missing }) }) }
}

/** The one thing that a person could vouch for now. NOTHING_OPEN when nothing waits for one. */
export async function stuckStep(engine: Engine, secret: Secret, state: SecretState): Promise<Vouched> {
  if (engine.clock.now() + CLOCK_SLACK_MS < state.lastAt) return 'clock'
  const n: Next = next(state, await surroundingsOf(engine, state))
  if (n.kind === 'attention') return n.step
  if (n.kind === 'wait' && n.why === 'proof') return 'proof'
  throw new KeyturnError('NOTHING_OPEN', `${secret.name}: nothing waits for a person`)
}

/** Ends a wait for a person by trying again. */
export async function retry(engine: Engine, secret: Secret, reason: string): Promise<SecretState> {
  return decide(engine, secret, await requireOpen(engine, secret, 'try again'), { what: 'retry', reason })
}

/** The old value leaked while a rotation is open: it goes on without waiting for more than `waitMs`. */
export async function hasten(engine: Engine, secret: Secret, waitMs: Millis, reason: string): Promise<SecretState> {
  return decide(engine, secret, await requireOpen(engine, secret, 'hasten'), { what: 'compromised', waitMs, reason })
}

/**
 * Goes back while the previous value still works: an open rotation is undone (before its point of no return) or turned round
 * (after it); one that comes out of a backup is given up where it stands; a closed one is followed by a rotation whose target is the version before. Repeatable: what goes back already goes on.
 */
export async function rollback(engine: Engine, secret: Secret, reason: string): Promise<SecretState> {
  const state = await stateOf(engine, secret)
  if (state?.rotation) {
    // Killed and typed again, it must not turn round once more.
    if (state.rotation.reverted !== undefined) return decide(engine, secret, state, { what: 'rollback', reason })
    if (state.rotation.back || state.rotation.swapped || state.rotation.target !== null) return state.failure ? retry(engine, secret, reason) : state
    return decide(engine, secret, state, { what: 'rollback', reason })
  }
  const target = state && previousOf(state)
  if (!target) throw new KeyturnError('NOTHING_OPEN', `${secret.name}: there is no earlier version to go back to`)
  const { revokes, sets } = snapshotOf(engine, secret, [])
  if (target.deadAt !== undefined && revokes && !sets) {
    throw new KeyturnError('NOTHING_OPEN', `${secret.name}: version ${target.n} was revoked, and the provider cannot bring it back`, {
      hint: `secrets rotate ${secret.name}`,
    })
  }
  return openRotation(engine, secret, { target, reason })
}

/** The version before the current one. */
export const previousOf = (state: SecretState): VersionState | null =>
  state.former
    .filter((v) => v.replacedAt !== undefined)
    .reduce<VersionState | null>((best, v) => (best === null || (v.replacedAt ?? 0) > (best.replacedAt ?? 0) ? v : best), null)

/** Evidence from a person: how old the credential is (shown as claimed), or which key it is at the provider. */
export async function adopt(
  engine: Engine,
  secret: Secret,
  claim: { bornAt?: Millis; handle?: Handle; evidence: string; token?: Token },
): Promise<SecretState> {
  const state = await stateOf(engine, secret)
  if (!state?.current) throw new KeyturnError('VALUE_MISSING', `${secret.name} has no value in the store yet`, { hint: `secrets set ${secret.name}` })
  if (claim.bornAt !== undefined && claim.bornAt > engine.clock.now()) {
    throw new KeyturnError('USAGE', `${secret.name}: ${new Date(claim.bornAt).toISOString()} lies in the future`)
  }
  const event: Event = { type: 'saw', facts: { kind: 'adopted', ...claim } }
  const { state: after } = await engine.ledger.append(state.stream, state.seq + 1, event, { policy: secret.policy })
  return after as SecretState
}
