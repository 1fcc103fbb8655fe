import { isKeyturnError, KeyturnError } from '../errors.ts'
import type { Lease } from '../ports.ts'
import type { DidResult, Event, Millis, Policy, RotationState, Saw, SecretState, Step } from '../terms.ts'
import { secretStream } from '../terms.ts'
import { requireKnownVersions } from './behind.ts'
import type { Work } from './context.ts'
import { rotatorOf } from './context.ts'
import { create, removeOrphans } from './create.ts'
import { type Engine, STEP_LEASE_MS } from './engine.ts'
import { newToken } from './ids.ts'
import { blankRotation } from './machine.ts'
import { type Next, next } from './next.ts'
import { revoke } from './retire.ts'
import { promote, set, test } from './steps.ts'
import { surroundingsOf } from './surroundings.ts'

/**
 * Does every step of one secret's stream that can be done now: claim, do, record, again. Safe to call from anywhere, any number
 * of times, by any worker: the ledger's compare-and-set decides who does a step. Returns what it now waits for.
 */
export async function advance(engine: Engine, secret: string): Promise<Next> {
  const stream = secretStream(engine.inventory().id, secret)
  let looked = false
  for (;;) {
    engine.stopIfInterrupted?.()
    const state = await engine.ledger.state(stream)
    if (state?.kind !== 'secret') return { kind: 'idle' }
    const n = next(state, await surroundingsOf(engine, state))
    try {
      if (n.kind === 'do' && state.rotation && !looked) {
        const { name, store, path } = state.rotation.snapshot
        await requireKnownVersions(engine, { id: secret, name, store, path })
        looked = true
      }
      if (n.kind === 'proved' && state.rotation) {
        await append(engine, state, state.seq + 1, { type: 'saw', facts: { kind: 'proved', rotation: state.rotation.id, graceUntil: n.graceUntil } })
      } else if (n.kind === 'turn' && state.rotation) {
        await append(engine, state, state.seq + 1, { type: 'saw', facts: { kind: 'unhealthy', rotation: state.rotation.id, why: n.why } })
      } else if (n.kind === 'do') {
        await doStep(engine, state, n)
      } else if (n.kind === 'sweep') {
        await sweepLate(engine, state)
      } else {
        return n
      }
    } catch (error) {
      // Nothing may be written before the ledger has been caught up, and what is damaged does not hold up the others.
      if (isKeyturnError(error, 'LEDGER_BEHIND', 'STORE_DAMAGED')) return { kind: 'attention', step: 'promote', message: error.message, hint: error.hint }
      // Somebody else was faster: look again.
      if (!isKeyturnError(error, 'STREAM_MOVED')) throw error
    }
  }
}

const append = (engine: Engine, state: SecretState, seq: number, event: Event, policy: Policy | null = null) =>
  engine.ledger.append(state.stream, seq, event, { policy: state.rotation?.snapshot.policy ?? policy ?? state.late?.snapshot.policy ?? null })

/** Claims one step, does it, records how it ended. Nothing is recorded when the lease was lost: whoever holds it now decides. */
async function doStep(engine: Engine, before: SecretState, { step, breaks }: Next & { kind: 'do' }): Promise<void> {
  const opened = before.rotation as RotationState
  const until = engine.clock.now() + STEP_LEASE_MS
  // Before the claim: whatever the clock does while it is recorded, the lease has seen it.
  const lease = engine.lease(until)
  const { admin } = opened.snapshot.rotator
  const token = step === 'create' ? newToken(engine.inventory().id, before.secret, engine.random) : undefined
  const claim: Event = {
    type: 'claimed',
    step,
    on: opened.id,
    by: engine.worker,
    until,
    ...(token !== undefined && { token }),
    ...(admin !== undefined && { admin }),
  }
  const { state } = await append(engine, before, before.seq + 1, claim)
  if (state.kind !== 'secret' || state.rotation === null) return
  await engine.fault?.(`${step}:claimed`)
  let seq = state.seq
  const note = async (facts: Saw): Promise<void> => {
    seq += 1
    await append(engine, state, seq, { type: 'saw', facts })
  }
  let outcome: Event
  try {
    const work = await workOf(engine, state, token ?? '', lease.signal, note)
    const result = await take(work, step)
    const broke = (breaks ?? []).map((m) => (m.consumer ? `${m.consumer} (${m.file} on ${m.host})` : `${m.file} on ${m.host}`))
    outcome = { type: 'did', claim: state.seq, result: result.step === 'revoke' && broke.length > 0 ? { ...result, broke } : result }
  } catch (error) {
    if (isKeyturnError(error, 'STREAM_MOVED') || isLost(lease)) return
    outcome = failedEvent(engine, state, step, error)
  }
  await engine.fault?.(`${step}:done`)
  await record(engine, state, seq + 1, outcome)
  await engine.fault?.(`${step}:recorded`)
}

/** The lease is over, and not because the user asked to stop. */
export const isLost = ({ signal }: Lease): boolean => signal.aborted && !isKeyturnError(signal.reason, 'INTERRUPTED')

/** How often somebody may have been faster, one after the other. */
const RECORD_TRIES = 5

/**
 * A person may have decided something meanwhile. What a step ended with counts as long as nobody else took its claim; an observation
 * (`always`) counts in any case. STREAM_MOVED when it does not count any more.
 */
export async function record(
  engine: Engine,
  state: SecretState,
  seq: number,
  outcome: Event,
  { always = false, policy = null }: { readonly always?: boolean; readonly policy?: Policy | null } = {},
): Promise<SecretState> {
  for (let tries = 1; ; tries++) {
    try {
      return (await append(engine, state, seq, outcome, policy)).state as SecretState
    } catch (error) {
      const now = isKeyturnError(error, 'STREAM_MOVED') && tries < RECORD_TRIES ? await engine.ledger.state(state.stream) : null
      if (now?.kind !== 'secret' || (!always && now.claim?.seq !== state.claim?.seq)) throw error
      seq = now.seq + 1
    }
  }
}

async function workOf(engine: Engine, state: SecretState, token: string, signal: AbortSignal, note: (facts: Saw) => Promise<void>): Promise<Work> {
  const rotation = state.rotation as RotationState
  const store = await engine.store(rotation.snapshot.store)
  return { engine, state, rotation, store, rotator: rotatorOf(engine, rotation.snapshot.rotator.kind), token, signal, note }
}

async function take(work: Work, step: Step): Promise<DidResult> {
  switch (step) {
    case 'create':
      return { step, version: await create(work) }
    case 'set':
      await set(work)
      return { step }
    case 'test':
      return { step, ...(await test(work)) }
    case 'promote':
      await promote(work)
      return { step }
    case 'revoke':
      return { step, ...(await revoke(work)) }
  }
}

/** Seconds 1, 2, 4 ... up to 15 minutes, with up to a quarter of jitter so that many streams do not retry in step. */
export function backOffMs(engine: Pick<Engine, 'random'>, attempts: number): Millis {
  const base = Math.min(1_000 * 2 ** (attempts - 1), 15 * 60_000)
  return Math.round(base * (1 + ((engine.random.bytes(1)[0] ?? 0) / 255) * 0.25))
}

/** A refusal is tried again this often before it counts: a new key may be refused for seconds, and a reload may be late. */
const REFUSALS = 5

function failedEvent(engine: Engine, state: SecretState, step: Step, error: unknown): Event {
  const now = engine.clock.now()
  const interrupted = isKeyturnError(error, 'INTERRUPTED') || (error as { name?: string })?.name === 'AbortError'
  const known = isKeyturnError(error) ? error : interrupted ? new KeyturnError('INTERRUPTED', `${step} was interrupted`) : unexpected(step, error)
  const attempts = (state.failure?.step === step ? state.failure.attempts : 0) + 1
  const standing = known.standing
  const patient = (step === 'test' && known.code === 'CREDENTIAL_REJECTED') || standing !== undefined
  const retryable = known.retryable || patient ? !(patient && attempts > REFUSALS) : false
  return {
    type: 'failed',
    claim: state.claim?.seq ?? 0,
    code: known.code,
    message: known.message,
    // A rotator does not know what the secret is called here.
    hint: known.hint.replaceAll(/\bNAME\b/g, state.rotation?.snapshot.name ?? 'NAME'),
    retryAt: interrupted ? now : retryable ? Math.max(now + backOffMs(engine, attempts), known.retryAt ?? now) : null,
    ...(standing !== undefined && { standing }),
  }
}

/** A fault of ours or of a library. Its message may hold anything, so only its kind is kept; it decides nothing, so it is tried again. */
const unexpected = (step: Step, error: unknown): KeyturnError =>
  new KeyturnError('INTERNAL', `${step} failed unexpectedly (${error instanceof Error ? error.name : typeof error})`, { retryable: true })

/** Lists at providers lag: what a crash left behind may only be seen hours later (failure rule 4). */
async function sweepLate(engine: Engine, before: SecretState): Promise<void> {
  const late = before.late
  if (late === null) return
  const until = engine.clock.now() + STEP_LEASE_MS
  const lease = engine.lease(until)
  const { admin } = late.snapshot.rotator
  const on = `late ${late.rotation}`
  const claim: Event = { type: 'claimed', step: 'revoke', on, by: engine.worker, until, ...(admin !== undefined && { admin }) }
  const { state } = await append(engine, before, before.seq + 1, claim)
  if (state.kind !== 'secret') return
  const rotation = { ...blankRotation(late.rotation, late.snapshot, late.closedAt), tokens: late.tokens }
  const store = await engine.store(rotation.snapshot.store)
  const work: Work = {
    engine,
    state,
    rotation,
    store,
    rotator: rotatorOf(engine, rotation.snapshot.rotator.kind),
    token: '',
    signal: lease.signal,
    note: async () => {},
  }
  let event: Event
  try {
    event = { type: 'saw', facts: { kind: 'swept', rotation: late.rotation, removed: await removeOrphans(work, late.tokens) } }
  } catch (error) {
    if (isLost(lease)) return
    // Not lost: it is looked for again within the hour.
    event = failedEvent(engine, state, 'revoke', error)
  }
  await record(engine, state, state.seq + 1, event)
}
