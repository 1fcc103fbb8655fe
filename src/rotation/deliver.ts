import { isDeepStrictEqual } from 'node:util'
import { isKeyturnError, KeyturnError } from '../errors.ts'
import { dialectOf } from '../outputs/dialects/index.ts'
import { secretsBehind } from '../outputs/entries.ts'
import type { Consumer, ConsumerContext, Entry, Health } from '../ports.ts'
import type { ConsumerSpec, DidResult, Event, HeldVar, HostState, Output } from '../terms.ts'
import { hostStream } from '../terms.ts'
import { backOffMs, isLost } from './advance.ts'
import type { Difference } from './compare.ts'
import { liveValues } from './conceal.ts'
import { currentAndPrevious } from './context.ts'
import { type Engine, HOST_LEASE_MS } from './engine.ts'
import { comparedNow, expectedOf, lookedAt, mergedNow } from './expected.ts'
import { consumerKey } from './host.ts'
import { type NextHost, nextHost } from './next-host.ts'
import { secretStates } from './surroundings.ts'

export interface DeliverOptions {
  /** Files to read and write whatever was recorded (`sync`). */
  readonly force?: readonly string[]
  /** Variables whose hand-edited value is to be replaced (`sync --discard`). */
  readonly discard?: readonly string[]
  /** A person asks, for this reason: what failed is tried again at once, also what only a person could mend. */
  readonly retry?: string
  /** Told what a person should know about how a file was written. Never a value. */
  onNote?(note: string): void
}

/**
 * Brings this host's outputs and consumers in step with the store: write, refresh, prove, each claimed and recorded in the
 * host's stream. Safe to call from anywhere, any number of times. Returns what it now waits for.
 */
export async function advanceHost(engine: Engine, options: DeliverOptions = {}): Promise<NextHost> {
  const force = new Set(options.force ?? [])
  if (options.retry !== undefined) await forgetFailures(engine, options.retry)
  for (;;) {
    engine.stopIfInterrupted?.()
    const inventory = engine.inventory()
    const state = await hostState(engine)
    const n = nextHost(state, engine.host, {
      now: engine.clock.now(),
      inventory,
      secrets: await secretStates(engine),
      gone: (worker) => engine.gone(worker),
      proves: (consumer) => canProve(engine, consumer),
      tells: (consumer) => canTell(engine, consumer),
      force,
    })
    if (n.kind !== 'do') return n
    if (n.asked && (await nothingToRecord(engine, state, n.output, options))) {
      force.delete(n.output.file)
      continue
    }
    try {
      await doStep(engine, state, n, options)
      if (n.step === 'write') force.delete(n.output.file)
    } catch (error) {
      if (!isKeyturnError(error, 'STREAM_MOVED')) throw error
    }
  }
}

/**
 * Whether a file that is only asked for by `sync` holds what it should, and the record says so already: then there is nothing to
 * claim. It is read and compared all the same. What cannot be compared now fails as a claimed step, which records why.
 */
async function nothingToRecord(engine: Engine, state: HostState | null, output: Output, options: DeliverOptions): Promise<boolean> {
  const record = state?.outputs[output.file]
  if (!record || record.looked || record.unsure || state?.failures[output.file]) return false
  try {
    const signal = engine.lease(engine.clock.now() + HOST_LEASE_MS).signal
    return await engine.files.locked(output.target, signal, async (file) => {
      const text = await file.read()
      const { merged, vars } = await mergedNow(engine, state, output, text, options.discard)
      return merged === text && isDeepStrictEqual(vars, record.vars)
    })
  } catch {
    return false
  }
}

async function forgetFailures(engine: Engine, reason: string): Promise<void> {
  const state = await hostState(engine)
  if (!state || Object.keys(state.failures).length === 0) return
  try {
    await engine.ledger.append(state.stream, state.seq + 1, { type: 'decided', answers: state.seq, what: 'retry', reason }, { policy: null })
  } catch (error) {
    // Somebody is at work on it: then it is tried again anyway.
    if (!isKeyturnError(error, 'STREAM_MOVED')) throw error
  }
}

/** The state of this host's stream; `null` when nothing was ever recorded. */
export async function hostState(engine: Engine): Promise<HostState | null> {
  const state = await engine.ledger.state(hostStream(engine.inventory().id, engine.host))
  return state?.kind === 'host' ? state : null
}

function canProve(engine: Engine, spec: ConsumerSpec): boolean {
  const consumer = engine.consumers.get(spec.kind)
  const params = consumer?.params.safeParse(spec.params)
  return consumer !== undefined && params?.success === true && consumer.proves(params.data)
}

function canTell(engine: Engine, spec: ConsumerSpec): boolean {
  const consumer = engine.consumers.get(spec.kind)
  const params = consumer?.params.safeParse(spec.params)
  return consumer?.health !== undefined && params?.success === true && (consumer.tells?.(params.data) ?? true)
}

async function doStep(engine: Engine, before: HostState | null, n: NextHost & { kind: 'do' }, options: DeliverOptions): Promise<void> {
  const { output, consumer } = n
  const step = n.step === 'look' ? 'write' : n.step
  const on = consumer ? consumerKey(output.file, consumer.key) : output.file
  const until = engine.clock.now() + HOST_LEASE_MS + 2 * (consumer?.timeoutMs ?? 0)
  const lease = engine.lease(until)
  const stream = hostStream(engine.inventory().id, engine.host)
  const context = { policy: null }
  const claim: Event = { type: 'claimed', step, on, by: engine.worker, until }
  const { state } = await engine.ledger.append(stream, (before?.seq ?? 0) + 1, claim, context)
  await engine.fault?.(`${step}:claimed`)
  let outcome: Event
  try {
    const result = await take(engine, state as HostState, n, lease.signal, options)
    outcome = { type: 'did', claim: state.seq, result }
  } catch (error) {
    if (isLost(lease)) return
    outcome = failedEvent(engine, before, state.seq, on, error)
  }
  await engine.fault?.(`${step}:done`)
  await engine.ledger.append(stream, state.seq + 1, outcome, context)
  await engine.fault?.(`${step}:recorded`)
}

function failedEvent(engine: Engine, before: HostState | null, claim: number, on: string, error: unknown): Event {
  const now = engine.clock.now()
  const interrupted = isKeyturnError(error, 'INTERRUPTED') || (error as { name?: string })?.name === 'AbortError'
  const known = isKeyturnError(error)
    ? error
    : new KeyturnError('INTERNAL', `${on}: failed unexpectedly (${error instanceof Error ? error.name : typeof error})`, { retryable: true })
  const { code, message, hint } = interrupted ? new KeyturnError('INTERRUPTED', `${on}: interrupted`) : known
  const retryAt = interrupted ? now : known.retryable ? now + backOffMs(engine, (before?.failures[on]?.attempts ?? 0) + 1) : null
  return { type: 'failed', claim, code, message, hint, retryAt }
}

async function take(engine: Engine, state: HostState, n: NextHost & { kind: 'do' }, signal: AbortSignal, options: DeliverOptions): Promise<DidResult> {
  if (n.step === 'write' || n.step === 'look') {
    const vars = await write(engine, state, n.output, n.step, signal, options)
    return n.step === 'look' ? { step: 'write', vars, looked: true } : { step: 'write', vars }
  }
  const { kind, context } = await consumerContext(engine, n.output, n.consumer as ConsumerSpec, signal)
  if (n.step === 'refresh') {
    await kind.refresh(context)
    return canTell(engine, n.consumer as ConsumerSpec) ? { step: 'refresh', watched: true } : { step: 'refresh' }
  }
  if (n.step === 'health') return { step: 'health', ...(await healthOf(kind, context)), ...(n.before && { before: true as const }) }
  const proof = await kind.prove?.(context)
  // A consumer may hold far more; only what this file gives it is recorded.
  return { step: 'prove', vars: Object.fromEntries(context.vars.map((name) => [name, proof?.vars[name] ?? null])) }
}

/** What cannot be asked decides nothing, and is no failure of the delivery. */
async function healthOf(kind: Consumer, context: ConsumerContext<unknown>): Promise<Health> {
  try {
    return (await kind.health?.(context)) ?? { state: 'unknown', why: 'it cannot be asked' }
  } catch (error) {
    if (context.signal.aborted || isKeyturnError(error, 'INTERRUPTED')) throw error
    return { state: 'unknown', why: isKeyturnError(error) ? error.message : `asking failed (${error instanceof Error ? error.name : typeof error})` }
  }
}

/**
 * Writes all current values into the file, holding its lock from reading the store to the rename (failure rule 8). Returns what
 * the file holds afterwards. `look` writes nothing: the first record of an output is what was there before us.
 */
async function write(
  engine: Engine,
  state: HostState,
  output: Output,
  mode: 'write' | 'look',
  signal: AbortSignal,
  options: DeliverOptions,
): Promise<Readonly<Record<string, HeldVar>>> {
  return engine.files.locked(output.target, signal, async (file) => {
    const text = await file.read()
    if (mode === 'look') return lookedAt(engine, state, output, text)
    const { merged, vars } = await mergedNow(engine, state, output, text, options.discard)
    if (merged !== text) {
      await engine.fault?.('write:merged')
      signal.throwIfAborted()
      await file.replace(merged, output.perm)
      await engine.fault?.('write:replaced')
      for (const note of file.notes ?? []) options.onNote?.(note)
    }
    return vars
  })
}

/** A consumer's kind with what it is asked with. Throws UNSUPPORTED, CONFIG_INVALID, and what the store throws. */
export async function consumerContext(engine: Engine, output: Output, spec: ConsumerSpec, signal: AbortSignal) {
  const kind = engine.consumers.get(spec.kind)
  if (!kind)
    throw new KeyturnError('UNSUPPORTED', `no consumer kind "${spec.kind}" in this version`, { hint: `available: ${[...engine.consumers.keys()].join(', ')}` })
  const params = kind.params.safeParse(spec.params)
  if (!params.success) throw new KeyturnError('CONFIG_INVALID', `${output.file}: consumer ${spec.key}: ${params.error.issues[0]?.message ?? 'not allowed'}`)
  const { entries } = await expectedOf(engine, output)
  const context: ConsumerContext<unknown> = {
    params: params.data,
    dir: engine.inventory().dir,
    ...(engine.consumerEnv && { env: engine.consumerEnv }),
    target: output.target,
    vars: entries.map((e) => e.name),
    signal,
    timeoutMs: spec.timeoutMs,
    random: engine.random,
    clock: engine.clock,
    fingerprints: await engine.fingerprints(),
    parse: (text) => dialectOf(output.dialect).parse(text),
    expected: Object.fromEntries(entries.map((e) => [e.name, e.value])),
    concealed: () => liveValues(engine, secretsBehind(output, engine.inventory().secrets)),
    secret: (name) => currentAndPrevious(engine, name),
  }
  return { kind, context }
}

/** An output and how its file differs from the store now. */
export interface Comparison {
  readonly file: string
  readonly differences: readonly Difference[]
  /** Variables whose secret has no value in the store. */
  readonly missing: readonly string[]
  /** What the file's reader sees. */
  readonly entries: readonly Entry[]
}

/** Reads an output and compares it with the store; writes nothing. ENV_UNREADABLE for a file that is no env file. */
export async function compareOutput(engine: Engine, output: Output): Promise<Comparison> {
  const signal = engine.lease(engine.clock.now() + HOST_LEASE_MS).signal
  return engine.files.locked(output.target, signal, async (file) => {
    const { expected, entries, differences } = await comparedNow(engine, await hostState(engine), output, await file.read())
    return { file: output.file, differences, missing: expected.missing, entries }
  })
}
