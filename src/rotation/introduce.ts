import type { Append, CurrentVersion } from '../ports.ts'
import type { Sensitive } from '../sensitive.ts'
import type { Event, Fields, Fingerprint, Millis, Secret, SecretState, VersionState } from '../terms.ts'
import { secretStream } from '../terms.ts'
import type { Engine } from './engine.ts'
import { stateOf } from './open.ts'

export interface Age {
  readonly bornAt: Millis | null
  readonly source: VersionState['source']
  readonly note?: string
}

/** A secret with its first value. */
export interface First {
  readonly secret: Secret
  readonly fields: Sensitive<Fields>
  readonly age: Age
}

/**
 * The first value of a secret that has none yet and that nobody rotates (`set` of a new name): stored, made current,
 * recorded with its age. Repeatable: an equal value changes nothing.
 */
export async function introduce(engine: Engine, secret: Secret, fields: Sensitive<Fields>, age: Age): Promise<SecretState> {
  const first = { secret, fields, age }
  const state = await stateOf(engine, secret)
  const version = await versionOf(engine, first, state)
  if (version === null) return state as SecretState
  const store = await engine.store(secret.store)
  await store.put(version.path, version)
  await store.promote(version.path, version.token, version.expect)
  const { state: after } = await engine.ledger.append(streamOf(engine, secret), (state?.seq ?? 0) + 1, await seen(engine, first, version), {
    policy: secret.policy,
  })
  return after as SecretState
}

/**
 * `introduce` of many, for a whole new project (`init`): the store and the ledger wait for the disk once each. Killed in between,
 * some values are stored and nothing is recorded; run again, it goes on from there.
 *
 * @throws KeyturnError STREAM_MOVED where somebody else records something of one of them: then nothing was recorded of any.
 */
export async function introduceAll(engine: Engine, firsts: readonly First[], signal?: AbortSignal): Promise<void> {
  const wanted: { readonly first: First; readonly seq: number; readonly version: Current }[] = []
  for (const first of firsts) {
    const state = await stateOf(engine, first.secret)
    const version = await versionOf(engine, first, state)
    if (version !== null) wanted.push({ first, seq: (state?.seq ?? 0) + 1, version })
  }
  for (const [name, mine] of Map.groupBy(wanted, ({ first }) => first.secret.store)) {
    const store = await engine.store(name)
    await store.putCurrent(
      mine.map(({ version }) => version),
      signal,
    )
  }
  const appends: Append[] = []
  for (const { first, seq, version } of wanted) {
    appends.push({ stream: streamOf(engine, first.secret), seq, event: await seen(engine, first, version), policy: first.secret.policy })
  }
  await engine.ledger.appendAll(appends)
}

interface Current extends CurrentVersion {
  readonly fingerprint: Fingerprint
}

const streamOf = (engine: Engine, secret: Secret): string => secretStream(engine.inventory().id, secret.id)

/** `null`: it is current already. */
async function versionOf(engine: Engine, { secret, fields }: First, state: SecretState | null): Promise<Current | null> {
  const fingerprint = (await engine.fingerprints()).of(fields)
  // `secrets rm` took the value out of the document; the versions stayed.
  const current = state?.removed ? null : (state?.current ?? null)
  if (current?.fingerprint === fingerprint) return null
  const token = `${engine.inventory().id}.${secret.id}.seen-${fingerprint.slice(fingerprint.lastIndexOf(':') + 1)}`
  return { path: secret.path, token, fields, handle: null, expect: current?.fingerprint ?? null, fingerprint }
}

async function seen(engine: Engine, { secret, fields, age }: First, { token, fingerprint }: Current): Promise<Event> {
  const facts = await engine.facts(fields, secret.env, await engine.fingerprints())
  return { type: 'saw', facts: { kind: 'current', version: { token, handle: null, fingerprint, facts }, ...age } }
}
