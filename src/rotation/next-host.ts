import type {
  ConsumerRecord,
  ConsumerSpec,
  Failure,
  HeldVar,
  HostState,
  HostStep,
  Inventory,
  Millis,
  Output,
  Secret,
  SecretState,
  WriteRecord,
} from '../terms.ts'
import { formerOf } from './former.ts'
import { outputsOf } from './gate.ts'
import { PROBATION_MS, trialOf } from './health.ts'
import { consumerKey, isYetToCome, matches } from './host.ts'

/** What a host's stream can do now: computed from the states each time, like a secret's. */
export type NextHost =
  | { readonly kind: 'idle' }
  /** `look`: record what the file holds before anything is written to it. `asked`: only since somebody asked (`force`). `before`: health before a delivery. */
  | {
      readonly kind: 'do'
      readonly step: HostStep | 'look'
      readonly output: Output
      readonly consumer?: ConsumerSpec
      readonly asked?: true
      readonly before?: true
    }
  | { readonly kind: 'wait'; readonly until: Millis; readonly why: 'claim' | 'retry' | 'proof' | 'health'; readonly on: string }

export interface HostSurroundings {
  readonly now: Millis
  readonly inventory: Inventory
  /** By secret id. */
  readonly secrets: ReadonlyMap<string, SecretState>
  gone(worker: string): boolean
  /** Whether this consumer can prove anything. */
  proves(consumer: ConsumerSpec): boolean
  /** Whether its health can be asked. */
  tells(consumer: ConsumerSpec): boolean
  /** Outputs to be read and written whatever was recorded, once: `sync`. */
  readonly force?: ReadonlySet<string>
}

/** Between two proofs that found another value: the consumer is refreshed again, ever more rarely. */
const missBackOffMs = (misses: number): Millis => Math.min(1_000 * 2 ** (misses - 1), 15 * 60_000)

/** The next thing to do for the outputs of one host, or when to look again. Pure. */
export function nextHost(state: HostState | null, host: string, around: HostSurroundings): NextHost {
  const { now } = around
  if (state?.claim && state.claim.until > now && !around.gone(state.claim.by))
    return { kind: 'wait', until: state.claim.until, why: 'claim', on: state.claim.on }
  let wait: (NextHost & { kind: 'wait' }) | null = null
  const later = (until: Millis, why: 'retry' | 'proof' | 'health', on: string): void => {
    if (wait === null || until < wait.until) wait = { kind: 'wait', until, why, on }
  }
  for (const output of around.inventory.outputs.filter((o) => o.host === host)) {
    const record = state?.outputs[output.file]
    const secrets = secretsOf(around, output)
    if (secrets.length === 0) continue
    const needed = !record || needsWrite(record, secrets)
    if (needed || around.force?.has(output.file)) {
      const held = heldBack(state?.failures[output.file], now)
      const unseen =
        needed && record && held === null ? output.consumers.find((c) => wantsBaseline(state as HostState, record, output, c, secrets, around)) : undefined
      if (unseen) return { kind: 'do', step: 'health', output, consumer: unseen, before: true }
      if (held === null) return { kind: 'do', step: record ? 'write' : 'look', output, ...(!needed && { asked: true as const }) }
      if (held < Number.POSITIVE_INFINITY) later(held, 'retry', output.file)
      continue // consumers must not be refreshed on a file that is not written
    }
    for (const consumer of output.consumers) {
      const on = consumerKey(output.file, consumer.key)
      const n = nextConsumer(state as HostState, record, output, consumer, secrets, around)
      const held = typeof n === 'string' ? heldBack(state?.failures[on], now) : n
      if (typeof n === 'string' && held === null) return { kind: 'do', step: n, output, consumer }
      if (held !== null && held < Number.POSITIVE_INFINITY) later(held, 'retry', on)
      // Also while it proves nothing: what has ended can only say so here.
      const check = nextCheck((state as HostState).consumers[on], record, consumer, secrets, around)
      if (check === null) continue
      if (check <= now) return { kind: 'do', step: 'health', output, consumer }
      if (check < Number.POSITIVE_INFINITY) later(check, 'health', on)
    }
  }
  return wait ?? { kind: 'idle' }
}

/** The secrets of an output that have a value, with their states. */
function secretsOf(around: HostSurroundings, output: Output): readonly { readonly secret: Secret; readonly state: SecretState }[] {
  return around.inventory.secrets.flatMap((secret) => {
    const state = around.secrets.get(secret.id)
    return state?.current && outputsOf(around.inventory, secret).includes(output) ? [{ secret, state }] : []
  })
}

/**
 * A promote was recorded after the last claim of `write`. What was only looked at is also compared with the current versions; what
 * was written held all that the store had, even where that was ahead of the ledger.
 */
function needsWrite(record: WriteRecord, secrets: readonly { readonly secret: Secret; readonly state: SecretState }[]): boolean {
  const own = bySecret(record, ({ from }) => from)
  const listing = bySecret(record, ({ former }) => former ?? {})
  return secrets.some(({ secret: { id }, state }) => {
    if ((state.current?.pos ?? 0) > record.claimPos) return true
    // A list of both is written again as soon as the other one is not accepted any more.
    if (listing.get(id)?.some(({ from, former }) => former?.[id] !== formerOf(state, from[id] ?? '')?.token)) return true
    if (!record.looked) return false
    const vars = own.get(id)
    return vars === undefined || vars.some((v) => !v.edited && v.from[id] !== state.current?.token)
  })
}

/** The variables that name each secret: a file may have thousands of both. */
function bySecret(record: WriteRecord, naming: (held: HeldVar) => Readonly<Record<string, unknown>>): ReadonlyMap<string, readonly HeldVar[]> {
  const found = new Map<string, HeldVar[]>()
  for (const held of Object.values(record.vars)) {
    for (const id of Object.keys(naming(held))) {
      const there = found.get(id)
      if (there) there.push(held)
      else found.set(id, [held])
    }
  }
  return found
}

/** How often a consumer that says nothing of its health is asked before a delivery goes on without. */
const BASELINES = 3

/** Its health before the file changes for a rotation: what was bad before is no reason to go back. Of one that is still watched it is known. */
function wantsBaseline(
  state: HostState,
  record: WriteRecord,
  output: Output,
  consumer: ConsumerSpec,
  secrets: readonly { readonly state: SecretState }[],
  around: HostSurroundings,
): boolean {
  if (!around.tells(consumer)) return false
  const c = state.consumers[consumerKey(output.file, consumer.key)]
  const newest = Math.max(...secrets.map(({ state: s }) => s.current?.pos ?? 0))
  const before = c?.health?.before
  const isKnown = before !== undefined && before.claimPos > newest && (before.times === 0 || before.times >= BASELINES)
  return !isKnown && nextCheck(c, record, consumer, secrets, around) === null
}

/** When a consumer that is watched after a delivery is to be asked for its health; `null`: it is not. */
function nextCheck(
  c: ConsumerRecord | undefined,
  record: WriteRecord,
  consumer: ConsumerSpec,
  secrets: readonly { readonly state: SecretState }[],
  around: HostSurroundings,
): Millis | null {
  if (!around.tells(consumer)) return null
  const watching = secrets.filter(({ state: s }) => isOnProbation(s, record))
  if (watching.length === 0) return null
  const trial = trialOf(c, record, consumer.probationMs ?? PROBATION_MS)
  if (trial === null || trial.kind === 'passed') return null
  const asked = Math.max(...watching.map(({ state: s }) => s.rotation?.askFrom ?? 0))
  // A person says that it is mended.
  return asked > (c?.health?.last?.at ?? 0) ? Math.min(asked, trial.checkAt) : trial.checkAt
}

/**
 * The file holds what an open rotation brings, also where its promote is not recorded yet, and the grace has not begun: from then on
 * it does not go back by itself.
 */
function isOnProbation({ secret, rotation: r }: SecretState, { vars }: WriteRecord): boolean {
  if (!r?.made || r.graceUntil !== null) return false
  const { token } = r.made
  return Object.values(vars).some((v) => v.from[secret] === token)
}

/** `null`: it may be tried now; a time: not before; infinity: only a person helps. */
function heldBack(failure: Failure | undefined, now: Millis): Millis | null {
  if (!failure) return null
  if (failure.retryAt === null) return Number.POSITIVE_INFINITY
  return failure.retryAt > now ? failure.retryAt : null
}

/** What this consumer needs: a step, a time to wait for, or nothing. */
function nextConsumer(
  state: HostState,
  record: WriteRecord,
  output: Output,
  consumer: ConsumerSpec,
  secrets: readonly { readonly state: SecretState }[],
  around: HostSurroundings,
): 'refresh' | 'prove' | Millis | null {
  const c = state.consumers[consumerKey(output.file, consumer.key)]
  const refreshed = c?.refresh?.claimPos ?? 0
  if (refreshed < record.changedPos) return 'refresh'
  if (!around.proves(consumer)) return null
  const proof = c?.proof
  const stale = !proof || proof.claimPos < Math.max(refreshed, record.changedPos)
  if (!stale && !matches(record.vars, proof.vars)) {
    // Somebody restarted it on an old file, or it did not take the new one: refresh again, then prove again.
    const at = proof.at + missBackOffMs(c?.misses ?? 1)
    return around.now >= at ? 'refresh' : at
  }
  const wanted = secrets.some(({ state: s }) => wantsProof(s, proof, around.now))
  // Also after a refresh of a file that we never changed: a rollback before the first write leaves one like that.
  if (stale) return record.changedPos > 0 || refreshed > 0 || wanted ? 'prove' : null
  return wanted ? 'prove' : null
}

/** An open rotation needs a proof claimed after its promote, and a last one claimed after its grace ended (failure rule 10). */
function wantsProof(s: SecretState, proof: { readonly claimPos: number; readonly claimAt: Millis } | null | undefined, now: Millis): boolean {
  const r = s.rotation
  if (!r?.promote) return false
  if (!proof || proof.claimPos <= r.promote.pos || isYetToCome(proof, now)) return true
  return r.graceUntil !== null && now >= r.graceUntil && proof.claimAt < r.graceUntil
}
