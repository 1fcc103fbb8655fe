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
  /** Called after every round, for progress. */
  onRound?(settled: Settled): void
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
    deliver = {} // forced once
    const settled: Settled = { secrets: new Map(nexts), host }
    options.onRound?.(settled)
    if ((await progressOf(engine, secrets)) !== before) continue
    const until = soonest(settled)
    if (until === null || until > options.patientUntil) return settled
    await engine.pause(until)
  }
}

/** Changes whenever anything was recorded. */
async function progressOf(engine: Engine, secrets: readonly Secret[]): Promise<string> {
  const states = await Promise.all(secrets.map((s) => stateOf(engine, s)))
  return [...states, await hostState(engine)].map((s) => s?.seq ?? 0).join()
}

/** The end of the nearest wait that passes by itself. */
function soonest({ secrets, host }: Settled): Millis | null {
  const waits = [...secrets.values()].flatMap((n) => (n.kind === 'wait' && n.why !== 'clock' ? [n.until] : []))
  if (host.kind === 'wait') waits.push(host.until)
  return waits.length === 0 ? null : Math.min(...waits)
}

async function inParallel<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const queue = [...items.entries()]
  const lane = async (): Promise<void> => {
    for (let entry = queue.shift(); entry; entry = queue.shift()) results[entry[0]] = await work(entry[1])
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane))
  return results
}
