import type { GateOutput, HostState, Millis, RotationState, SecretState, Step } from '../terms.ts'
import { CLOCK_SLACK_MS } from './engine.ts'
import { gateFor, type Illness, illnesses, type Missing, missingKey, missingProofs } from './gate.ts'
import { LATE_MS } from './saw.ts'
import { isGoingBack, whyOnward } from './turn.ts'

/** What a secret's stream can do now. Computed from the state each time, never stored (failure rule 1). */
export type Next =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'do'
      readonly step: Step /** Without the proofs that would be needed: what `--compromised` breaks. */
      readonly breaks?: readonly Missing[]
    }
  /** All consumers proved: the grace may begin. */
  | { readonly kind: 'proved'; readonly graceUntil: Millis }
  /** A consumer fell ill on the new value: the rotation is turned round, for this reason. */
  | { readonly kind: 'turn'; readonly why: string }
  /** Late orphans of a closed rotation are to be looked for again. */
  | { readonly kind: 'sweep' }
  | {
      readonly kind: 'wait'
      readonly until: Millis
      readonly why: 'claim' | 'retry' | 'proof' | 'grace' | 'admin' | 'clock'
      readonly missing?: readonly Missing[]
    }
  /** A person must decide. Nothing more is written at the provider meanwhile. */
  | {
      readonly kind: 'attention'
      readonly step: Step | 'proof' | 'restore'
      readonly message: string
      readonly hint: string
      readonly missing?: readonly Missing[]
    }

export interface Surroundings {
  readonly now: Millis
  /** The present inventory's outputs of this secret. */
  readonly gate: readonly GateOutput[]
  readonly hosts: ReadonlyMap<string, HostState>
  /** Another stream's live claim uses this secret as its admin credential (failure rule 11). */
  readonly adminInUse: boolean
  /** True when the process that holds a claim is known to have ended: its lease need not be waited for. */
  gone(worker: string): boolean
}

/** Between two looks for late orphans. */
const SWEEP_EVERY_MS = 3_600_000
/** So that a machine that was off for that day does not ask a person after one try. */
const LATE_TRIES = 5
const ADMIN_WAIT_MS = 5_000

/** The next step of a secret's stream. Pure. */
export function next(state: SecretState, around: Surroundings): Next {
  const { now } = around
  const { claim, rotation: r } = state
  if (r?.reverted !== undefined) return outOfBackup(r)
  if (claim && claim.until > now && !around.gone(claim.by)) return { kind: 'wait', until: claim.until, why: 'claim' }
  if (r === null) return nextLate(state, now)
  const step: Step = r.back ? 'revoke' : (firstMissing(r) ?? 'revoke')
  const stuck = stuckOn(state, r, step, now)
  if (stuck) return stuck
  if (step !== 'revoke' || r.back) return careful(state, around, { kind: 'do', step })
  return afterPromote(state, r, around)
}

/** Failure rule 4, within rule 13: looked for again for a day, and while a look fails then, a few times more; then a person is asked. */
function nextLate({ late, failure, stream, secret }: SecretState, now: Millis): Next {
  if (late === null) return { kind: 'idle' }
  if (failure !== null && failure.attempts >= LATE_TRIES && late.sweptAt - late.closedAt >= LATE_MS) {
    const { name } = late.snapshot
    return {
      kind: 'attention',
      step: 'revoke',
      message: `keys that a killed process may have left at the provider could not be looked for in a day: ${failure.message}`,
      hint: `look there for keys named ${stream.slice(0, stream.indexOf('/'))}.${secret}.* that nothing uses; then: secrets approve ${name} --reason TEXT`,
    }
  }
  return now - late.sweptAt >= SWEEP_EVERY_MS ? { kind: 'sweep' } : { kind: 'idle' }
}

/** It may have ended since the backup. Then what it made is in use, and whatever it does next could end that. */
const outOfBackup = ({ snapshot: { name } }: RotationState): Next => ({
  kind: 'attention',
  step: 'restore',
  message: 'a backup was put back in which this rotation is open; it may have ended since, and then a newer value than the store has is in use',
  hint: `secrets approve ${name} --reason TEXT   goes on, once you have seen that no newer value is in use; secrets rollback ${name}   gives it up and touches nothing at the provider`,
})

const firstMissing = (r: RotationState): Step | undefined =>
  (['create', 'set', 'test', 'promote'] as const).find((step) => !r.done.includes(step) && (step !== 'set' || r.snapshot.sets))

/** Waiting for a retry or a person. Time alone never asks: something must have failed, or a proof be missing. */
function stuckOn(state: SecretState, r: RotationState, step: Step, now: Millis): Next | null {
  const failure = state.failure
  if (failure === null) return null
  const { message, hint } = failure
  if (failure.retryAt === null || now >= r.askFrom + r.snapshot.policy.askAfterMs) return { kind: 'attention', step: failure.step as Step, message, hint }
  const held = failure.step === step || (failure.step === 'test' && step === 'set')
  return failure.retryAt > now && held ? { kind: 'wait', until: failure.retryAt, why: 'retry' } : null
}

/** Failure rules 11 and 12: no revoke while somebody uses it as admin, or on a clock that went backwards. */
function careful(state: SecretState, around: Surroundings, go: Next & { kind: 'do' }): Next {
  if (go.step !== 'revoke') return go
  if (around.now + CLOCK_SLACK_MS < state.lastAt) return { kind: 'wait', until: state.lastAt, why: 'clock' }
  if (around.adminInUse) return { kind: 'wait', until: around.now + ADMIN_WAIT_MS, why: 'admin' }
  return go
}

function afterPromote(state: SecretState, r: RotationState, around: Surroundings): Next {
  const { now } = around
  const promote = r.promote
  const token = r.made?.token
  if (promote === null || token === undefined) return { kind: 'idle' }
  const revocable = overlaps(r)
  const gate = gateFor(r, around.gate)
  // Once all proved and were healthy, the grace runs, and what falls ill then does so for another reason.
  const health = r.graceUntil === null && !r.compromised
  const question = { secret: state.secret, token, now, afterPos: promote.pos, revocable, health, returned: isGoingBack(r), alone: r.compromised !== null }
  // A person's word counts for what was missing then, and for nothing else.
  const isOpen = (m: Missing): boolean => !r.vouched.includes(missingKey(m))
  const ask = (afterAt?: Millis) => missingProofs(gate, around.hosts, { ...question, ...(afterAt !== undefined && { afterAt }) }).filter(isOpen)

  const ill = illnesses(gate, around.hosts, question).filter(isOpen)
  const turn = health ? fallenIll(state, r, ill, now) : null
  if (turn) return turn

  const missing = ask()
  if (r.compromised) {
    const until = Math.max(promote.at, r.compromised.at) + r.compromised.waitMs
    if (missing.length > 0 && now < until) return { kind: 'wait', until, why: 'proof', missing }
    return careful(state, around, { kind: 'do', step: 'revoke', breaks: [...missing, ...ill] })
  }
  if (!revocable) return missing.length > 0 ? unproved(r, now, missing) : careful(state, around, { kind: 'do', step: 'revoke' })
  if (r.graceUntil === null) {
    if (missing.length > 0) return unproved(r, now, missing)
    // A grace that begins on a clock that is behind would be over the moment the clock is put right.
    if (now < state.lastAt - CLOCK_SLACK_MS) return { kind: 'wait', until: state.lastAt, why: 'clock' }
    return { kind: 'proved', graceUntil: now + r.snapshot.policy.graceMs }
  }
  if (now < r.graceUntil) return { kind: 'wait', until: r.graceUntil, why: 'grace' }
  // The last proof is claimed after the grace ended: somebody may have restarted a consumer on an old file meanwhile (failure rule 10).
  const stale = ask(r.graceUntil)
  return stale.length > 0 ? unproved(r, now, stale) : careful(state, around, { kind: 'do', step: 'revoke' })
}

/** What was healthy before goes back to what it was healthy on; where that cannot be, a person is asked at once. */
function fallenIll(state: SecretState, r: RotationState, ill: readonly Illness[], now: Millis): Next | null {
  const onward = whyOnward(state, r, now)
  const turned = ill.find(({ before }) => before === 'healthy')
  if (onward === null && turned) return { kind: 'turn', why: `CONSUMER_UNHEALTHY: ${nameOf(turned)} became unhealthy on the new value: ${turned.why}` }
  // What was bad before is no reason to go back, and none to stop; but a way back must lead to something that works.
  const first = ill.find(({ before }) => before !== 'unhealthy' || isGoingBack(r))
  if (!first) return null
  const version = state.current?.n
  const reason = onward ?? 'how it was before the delivery could not be told'
  const { name } = r.snapshot
  return {
    kind: 'attention',
    step: 'proof',
    message: `${nameOf(first)} is not healthy on version ${version}: ${first.why}; the rotation does not go back by itself, because ${reason}`,
    hint: `secrets approve ${name} --reason TEXT   goes on, once it works${r.retiring === null || r.swapped || r.target !== null ? '' : `; secrets rollback ${name}   goes back`}`,
    missing: ill,
  }
}

const nameOf = ({ consumer, file, host }: Illness): string => `${consumer} (${file}) on ${host}`

/** Whether two values are accepted side by side until one of them ends: at a provider, or in lists that we write. */
export const overlaps = (r: RotationState): boolean => kills(r) || (r.snapshot.both === true && r.retiring !== null)

/** Whether `revoke` ends something at a provider that consumers may still use. */
export const kills = (r: RotationState): boolean => r.snapshot.revokes && r.snapshot.overlap && r.retiring !== null

function unproved(r: RotationState, now: Millis, missing: readonly Missing[]): Next {
  const until = r.askFrom + r.snapshot.policy.askAfterMs
  if (now < until) return { kind: 'wait', until, why: 'proof', missing }
  const list = missing.map((m) => `${m.consumer ? `${m.file}, ${m.consumer}` : m.file} on ${m.host}: ${m.why}`).join('; ')
  const message = `the old value stays valid, because it is not proved that everything runs on the new one (${list})`
  return {
    kind: 'attention',
    step: 'proof',
    message,
    hint: `secrets approve ${r.snapshot.name} --reason TEXT   once you have seen that everything runs`,
    missing,
  }
}
