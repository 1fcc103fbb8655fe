import type { Event, Recorded, RotationState, SecretState, Snapshot, Step, VersionRef, VersionState } from '../terms.ts'
import { saw } from './saw.ts'
import { isGoingBack, isOvertaken, overtaken, swap, turnedByHealth } from './turn.ts'

/**
 * The state of a secret's stream, folded from its events. Pure: the ledger calls it inside the append's transaction, and
 * `history --verify` calls it again over the whole stream and compares.
 *
 *   nothing open  -> `opened` -> open
 *   open          -> `claimed` (a lease runs) -> `did` or `failed` (the lease is over) -> open, or closed by `did revoke`
 *   back          refused for good before the point of no return; only `revoke` is left, and it makes dead what was made
 *   attention     is no state: `decide.ts` computes it from this one, the gate and the clock
 */
export function foldSecret(before: SecretState | null, recorded: Recorded): SecretState {
  const { event } = recorded
  const state: SecretState = {
    ...(before ?? nothing(recorded.stream)),
    seq: recorded.seq,
    pos: recorded.pos,
    lastAt: recorded.at,
    hash: recorded.hash,
  }
  switch (event.type) {
    case 'opened':
      return { ...state, rotation: openedRotation(state, event, recorded), claim: null, failure: null, removed: false }
    case 'claimed':
      return claimed(state, event, recorded)
    case 'did':
      if (state.claim?.seq !== event.claim) return state
      if (isOvertaken(state)) return { ...state, claim: null }
      return did({ ...state, claim: null, failure: outlived(state, event.result.step) }, event, recorded)
    case 'failed':
      if (state.claim?.seq !== event.claim) return state
      return isOvertaken(state) ? { ...state, claim: null } : failed(state, event, recorded)
    case 'decided':
      return decided(state, event, recorded)
    case 'saw':
      return event.facts.kind === 'unhealthy' ? turnedByHealth(state, event, recorded) : saw(state, event, recorded)
  }
}

const nothing = (stream: string): SecretState => ({
  kind: 'secret',
  v: 1,
  stream,
  secret: stream.slice(stream.lastIndexOf('/secret/') + '/secret/'.length),
  seq: 0,
  pos: 0,
  lastAt: 0,
  hash: '',
  count: 0,
  tokens: [],
  current: null,
  former: [],
  rotation: null,
  claim: null,
  failure: null,
  late: null,
  last: null,
  removed: false,
})

function openedRotation(state: SecretState, event: Event & { type: 'opened' }, { at, seq }: Recorded): RotationState {
  return {
    ...blankRotation(event.rotation, event.snapshot, at),
    openedSeq: seq,
    given: event.given ?? null,
    target: event.target ?? null,
    reason: event.reason ?? null,
    made: event.target ?? null,
    retiring: state.current && refOf(state.current),
    done: event.target ? ['create'] : [],
    compromised: event.compromisedWaitMs === undefined ? null : { waitMs: event.compromisedWaitMs, at },
  }
}

/** A rotation of which nothing has happened yet. */
export const blankRotation = (id: string, snapshot: Snapshot, at: number): RotationState => ({
  id,
  openedAt: at,
  openedSeq: 0,
  snapshot,
  given: null,
  target: null,
  reason: null,
  tokens: [],
  made: null,
  retiring: null,
  done: [],
  claimed: [],
  standing: null,
  back: false,
  swapped: false,
  promote: null,
  graceUntil: null,
  compromised: null,
  vouched: [],
  askFrom: at,
})

function claimed(state: SecretState, event: Event & { type: 'claimed' }, { seq, pos, at }: Recorded): SecretState {
  const { step, on, by, until, token, admin } = event
  const claim = { seq, pos, at, step, on, by, until, ...(token !== undefined && { token }), ...(admin !== undefined && { admin }) }
  const r = state.rotation
  if (r === null || on !== r.id) return { ...state, claim } // a late look for orphans of a closed rotation
  return {
    ...state,
    claim,
    tokens: token === undefined ? state.tokens : [...state.tokens, token],
    rotation: {
      ...r,
      tokens: token === undefined ? r.tokens : [...r.tokens, token],
      claimed: withStep(r.claimed, step as Step),
      // Whatever an earlier probe found, a new `set` may change it.
      standing: step === 'set' ? null : r.standing,
    },
  }
}

/** A `set` that is repeated because `test` found that it did not take does not end that failure: or the two would take turns for ever. */
const outlived = (state: SecretState, step: string): SecretState['failure'] => (step === 'set' && state.failure?.step === 'test' ? state.failure : null)

function did(state: SecretState, { result }: Event & { type: 'did' }, recorded: Recorded): SecretState {
  const r = state.rotation
  if (r === null) return state
  const done = { ...r, done: withStep(r.done, result.step as Step) }
  switch (result.step) {
    case 'create':
      return { ...state, rotation: { ...done, made: result.version } }
    case 'promote':
      return promoted({ ...state, rotation: { ...done, promote: { pos: recorded.pos, at: recorded.at } } }, recorded)
    case 'revoke':
      return closed(state, r, recorded, result.note ?? null)
    default:
      return { ...state, rotation: done }
  }
}

function promoted(state: SecretState, { at, pos }: Recorded): SecretState {
  const made = state.rotation?.made
  if (!made) return state
  // A version that was current before (rollback) keeps its number and its age.
  const known = [state.current, ...state.former].find((v) => v?.token === made.token)
  const { replacedAt: _, deadAt: __, ...alive } = known ?? fresh(made, state.count + 1, at, pos)
  const old = state.current && state.current.token !== made.token ? [{ ...state.current, replacedAt: at }] : []
  return {
    ...state,
    count: known ? state.count : state.count + 1,
    current: { ...alive, pos },
    former: [...old, ...state.former.filter((v) => v.token !== made.token)],
  }
}

const fresh = (made: VersionRef, n: number, at: number, pos: number): VersionState => ({
  ...made,
  n,
  bornAt: at,
  source: 'rotation',
  firstSeenAt: at,
  pos,
})

function closed(state: SecretState, r: RotationState, { at }: Recorded, note: string | null): SecretState {
  const dead = r.back ? r.made : r.retiring
  let former = state.former
  if (dead && dead.token !== state.current?.token) {
    former = former.some((v) => v.token === dead.token)
      ? former.map((v) => (v.token === dead.token ? { ...v, deadAt: at } : v))
      : [{ ...fresh(dead, 0, at, 0), deadAt: at }, ...former]
  }
  // Lists at providers lag, so the tokens of this rotation are looked for again for a day (failure rule 4).
  const tokens = [...(state.late?.tokens ?? []), ...r.tokens]
  return {
    ...state,
    former,
    rotation: null,
    late: !r.snapshot.lists || tokens.length === 0 ? null : { rotation: r.id, snapshot: r.snapshot, tokens, closedAt: at, sweptAt: at },
    last: isGoingBack(r)
      ? { rotation: r.id, outcome: 'back', at, note: r.unhealthy ?? note, unhealthy: true }
      : { rotation: r.id, outcome: r.back ? 'back' : 'rotated', at, note: r.back ? (r.reason ?? note) : note },
  }
}

function failed(state: SecretState, event: Event & { type: 'failed' }, { at, seq }: Recorded): SecretState {
  const step = state.claim?.step as Step
  const attempts = (state.failure?.step === step ? state.failure.attempts : 0) + 1
  const { code, message, hint, retryAt, standing } = event
  const failure = { seq, step, code, message, hint, at, retryAt, attempts, ...(standing !== undefined && { standing }) }
  const r = state.rotation
  if (r === null) return { ...state, claim: null, failure: isLook(state) ? failure : state.failure, late: lookedAt(state, at) }
  const seen: RotationState = { ...r, standing: standing ?? r.standing, done: undone(r, step, code) }
  if (retryAt === null && !needsPerson(code, standing) && !r.back && !passed(seen)) {
    const reason = `${code}: ${message}`
    if (!r.swapped && !isAgain(state, r)) return { ...state, claim: null, failure: null, rotation: { ...seen, back: true, reason } }
    // What a rollback brings back may be what everything still runs on, so it is never ended without proof. Where its provider
    // refuses it, it is turned round once more; anything else is for a person.
    if (r.swapped && code === 'CREDENTIAL_REJECTED') return { ...state, claim: null, failure: null, rotation: { ...swap(seen, at), reason } }
  }
  return { ...state, claim: null, failure, rotation: seen }
}

/** Turned round twice: what is rotated in is current already, and was promoted by this rotation before. */
const isAgain = (state: SecretState, r: RotationState): boolean => r.made !== null && r.made.token === state.current?.token

/** A late look that failed comes again within the hour, as one that found nothing does. */
const lookedAt = (state: SecretState, at: number): SecretState['late'] => (state.late && isLook(state) ? { ...state.late, sweptAt: at } : state.late)

const isLook = ({ late, claim }: SecretState): boolean => late !== null && claim?.on === `late ${late.rotation}`

/** Without overlap a reload may have lied: a test that finds the old value still in force asks for `set` again. */
const undone = (r: RotationState, step: Step, code: string): readonly Step[] =>
  step === 'test' && r.snapshot.sets && (code === 'OLD_STILL_ACCEPTED' || code === 'CREDENTIAL_REJECTED') ? r.done.filter((s) => s !== 'set') : r.done

const needsPerson = (code: string, standing: string | undefined): boolean => code === 'NEEDS_PERSON' || standing === 'both' || standing === 'neither'

/**
 * The point of no return. With overlap it is the promote: readers may hold the new value from its claim on. Without, it is
 * `set`: from its claim on the old password may be dead, unless a probe with fresh logins found that only the old one works.
 */
export function passed(r: RotationState): boolean {
  if (r.claimed.includes('promote')) return true
  return !r.snapshot.overlap && r.snapshot.sets && r.claimed.includes('set') && r.standing !== 'old'
}

function decided(state: SecretState, event: Event & { type: 'decided' }, recorded: Recorded): SecretState {
  const r = state.rotation
  if (event.step === 'clock') return state
  // Orphans that could not be looked for: a person has looked.
  if (r === null) return event.what === 'approve' && event.step === 'revoke' && state.late ? { ...state, late: null, failure: null } : state
  if (r.reverted !== undefined && event.what === 'rollback') return givenUp(state, r, recorded, event.reason)
  const { at } = recorded
  switch (event.what) {
    case 'retry':
      return { ...state, failure: null, rotation: { ...r, askFrom: at } }
    case 'compromised':
      return { ...state, failure: null, rotation: { ...r, askFrom: at, compromised: { waitMs: event.waitMs ?? 0, at } } }
    case 'approve':
      if (event.step === 'proof' || event.step === undefined) return { ...state, rotation: { ...r, vouched: [...r.vouched, ...(event.missing ?? [])] } }
      if (event.step === 'revoke') return closed({ ...state, failure: null }, r, recorded, event.reason)
      if (event.step === 'restore') return goesOn(state, r, recorded)
      if (event.step === 'promote' || event.step === 'create') return state // nobody can vouch for what is in the store
      return { ...state, failure: null, rotation: { ...r, done: withStep(r.done, event.step), askFrom: at } }
    case 'rollback':
      if ((!r.claimed.includes('promote') && !isAgain(state, r)) || r.retiring === null || r.made === null) {
        return { ...state, claim: overtaken(state), failure: null, rotation: { ...r, back: true, reason: event.reason } }
      }
      return { ...state, claim: overtaken(state), failure: null, rotation: swap(r, at) }
  }
}

/** After a restore: nothing of what was proved before the backup counts, since nobody knows what happened after it. */
function goesOn(state: SecretState, { reverted: _, ...r }: RotationState, { at, pos }: Recorded): SecretState {
  const rotation = { ...r, askFrom: at, graceUntil: null, vouched: [] }
  if (r.promote === null) return { ...state, failure: null, rotation }
  // Everything is written again as well.
  return { ...state, failure: null, current: state.current && { ...state.current, pos }, rotation: { ...rotation, promote: { pos, at } } }
}

/** After a restore: it is closed and no provider is asked anything. What it made may be in use by now, so it is kept and not looked for. */
function givenUp(state: SecretState, r: RotationState, { at }: Recorded, reason: string): SecretState {
  const { made } = r
  const isKnown = made === null || [state.current, ...state.former].some((v) => v?.token === made.token)
  return {
    ...state,
    former: isKnown ? state.former : [fresh(made, 0, at, 0), ...state.former],
    ...{ rotation: null, claim: null, failure: null },
    held: [...(state.held ?? []), ...r.tokens],
    last: { rotation: r.id, outcome: 'back', at, note: `given up after a restore: ${reason}` },
  }
}

const withStep = <T extends Step>(steps: readonly T[], step: T): readonly T[] => (steps.includes(step) ? steps : [...steps, step])

/** A version without what became of it. */
export const refOf = ({ token, handle, fingerprint, facts }: VersionRef): VersionRef => ({ token, handle, fingerprint, facts })
