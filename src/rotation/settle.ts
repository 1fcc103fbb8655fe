import type { Millis, Secret } from '../terms.ts'
import { advance } from './advance.ts'
import { advanceHost, type DeliverOptions, hostState } from './deliver.ts'
import type { Engine } from './engine.ts'
import type { Next } from './next.ts'
import type { NextHost } from './next-host.ts'
import { stateOf } from './open.ts'

export interface Settled {
  /** By secret id: what each stream now waits for. */
  readonly secrets: ReadonlyMap<string, Next>
  readonly host: NextHost
}

export interface SettleOptions extends DeliverOptions {
  /** Waits that end before this are waited for (back-off, another process' claim, a consumer's proof); longer ones are returned. */
  readonly patientUntil: Millis
  /** How many secrets are advanced at a time. */
  readonly concurrency?: number
  /** Called before every wait, to say what is waited for. */
  onWait?(settled: Settled, until: Millis): void | Promise<void>
}

/**
 * Advances some secrets and this host together until nothing more can be done now: what the worker does over days, done at once
 * as far as it goes. Delivery serves all of them, so one recreate of a service serves twenty rotations.
 */
export async function settle(engine: Engine, secrets: readonly Secret[], options: SettleOptions): Promise<Settled> {
  let deliver: DeliverOptions = options
  for (;;) {
    const before = await progressOf(engine, secrets)
    const nexts = await inParallel(secrets, options.concurrency ?? 4, async (s) => [s.id, await advance(engine, s.id)] as const)
    const host = await advanceHost(engine, deliver)
    deliver = { ...(options.onNote && { onNote: options.onNote }) } // forced once
    const settled: Settled = { secrets: new Map(nexts), host }
    if ((await progressOf(engine, secrets)) !== before) continue
    const until = await soonest(engine, secrets, settled, options.patientUntil)
    if (until === null || until > options.patientUntil) return settled
    await options.onWait?.(settled, until)
    await engine.pause(until)
  }
}

/** Changes whenever anything was recorded. */
async function progressOf(engine: Engine, secrets: readonly Secret[]): Promise<string> {
  const states = await Promise.all(secrets.map((s) => stateOf(engine, s)))
  return [...states, await hostState(engine)].map((s) => s?.seq ?? 0).join()
}

/** Troubles of this machine that end by a person's doing only: nobody mends them while we wait. */
const OURS_TO_MEND = new Set(['CONSUMER_MISSING', 'DISK_FULL', 'FILE_UNWRITABLE', 'STATE_INSECURE'])

/** Between two looks whether another process is done: its lease is far longer than its work. */
const CLAIM_POLL_MS = 300

/** The end of the nearest wait that is worth waiting for; `null`: none is. */
async function soonest(engine: Engine, secrets: readonly Secret[], { secrets: nexts, host }: Settled, patientUntil: Millis): Promise<Millis | null> {
  const poll = engine.clock.now() + CLAIM_POLL_MS
  const waits: Millis[] = []
  for (const secret of secrets) {
    const n = nexts.get(secret.id)
    if (n?.kind !== 'wait' || n.why === 'clock' || (n.why === 'grace' && n.until > patientUntil)) continue
    if (n.why === 'retry' && OURS_TO_MEND.has((await stateOf(engine, secret))?.failure?.code ?? '')) continue
    waits.push(n.why === 'claim' ? Math.min(n.until, poll) : n.until)
  }
  // What this host still has to do is not waited for when no secret does.
  if (host.kind === 'wait' && (waits.length > 0 || secrets.length === 0)) {
    const failure = host.why === 'retry' ? (await hostState(engine))?.failures[host.on] : undefined
    if (!OURS_TO_MEND.has(failure?.code ?? '')) waits.push(host.why === 'claim' ? Math.min(host.until, poll) : host.until)
  }
  return waits.length === 0 ? null : Math.min(...waits)
}

export async function inParallel<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const queue = [...items.entries()]
  const lane = async (): Promise<void> => {
    for (let entry = queue.shift(); entry; entry = queue.shift()) results[entry[0]] = await work(entry[1])
  }
  // All are waited for: whoever stops at the first error would leave the others in the middle of a step.
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(width, items.length) }, lane))
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason
  return results
}
