import { isKeyturnError, KeyturnError } from '../src/errors.ts'
import { sayMoment } from '../src/reports/moments.ts'
import { hasten, retry } from '../src/rotation/decide.ts'
import type { Engine } from '../src/rotation/engine.ts'
import { next } from '../src/rotation/next.ts'
import { openRotation, stateOf } from '../src/rotation/open.ts'
import { type Outcome, outcomeNow } from '../src/rotation/outcome.ts'
import { settle } from '../src/rotation/settle.ts'
import { surroundingsOf } from '../src/rotation/surroundings.ts'
import type { Sensitive } from '../src/sensitive.ts'
import { type Fields, type Millis, type Secret, secretStream } from '../src/terms.ts'
import type { CommandContext } from './context.ts'
import { PATIENCE_MS, sayOnce, sayWaits } from './follow.ts'
import { askForFields } from './value.ts'

/** With --compromised proofs are waited for this long, then the old value is revoked anyway. */
const COMPROMISED_WAIT_MS = 60_000

/** After that wait, for the revoke itself and for a provider that is slow to refuse. */
const REVOKE_MS = 30_000

export interface How {
  readonly compromised: boolean
  readonly waitMs: Millis | undefined
  readonly concurrency: number
  readonly reason: string | undefined
  /** A secret that was named is tried again where it waits for a person. */
  readonly named: boolean
}

export interface Result {
  readonly secret: Secret
  readonly outcome: Outcome
}

/**
 * Opens and drives the rotations of some secrets. One that cannot begin fails alone, unless it is the only one: then its error is
 * the command's. Of what leaked, admin credentials come first, since with one of them an intruder mints what is minted next; guided
 * ones last, since a person takes their time.
 */
export async function rotateAll(context: CommandContext, engine: Engine, secrets: readonly Secret[], how: How): Promise<readonly Result[]> {
  const groups = how.compromised ? [0, 1, 2].map((rank) => secrets.filter((s) => rankOf(engine, s) === rank)) : [secrets]
  const results = new Map<string, Result>()
  for (const group of groups) {
    for (const result of await rotateGroup(context, engine, group, how, secrets.length === 1)) results.set(result.secret.id, result)
  }
  return secrets.flatMap((s) => results.get(s.id) ?? [])
}

const rankOf = (engine: Engine, secret: Secret): number => {
  if (engine.inventory().secrets.some((s) => s.rotator.admin === secret.name)) return 0
  return engine.rotators.get(secret.rotator.kind)?.guide ? 2 : 1
}

async function rotateGroup(context: CommandContext, engine: Engine, group: readonly Secret[], how: How, alone: boolean): Promise<readonly Result[]> {
  const results: Result[] = []
  const meant = new Map<string, string>()
  for (const secret of group) {
    try {
      meant.set(secret.id, await begin(context, engine, secret, how))
    } catch (error) {
      if (!isKeyturnError(error) || error.code === 'INTERRUPTED' || (alone && !how.compromised)) throw error
      for (const line of error.details) context.out.note(line)
      const kind = error.code === 'NEEDS_PERSON' ? 'attention' : 'failing'
      const outcome: Outcome = { kind, version: null, oldValidUntil: null, message: error.message, hint: error.hint }
      results.push({ secret, outcome: how.compromised ? stillAlive(secret, outcome) : outcome })
    }
  }
  const working = group.filter((s) => meant.has(s.id))
  if (working.length === 0) return results
  const patience = how.compromised ? (how.waitMs ?? COMPROMISED_WAIT_MS) + REVOKE_MS : (how.waitMs ?? PATIENCE_MS)
  const settled = await settle(engine, working, {
    patientUntil: engine.clock.now() + patience,
    concurrency: how.concurrency,
    onWait: sayWaits(context, engine, working),
    onNote: sayOnce(context),
    // A timer must not knock at what only a person can mend.
    ...((how.named || context.prompts.possible) && { retry: 'secrets rotate' }),
  })
  for (const secret of working) {
    const outcome = await outcomeNow(engine, await stateOf(engine, secret), settled.secrets.get(secret.id) ?? { kind: 'idle' }, meant.get(secret.id) ?? null)
    results.push({ secret, outcome: how.compromised ? await deathOf(engine, secret, outcome) : outcome })
  }
  return results
}

/** Two processes that begin at once both look again; the second joins what the first has opened. */
const LOOKS = 5

/** Opens what is not open, resumes what is. The id of the rotation. */
async function begin(context: CommandContext, engine: Engine, secret: Secret, how: How): Promise<string> {
  let asked: Sensitive<Fields> | null = null
  const ask = async (): Promise<Sensitive<Fields>> => {
    asked ??= await askForFields(context, engine, secret)
    return asked
  }
  const before = (await stateOf(engine, secret))?.last?.rotation
  for (let look = 1; ; look++) {
    try {
      return await beginOnce(engine, secret, how, ask)
    } catch (error) {
      const isRace = isKeyturnError(error, 'STREAM_MOVED', 'ROTATION_OPEN', 'ANSWER_STALE')
      // A value that a person gave must not be dropped for that of somebody else's rotation.
      if (!isRace || look === LOOKS || asked !== null) throw error
      const last = (await stateOf(engine, secret))?.last
      // Opened and ended by somebody else since we began: that was it.
      if (last && last.rotation !== before && !how.compromised) return last.rotation
    }
  }
}

async function beginOnce(engine: Engine, secret: Secret, how: How, ask: () => Promise<Sensitive<Fields>>): Promise<string> {
  const reason = how.reason ?? (how.named ? 'secrets rotate' : 'due')
  const waitMs = how.waitMs ?? COMPROMISED_WAIT_MS
  const state = await stateOf(engine, secret)
  if (state?.rotation) {
    const { id, promote } = state.rotation
    if (!how.compromised) {
      const n = next(state, await surroundingsOf(engine, state))
      if (how.named && n.kind === 'attention') await retry(engine, secret, reason)
      return id
    }
    await hasten(engine, secret, waitMs, reason)
    if (!promote) return id
    // The value that leaked may be the new one: this rotation is finished at once, and another one follows.
    await settle(engine, [secret], { patientUntil: engine.clock.now() + waitMs + REVOKE_MS })
    if ((await stateOf(engine, secret))?.rotation) {
      throw new KeyturnError('OLD_STILL_ACCEPTED', `${secret.name}: the rotation that was open has not ended, so the current value is not replaced yet`, {
        hint: `secrets status ${secret.name}   shows what it waits for; then run this again`,
      })
    }
  }
  // What left the inventory is brought to its end; nothing new is begun for it.
  if (!engine.inventory().secrets.some(({ id }) => id === secret.id)) return (await stateOf(engine, secret))?.last?.rotation ?? ''
  const given = engine.rotators.get(secret.rotator.kind)?.guide ? await ask() : null
  const opened = await openRotation(engine, secret, { reason, ...(given && { given }), ...(how.compromised && { compromisedWaitMs: waitMs }) })
  return opened.rotation?.id ?? ''
}

/** With --compromised a person wants to know when the old value died, and what did not run on the new one then. */
async function deathOf(engine: Engine, secret: Secret, outcome: Outcome): Promise<Outcome> {
  if (outcome.kind !== 'rotated') return stillAlive(secret, outcome)
  const events = await engine.ledger.read(secretStream(engine.inventory().id, secret.id))
  const last = events.findLast(({ event }) => event.type === 'did' && event.result.step === 'revoke')
  if (last?.event.type !== 'did' || last.event.result.step !== 'revoke') return outcome
  const opened = events.findLast(({ event }) => event.type === 'opened')?.event
  const atProvider = opened?.type === 'opened' && (opened.snapshot.revokes || opened.snapshot.sets)
  const died = atProvider ? `; the old value was refused at ${sayMoment(last.at, engine.clock.now())}` : '; no provider was asked about the old value'
  const broke = last.event.result.broke ?? []
  return {
    ...outcome,
    message: `${outcome.message}${died}`,
    hint: broke.length === 0 ? null : `not proved to run on the new value, so perhaps broken: ${broke.join('; ')}`,
  }
}

/** With --compromised nothing is done before the provider refused the old value. */
function stillAlive(secret: Secret, outcome: Outcome): Outcome {
  if (outcome.kind === 'rotated' || outcome.kind === 'idle') return outcome
  const hint = outcome.hint ?? `secrets status ${secret.name}; once it is deleted at the provider: secrets revoke ${secret.name} --verify`
  const message = outcome.message.startsWith(`${secret.name}: `) ? outcome.message.slice(secret.name.length + 2) : outcome.message
  return { ...outcome, kind: 'attention', message: `OLD VALUE STILL WORKS: ${message}`, hint }
}
