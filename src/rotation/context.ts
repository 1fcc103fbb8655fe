import { isKeyturnError, KeyturnError } from '../errors.ts'
import type { RotatorContext, RotatorSpec, SecretStore, Version } from '../ports.ts'
import type { Sensitive } from '../sensitive.ts'
import type { Fields, Handle, RotationState, SecretState, Snapshot, Token, VersionRef } from '../terms.ts'
import { CLOCK_DRIFT_MS, type Engine } from './engine.ts'

/** One step at work: what the step functions share. */
export interface Work {
  readonly engine: Engine
  readonly state: SecretState
  readonly rotation: RotationState
  readonly store: SecretStore
  readonly rotator: RotatorSpec
  /** The token of this claim (for `create`). */
  readonly token: Token
  /** Aborts when the lease ends, or the user interrupts. Checked right before every write (failure rule 1). */
  readonly signal: AbortSignal
  /** Records an observation in the middle of a step. */
  note(facts: import('../terms.ts').Saw): Promise<void>
}

/** The rotator of a kind; UNSUPPORTED when this build has none. */
export function rotatorOf(engine: Pick<Engine, 'rotators'>, kind: string): RotatorSpec {
  const rotator = engine.rotators.get(kind)
  if (!rotator) throw new KeyturnError('UNSUPPORTED', `no rotator "${kind}" in this version`, { hint: `available: ${[...engine.rotators.keys()].join(', ')}` })
  return rotator
}

/**
 * What a rotator gets for one call. `handle`: the one of a former version, made perhaps by another rotator or with other
 * params than today's; it is ended the way it was made (failure rule 2).
 */
export async function contextFor(
  work: Work,
  options: {
    token?: Token
    given?: Sensitive<Fields>
    handle?: Handle /** Which version the provider may hold, if not the current one. */
    inCharge?: VersionRef | null
  } = {},
): Promise<RotatorContext<unknown>> {
  const { engine, state, rotation } = work
  const { snapshot } = rotation
  const rotator = options.handle ? rotatorOf(engine, options.handle.rotator) : work.rotator
  return {
    params: parseParams(rotator, options.handle ? paramsFor(options.handle, rotator, snapshot) : snapshot.rotator.params),
    dir: engine.inventory().dir,
    fields: snapshot.fields,
    policy: snapshot.policy,
    token: options.token ?? work.token,
    given: options.given ?? null,
    current: await storedVersion(work.store, snapshot.path, options.inCharge ?? state.current),
    admin: await adminFields(engine, snapshot),
    signal: work.signal,
    clock: engine.clock,
    random: engine.random,
    ...(engine.programEnv && { env: engine.programEnv }),
    serverDate: (date) => compareClocks(engine, date),
  }
}

/** Where it was made, asked as one asks today: the program of a key may have moved, or have learnt a verb since. */
function paramsFor({ rotator: kind, params }: Handle, rotator: RotatorSpec, { rotator: now }: Snapshot): unknown {
  if (!rotator.how || kind !== now.kind) return params
  const isHow = (name: string) => rotator.how?.includes(name)
  const entries = (all: unknown, wanted: boolean) => Object.entries(all ?? {}).filter(([name]) => isHow(name) === wanted)
  return Object.fromEntries([...entries(params, false), ...entries(now.params, true)])
}

/** Params as the rotator's schema reads them. CONFIG_INVALID names the first that does not fit. */
export function parseParams(rotator: RotatorSpec, params: unknown): unknown {
  const parsed = rotator.params.safeParse(params)
  if (parsed.success) return parsed.data
  const first = parsed.error.issues[0]
  throw new KeyturnError('CONFIG_INVALID', `rotator ${rotator.name}: ${first?.path.join('.') || 'params'}: ${first?.message ?? 'not allowed'}`)
}

/** A known version with its value, or `null` where the store no longer has it. */
export async function storedVersion(store: SecretStore, path: string, ref: VersionRef | null): Promise<Version | null> {
  if (ref === null) return null
  const [found] = await store.get(path, [ref.token])
  // The ledger may know more of its handle than the store (`adopt`).
  return found ? { ...found, handle: ref.handle ?? found.handle } : null
}

/** The admin's fields: the current ones, then those before, in case the provider lags behind a rotation of the admin itself. */
async function adminFields(engine: Engine, snapshot: Snapshot): Promise<readonly Sensitive<Fields>[]> {
  const name = snapshot.rotator.admin
  if (name === undefined) return []
  try {
    return await currentAndPrevious(engine, name)
  } catch (error) {
    // Says nothing about the secret that is being rotated (failure rule 5).
    if (isKeyturnError(error, 'VALUE_MISSING', 'NAME_UNKNOWN')) throw new KeyturnError(error.code, error.message, { hint: error.hint, retryable: true })
    throw error
  }
}

/** The fields of a secret by name, newest first, then those of the version before. VALUE_MISSING when it has none. */
export async function currentAndPrevious(engine: Engine, name: string): Promise<readonly Sensitive<Fields>[]> {
  const inventory = engine.inventory()
  // A rotation that is open may still know it by its first name.
  const secret = inventory.secrets.find((s) => s.name === name) ?? inventory.secrets.find((s) => s.id === name)
  if (!secret) throw new KeyturnError('NAME_UNKNOWN', `no secret "${name}" in ${inventory.file}`)
  const store = await engine.store(secret.store)
  const document = (await store.read([secret.path])).get(secret.path)
  const current = document && pick(document.fields, secret.fields)
  if (!current) throw new KeyturnError('VALUE_MISSING', `${name} has no value in the store`, { hint: `secrets set ${name}` })
  const state = await engine.ledger.state(`${inventory.id}/secret/${secret.id}`)
  const previous = state?.kind === 'secret' ? state.former.find((v) => v.deadAt === undefined) : undefined
  const before = await storedVersion(store, secret.path, previous ?? null)
  return before ? [current, before.fields] : [current]
}

/** The secret's own fields of a document; `null` when none of them is there. */
export function pick(document: Sensitive<Fields>, fields: readonly string[]): Sensitive<Fields> | null {
  if (!document.tells((all) => fields.some((name) => Object.hasOwn(all, name)))) return null
  return document.map((all) => Object.fromEntries(Object.entries(all).filter(([name]) => fields.includes(name))))
}

/** Failure rule 12: minutes off a server's `Date`, nothing is opened or revoked. */
function compareClocks(engine: Engine, date: Date): void {
  const off = Math.abs(date.getTime() - engine.clock.now())
  if (off > CLOCK_DRIFT_MS) {
    throw new KeyturnError('CLOCK_SUSPECT', `this machine's clock and the provider's are ${Math.round(off / 60_000)} minutes apart`)
  }
}
