import { ERRORS, type ErrorCode } from '../errors.ts'
import { type Failure, type HostState, hostStream, type Millis, type RotationState, type SecretState } from '../terms.ts'
import type { Engine } from './engine.ts'
import type { Missing } from './gate.ts'
import { consumerKey } from './host.ts'
import { type Next, overlaps } from './next.ts'
import { isGoingBack } from './turn.ts'

/** How a rotation stands after a run, in terms a person can use. */
export interface Outcome {
  /**
   * `rotated`: closed. `delivered`: the new value is current and in use as far as can be known. `open`: it goes on by itself.
   * `failing`: something failed and is tried again. `attention`: a person must decide. `back`: it was undone. `idle`: nothing was open.
   */
  readonly kind: 'rotated' | 'delivered' | 'open' | 'failing' | 'attention' | 'back' | 'idle'
  readonly version: number | null
  /** Both values are accepted until then; `null`: unknown, or only one is. */
  readonly oldValidUntil: Millis | null
  readonly message: string
  readonly hint: string | null
}

/**
 * Reads the outcome off the state and what it waits for.
 *
 * @param rotation the id of the rotation meant, when one was open; `null` when none was
 * @param host the present state of this machine's stream: what its files and consumers failed with
 */
export function outcomeOf(state: SecretState | null, next: Next, rotation: string | null, host: HostState | null = null): Outcome {
  const version = state?.current?.n ?? null
  const base = { version, oldValidUntil: null, hint: null }
  const r = state?.rotation
  if (!state || !r) {
    if (state?.last && state.last.rotation === rotation) {
      if (state.last.outcome === 'back') {
        const note = state.last.note ?? 'no reason recorded'
        return { ...base, kind: 'back', message: `went back to version ${version}: ${note}`, hint: mendOf(note) }
      }
      return { ...base, kind: 'rotated', message: `done, version ${version}${state.last.note ? ` (${state.last.note})` : ''}` }
    }
    return { ...base, kind: 'idle', message: 'nothing is open' }
  }
  if (next.kind === 'attention') return { ...base, kind: 'attention', message: next.message, hint: next.hint }
  if (isGoingBack(r) && !(next.kind === 'wait' && next.why === 'retry')) return goingBack(base, state, r, next)
  if (next.kind !== 'wait') return { ...base, kind: 'open', message: 'goes on with the next run' }
  switch (next.why) {
    case 'grace':
      return { ...base, kind: 'delivered', oldValidUntil: next.until, message: r.vouched.length > 0 ? 'delivered, on your word' : 'delivered and proved' }
    case 'proof':
      return { ...base, ...undelivered(state, r, next.missing ?? [], host) }
    case 'retry':
      return { ...base, kind: 'failing', message: `${state.failure?.step}: ${state.failure?.message}`, hint: state.failure?.hint ?? null }
    case 'claim':
      return { ...base, kind: 'open', message: `another process is at step ${state.claim?.step}` }
    case 'admin':
      return { ...base, kind: 'open', message: 'waits: another rotation is using it as its admin credential' }
    case 'clock':
      return { ...base, kind: 'failing', message: `the clock is behind the last event (${new Date(next.until).toISOString()})`, hint: 'Set the clock.' }
  }
}

/** Turned round by itself: nobody may take it for a rotation that went well. */
function goingBack(base: Omit<Outcome, 'kind' | 'message'>, state: SecretState, r: RotationState, next: Next): Outcome {
  const now = r.promote === null ? 'goes back to the version before' : `went back to version ${state.current?.n}`
  const then = next.kind === 'wait' && next.why === 'grace' && overlaps(r) ? '; the credential that was made is revoked after the grace' : ''
  const note = r.unhealthy ?? ''
  return { ...base, kind: 'back', message: `${now}: ${note}${then}`, hint: mendOf(note) }
}

/** The new value is current, and it is not proved yet that everything runs with it: because something failed here, or as nobody has proved yet. */
function undelivered(state: SecretState, r: RotationState, missing: readonly Missing[], host: HostState | null): Pick<Outcome, 'kind' | 'message' | 'hint'> {
  const version = state.current?.n ?? null
  const failed = missing.map((m) => failureOf(m, host)).find((f) => f !== undefined)
  const held = overlaps(r) ? '; the old value stays valid' : ''
  if (failed) return { kind: 'failing', message: `version ${version} is current but not delivered${held}: ${failed.message}`, hint: failed.hint }
  const where = missing.map((m) => `${m.consumer ? `${m.consumer} (${m.file})` : m.file} on ${m.host}: ${m.why}`).join('; ')
  // By their numbers: after a rollback the old one is the newer one.
  const other = state.former.find((v) => v.token === r.retiring?.token)?.n
  const what = overlaps(r) ? `version ${other ?? 'before'} stays valid until it is proved that everything runs on version ${version}` : 'waits for delivery'
  const hint = overlaps(r) ? `secrets approve ${r.snapshot.name} --reason TEXT   once you have seen that everything runs` : null
  return { kind: 'delivered', message: `version ${version} is current; ${what} (${where})`, hint }
}

const failureOf = ({ host: name, file, consumer }: Missing, host: HostState | null): Failure | undefined =>
  host?.host === name ? (host.failures[file] ?? (consumer === undefined ? undefined : host.failures[consumerKey(file, consumer)])) : undefined

/**
 * What was given up says how it can be mended, as the error itself said it. A rotation that has ended keeps the code and the message
 * alone, so the hint is looked up among the events. `null`: no error ended it, or another rotation has followed.
 */
export async function mendOfLast(ledger: Pick<Engine['ledger'], 'read'>, { stream, last, rotation }: SecretState): Promise<string | null> {
  if (rotation !== null || last?.outcome !== 'back' || last.note === null) return null
  const events = await ledger.read(stream)
  const failed = events.findLast(({ event }) => event.type === 'failed' && `${event.code}: ${event.message}` === last.note)
  return failed?.event.type === 'failed' && failed.event.hint !== '' ? failed.event.hint : mendOf(last.note)
}

/** {@link outcomeOf}, and of what was given up the hint of the very error. */
export async function outcomeNow(engine: Engine, state: SecretState | null, next: Next, rotation: string | null): Promise<Outcome> {
  const host = await engine.ledger.state(hostStream(engine.inventory().id, engine.host))
  const outcome = outcomeOf(state, next, rotation, host?.kind === 'host' ? host : null)
  return state && outcome.kind === 'back' ? { ...outcome, hint: (await mendOfLast(engine.ledger, state)) ?? outcome.hint } : outcome
}

/** What mends the error that a note begins with. */
function mendOf(note: string): string | null {
  const code = /^([A-Z_]+): /.exec(note)?.[1]
  return code !== undefined && Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].mend : null
}
