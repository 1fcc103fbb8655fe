import {
  type Claim,
  type ConsumerRecord,
  type DidResult,
  type Event,
  type Failure,
  type HealthRecord,
  type HealthState,
  type HeldVar,
  type HostState,
  type HostStep,
  type Millis,
  type Recorded,
  UNTAKEN,
  type WriteRecord,
} from '../terms.ts'
import { CLOCK_SLACK_MS } from './engine.ts'

/**
 * The state of a host's stream: what each of its outputs holds, and what each consumer proved to hold. Folded like a
 * secret's, and pure. A proof is as old as its claim, never as its record (failure rule 10).
 */
export function foldHost(before: HostState | null, recorded: Recorded): HostState {
  const { event } = recorded
  const state: HostState = { ...(before ?? nothing(recorded.stream)), seq: recorded.seq, pos: recorded.pos, lastAt: recorded.at, hash: recorded.hash }
  switch (event.type) {
    case 'claimed': {
      const { step, on, by, until } = event
      return { ...state, outputs: unsure(state, state.claim), claim: { seq: recorded.seq, pos: recorded.pos, at: recorded.at, step, on, by, until } }
    }
    case 'did':
      return state.claim?.seq === event.claim ? did(state, state.claim, event, recorded) : state
    case 'failed':
      return state.claim?.seq === event.claim ? failed(state, state.claim, event, recorded) : state
    case 'decided':
      return { ...state, failures: {} }
    case 'opened':
    case 'saw':
      return state
  }
}

/** Codes with which a write may have failed after the rename. */
const AFTER_WRITING = ['FILE_UNWRITABLE', 'INTERNAL', 'INTERRUPTED', 'LEASE_LOST']

/** A write that was not recorded as done may have changed the file, and somebody may have started a consumer on it since. */
function unsure({ outputs }: HostState, claim: Claim | null): HostState['outputs'] {
  const record = claim?.step === 'write' ? outputs[claim.on] : undefined
  return record && claim ? { ...outputs, [claim.on]: { ...record, unsure: true } } : outputs
}

const nothing = (stream: string): HostState => ({
  kind: 'host',
  v: 1,
  stream,
  host: stream.slice(stream.lastIndexOf('/host/') + '/host/'.length),
  seq: 0,
  pos: 0,
  lastAt: 0,
  hash: '',
  outputs: {},
  consumers: {},
  claim: null,
  failures: {},
})

/** Names a consumer of an output in claims, states and messages. */
export const consumerKey = (file: string, key: string): string => `${file} consumer ${key}`

function did(state: HostState, claim: Claim, { result }: Event & { type: 'did' }, { at }: Recorded): HostState {
  if (result.step === 'health') return withConsumer({ ...state, claim: null }, claim.on, (c) => ({ ...c, health: told(c, claim, result, at) }))
  const { [claim.on]: _, ...failures } = state.failures
  const after = { ...state, claim: null, failures }
  switch (result.step) {
    case 'write':
      return { ...after, outputs: { ...state.outputs, [claim.on]: written(state.outputs[claim.on], claim, result, at) } }
    case 'refresh':
      return withConsumer(after, claim.on, (c) => ({ ...c, refresh: { claimPos: claim.pos, at, ...(result.watched && { watched: true as const }) } }))
    case 'prove':
      return withConsumer(after, claim.on, (c) => {
        const file = claim.on.slice(0, claim.on.lastIndexOf(' consumer '))
        const holds = matches(state.outputs[file]?.vars ?? {}, result.vars)
        return { ...c, misses: holds ? 0 : c.misses + 1, proof: { claimPos: claim.pos, claimAt: claim.at, at, vars: result.vars } }
      })
    default:
      return after
  }
}

const isTold = (state: HealthState): boolean => state === 'healthy' || state === 'unhealthy'

function told({ health, refresh }: ConsumerRecord, claim: Claim, { state, why, before }: DidResult & { step: 'health' }, at: Millis): HealthRecord {
  if (before) return { ...health, before: { claimPos: claim.pos, state, why, times: isTold(state) ? 0 : (health?.before?.times ?? 0) + 1 } }
  const last = health?.last
  const own = last && last.claimPos > (refresh?.claimPos ?? 0) ? last : undefined
  const sofar = own?.times ?? 0
  const since = Math.min(own?.since ?? refresh?.at ?? claim.at, claim.at)
  const times = state === 'healthy' ? 0 : state === 'unknown' ? sofar : sofar + 1
  return { ...health, last: { claimPos: claim.pos, claimAt: claim.at, at, state, why, times, since } }
}

const withConsumer = (state: HostState, on: string, change: (c: ConsumerRecord) => ConsumerRecord): HostState => ({
  ...state,
  consumers: { ...state.consumers, [on]: change(state.consumers[on] ?? { refresh: null, proof: null, misses: 0 }) },
})

/** Claimed while the clock was ahead: when that was, nobody knows, so it counts for nothing. */
export const isYetToCome = (proof: { readonly claimAt: Millis }, now: Millis): boolean => proof.claimAt > now + CLOCK_SLACK_MS

/** Whether a proof shows every variable of the file, or of one secret in it, that this consumer takes. */
export const matches = (held: Readonly<Record<string, HeldVar>>, proved: Readonly<Record<string, string | null>>, secret?: string): boolean =>
  Object.entries(held).every(([name, v]) => (secret !== undefined && v.from[secret] === undefined) || proved[name] === v.value || proved[name] === UNTAKEN)

/** The first record is a baseline: what was there before anything was written, so that the first real change is seen as one. */
function written(before: WriteRecord | undefined, claim: Claim, { vars, looked }: DidResult & { step: 'write' }, at: number): WriteRecord {
  const differs = (was: WriteRecord): boolean => Object.keys({ ...was.vars, ...vars }).some((name) => was.vars[name]?.value !== vars[name]?.value)
  const changed = before !== undefined && (before.unsure === true || differs(before))
  return { claimPos: claim.pos, claimAt: claim.at, at, vars, ...(looked && { looked }), changedPos: changed ? claim.pos : (before?.changedPos ?? 0) }
}

function failed(state: HostState, claim: Claim, event: Event & { type: 'failed' }, { at, seq }: Recorded): HostState {
  // It was interrupted, and says nothing of what failed before.
  if (claim.step === 'health') return { ...state, claim: null }
  const before: Failure | undefined = state.failures[claim.on]
  const { code, message, hint, retryAt } = event
  const step = claim.step as HostStep
  const attempts = (before?.step === step ? before.attempts : 0) + 1
  const failures = { ...state.failures, [claim.on]: { seq, step, code, message, hint, at, retryAt, attempts } }
  return { ...state, claim: null, outputs: AFTER_WRITING.includes(code) ? unsure(state, claim) : state.outputs, failures }
}
