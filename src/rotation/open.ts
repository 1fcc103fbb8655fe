import { KeyturnError } from '../errors.ts'
import type { Sensitive } from '../sensitive.ts'
import type { Event, Fields, GateOutput, Millis, Secret, SecretState, Snapshot, VersionState } from '../terms.ts'
import { secretStream } from '../terms.ts'
import { requireKnownVersions } from './behind.ts'
import { pick, rotatorOf } from './context.ts'
import { readDocuments } from './documents.ts'
import { CLOCK_SLACK_MS, type Engine } from './engine.ts'
import { hasLists } from './former.ts'
import { gateOf } from './gate.ts'
import { givenToken, randomId } from './ids.ts'
import { dropStray } from './stray.ts'
import { secretStates } from './surroundings.ts'
import { traitsOf } from './traits.ts'

export interface OpenOptions {
  /** A value that a person gave: stored first, then taken by `create`. */
  readonly given?: Sensitive<Fields>
  /** A former version to go back to. */
  readonly target?: VersionState
  /** The old value leaked: revoke it after this wait, proved or not. */
  readonly compromisedWaitMs?: Millis
  readonly reason?: string
}

/** The state of a secret's stream; `null` when nothing was ever recorded. */
export async function stateOf(engine: Engine, secret: Secret): Promise<SecretState | null> {
  const state = await engine.ledger.state(secretStream(engine.inventory().id, secret.id))
  return state?.kind === 'secret' ? state : null
}

/**
 * Opens a rotation: appends `opened` with a snapshot of all that must still be known when the inventory has changed (failure
 * rule 2). ROTATION_OPEN when one is open; LEDGER_BEHIND and CLOCK_SUSPECT when nothing may be opened now. Does no step.
 */
export async function openRotation(engine: Engine, secret: Secret, options: OpenOptions = {}): Promise<SecretState> {
  const inventory = engine.inventory()
  const rotator = rotatorOf(engine, secret.rotator.kind)
  if (rotator.never && !options.given) {
    throw new KeyturnError('UNSUPPORTED', `${secret.name} is never rotated: ${secret.reason ?? 'rotator none'}`, {
      hint: `give it another rotator in ${inventory.file} if that is no longer true`,
    })
  }
  let state = await stateOf(engine, secret)
  if (state?.rotation) throw new KeyturnError('ROTATION_OPEN', `${secret.name}: a rotation is open since ${new Date(state.rotation.openedAt).toISOString()}`)
  requireClock(engine, secret, state)
  await requireKnownVersions(engine, secret)
  await requireValue(engine, secret, state)
  // What could not be stored is not begun.
  await (await engine.store(secret.store)).ready()
  state = await noticeForeign(engine, secret, state)
  await dropStray(engine, secret, state)
  const given = options.given ? await storeGiven(engine, secret, options.given) : undefined
  const event: Event = {
    type: 'opened',
    rotation: randomId(engine.random),
    snapshot: snapshotOf(engine, secret, gateOf(inventory, secret)),
    ...(given !== undefined && { given }),
    ...(options.target && {
      target: { token: options.target.token, handle: options.target.handle, fingerprint: options.target.fingerprint, facts: options.target.facts },
    }),
    ...(options.compromisedWaitMs !== undefined && { compromisedWaitMs: options.compromisedWaitMs }),
    ...(options.reason !== undefined && { reason: options.reason }),
  }
  await engine.fault?.('open:before')
  const appended = await engine.ledger.append(secretStream(inventory.id, secret.id), (state?.seq ?? 0) + 1, event, { policy: secret.policy })
  await engine.fault?.('open:recorded')
  return appended.state as SecretState
}

/** What a rotation needs to know of the inventory, as it is now. */
export function snapshotOf(engine: Engine, secret: Secret, gate: readonly GateOutput[]): Snapshot {
  const traits = traitsOf(engine, secret.rotator.kind, secret.rotator.params)
  return {
    name: secret.name,
    store: secret.store,
    path: secret.path,
    fields: secret.fields,
    rotator: secret.rotator,
    ...traits,
    // Without overlap the old value is dead before it could stand in a list.
    ...(traits.overlap && hasLists(engine.inventory(), secret) && { both: true as const }),
    gate,
    policy: secret.policy,
  }
}

/** Failure rule 12: on a clock behind the last event nothing is opened, and nothing ended. Throws CLOCK_SUSPECT. */
export function requireClock(engine: Engine, secret: Secret, state: SecretState | null): void {
  const now = engine.clock.now()
  if (state && now + CLOCK_SLACK_MS < state.lastAt) {
    throw new KeyturnError('CLOCK_SUSPECT', `${secret.name}: the clock says ${iso(now)}, but the last event was recorded at ${iso(state.lastAt)}`)
  }
}

const iso = (at: Millis): string => new Date(at).toISOString()

/** A path that was changed in the inventory leaves the value behind: a rotation there would have nothing to replace. */
async function requireValue(engine: Engine, secret: Secret, state: SecretState | null): Promise<void> {
  if (!state?.current || state.removed) return
  const document = (await (await engine.store(secret.store)).read([secret.path])).get(secret.path)
  if (document && pick(document.fields, secret.fields)) return
  throw new KeyturnError('VALUE_MISSING', `${secret.name}: version ${state.current.n} is current, but the store has no value of it at ${secret.path}`, {
    hint: `put path, field and store back in ${engine.inventory().file}`,
  })
}

/**
 * A value in the store that is not the current version: somebody else wrote it. It is kept as a version, recorded as found, and
 * starts a new age. LEDGER_BEHIND where the ledger does not know what the store has.
 */
export async function noticeForeign(engine: Engine, secret: Secret, state: SecretState | null): Promise<SecretState | null> {
  const inventory = engine.inventory()
  const store = await engine.store(secret.store)
  const document = (await store.read([secret.path])).get(secret.path)
  const own = document && pick(document.fields, secret.fields)
  if (!own) return state
  const fingerprints = await engine.fingerprints()
  const fingerprint = fingerprints.of(own)
  if (state?.current?.fingerprint === fingerprint) return state
  // Its own promote took effect and is not recorded yet: the next run does that.
  if (state?.rotation?.made?.fingerprint === fingerprint) return state
  await requireKnownVersions(engine, secret)
  const former = state?.former.find((v) => v.fingerprint === fingerprint)
  const token = former?.token ?? `${inventory.id}.${secret.id}.seen-${fingerprint.slice(fingerprint.lastIndexOf(':') + 1)}`
  if (!former) await store.put(secret.path, { token, fields: own, handle: null })
  const version = { token, handle: former?.handle ?? null, fingerprint, facts: await engine.facts(own, secret.env, fingerprints) }
  const { state: after } = await engine.ledger.append(
    secretStream(inventory.id, secret.id),
    (state?.seq ?? 0) + 1,
    {
      type: 'saw',
      facts: {
        kind: 'current',
        version,
        bornAt: former?.bornAt ?? (state === null ? null : engine.clock.now()),
        source: former?.source ?? (state === null ? 'unknown' : 'first-seen'),
        note: 'found in the store, written by somebody else',
      },
    },
    { policy: secret.policy },
  )
  return after as SecretState
}

/**
 * `noticeForeign` of many: their paths are read at once, and only what is not as recorded is looked at by itself. Gives the secrets that
 * were, and those with an open rotation.
 *
 * @throws KeyturnError LEDGER_BEHIND; and what the store throws.
 */
export async function noticeForeignAmong(
  engine: Engine,
  secrets: readonly Secret[],
): Promise<{ readonly looked: readonly Secret[]; readonly open: readonly Secret[] }> {
  const documentOf = await readDocuments(engine, secrets)
  const fingerprints = await engine.fingerprints()
  const states = await secretStates(engine)
  const looked = secrets.filter((secret) => {
    const document = documentOf(secret)
    const own = document && pick(document.fields, secret.fields)
    return own && states.get(secret.id)?.current?.fingerprint !== fingerprints.of(own)
  })
  // Read again, after its state: a rotation may have gone on in between.
  for (const secret of looked) await noticeForeign(engine, secret, await stateOf(engine, secret))
  return { looked, open: secrets.filter(({ id }) => states.get(id)?.rotation) }
}

/** The value stands in the store before the rotation opens: from then on no crash can lose it. */
async function storeGiven(engine: Engine, secret: Secret, fields: Sensitive<Fields>): Promise<string> {
  const token = givenToken(engine.inventory().id, secret.id, (await engine.fingerprints()).of(fields))
  const store = await engine.store(secret.store)
  await store.ready()
  await store.put(secret.path, { token, fields, handle: null })
  await engine.fault?.('given:stored')
  return token
}
