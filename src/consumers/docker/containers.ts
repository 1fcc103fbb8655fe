import { KeyturnError } from '../../errors.ts'
import type { ConsumerContext, Health } from '../../ports.ts'
import { Sensitive } from '../../sensitive.ts'
import { runDocker } from './program.ts'

/** What an engine says of a container. */
export interface Container {
  readonly id: string
  readonly name: string
  /** What it was created with: environment by name, and what else may hold a value. */
  readonly env: ReadonlyMap<string, Sensitive<string>>
  readonly texts: Readonly<Record<'command' | 'entrypoint' | 'healthcheck', readonly Sensitive<string>[]>>
  readonly labels: Readonly<Record<string, string>>
  readonly mounts: readonly Mount[]
  readonly status: string
  readonly pid: number
  readonly exitCode: number
  readonly outOfMemory: boolean
  /** Milliseconds since 1970; `null`: the engine does not say. */
  readonly createdAt: number | null
  /** Milliseconds since 1970; 0: never started. */
  readonly startedAt: number
  /** Its health check's word; `null`: it has none. */
  readonly health: string | null
}

/** A file or folder of the host inside of a container. */
export interface Mount {
  readonly source: string
  readonly target: string
}

/** What `docker inspect` prints of a container, with the keys that are looked at. */
interface Inspected {
  readonly id: string
  readonly name: string
  readonly created?: string
  readonly config: {
    readonly Env?: readonly string[] | null
    readonly Cmd?: readonly string[] | null
    readonly Entrypoint?: readonly string[] | null
    readonly Healthcheck?: { readonly Test?: readonly string[] | null } | null
    readonly Labels?: Readonly<Record<string, string>> | null
  }
  readonly mounts: readonly { readonly Type?: string; readonly Source?: string; readonly Destination?: string }[] | null
  readonly state: {
    readonly Status?: string
    readonly Pid?: number
    readonly ExitCode?: number
    readonly OOMKilled?: boolean
    readonly StartedAt?: string
    readonly Health?: { readonly Status?: string } | null
  }
}

const TEMPLATE =
  '{"id":{{json .Id}},"name":{{json .Name}},"created":{{json .Created}},"config":{{json .Config}},"mounts":{{json .Mounts}},"state":{{json .State}}}'

/** Asks the engine about containers by id or name; their values stay in their boxes. Throws CONSUMER_FAILED. */
export async function inspectContainers(ctx: ConsumerContext<unknown>, names: readonly string[]): Promise<readonly Container[]> {
  if (names.length === 0) return []
  const printed = await runDocker(ctx, ['inspect', '--type', 'container', '--format', TEMPLATE, ...names])
  return parsedLines<Inspected>(printed).map(containerOf)
}

function parsedLines<T>(printed: Buffer): readonly T[] {
  const lines = printed.toString().split('\n')
  try {
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T)
  } catch {
    throw new KeyturnError('CONSUMER_FAILED', 'docker inspect: its answer cannot be read')
  }
}

function containerOf({ id, name, created, config, mounts, state }: Inspected): Container {
  const boxed = (texts: readonly string[] | null | undefined): readonly Sensitive<string>[] => (texts ?? []).map((text) => new Sensitive(text))
  const env = new Map<string, Sensitive<string>>()
  for (const pair of config.Env ?? []) {
    const at = pair.indexOf('=')
    // The first one counts: so does getenv.
    if (at > 0 && !env.has(pair.slice(0, at))) env.set(pair.slice(0, at), new Sensitive(pair.slice(at + 1)))
  }
  const started = Date.parse(state.StartedAt ?? '')
  return {
    id,
    name: name.replace(/^\//, ''),
    env,
    texts: { command: boxed(config.Cmd), entrypoint: boxed(config.Entrypoint), healthcheck: boxed(config.Healthcheck?.Test) },
    labels: config.Labels ?? {},
    mounts: (mounts ?? []).flatMap(({ Type, Source, Destination }) =>
      Type === 'bind' && Source && Destination ? [{ source: Source, target: Destination }] : [],
    ),
    status: state.Status ?? 'unknown',
    pid: state.Pid ?? 0,
    exitCode: state.ExitCode ?? 0,
    outOfMemory: state.OOMKilled === true,
    createdAt: Date.parse(created ?? '') || null,
    startedAt: Number.isFinite(started) && started > 0 ? started : 0,
    health: state.Health?.Status ?? null,
  }
}

export const isRunning = ({ status }: Container): boolean => status === 'running' || status === 'paused'

/** Whether somebody means it to run: it does, or it would if it had not failed. */
export const isWanted = (container: Container): boolean => isRunning(container) || healthOf(container).state === 'unhealthy'

/** Statuses of a process that somebody stopped: its own end, Ctrl-C, SIGKILL, SIGTERM. */
const STOPPED = [0, 130, 137, 143]

/** How a container is, by the engine's own word. Nothing is printed of what its health check said. */
export function healthOf(container: Container): Health {
  const { name, status, exitCode, outOfMemory, health } = container
  if (status === 'restarting') return { state: 'unhealthy', why: `${name} ends and is started again, over and over (status ${exitCode})` }
  if (status === 'exited' || status === 'dead') {
    if (outOfMemory) return { state: 'unhealthy', why: `${name} is not running: it ran out of memory` }
    if (!STOPPED.includes(exitCode)) return { state: 'unhealthy', why: `${name} is not running: it ended with status ${exitCode}` }
  }
  if (!isRunning(container)) return { state: 'unknown', why: `${name} is not running (${status})` }
  if (health === 'unhealthy') return { state: 'unhealthy', why: `${name} is unhealthy, says its health check` }
  if (health === 'starting') return { state: 'starting', why: `${name} is still starting, says its health check` }
  return { state: 'healthy', why: health === null ? `${name} is running` : `${name} is healthy, says its health check` }
}

/** Of several, the worst; of none, `unknown`. */
export function worstOf(all: readonly Health[], none: string): Health {
  for (const state of ['unhealthy', 'starting', 'unknown'] as const) {
    const found = all.find((one) => one.state === state)
    if (found) return found
  }
  return all[0] ?? { state: 'unknown', why: none }
}

/** How often it is looked whether a container has come up, in milliseconds: health checks have seconds between them. */
const LOOK_AGAIN_MS = 200

/**
 * Waits while containers start, for as long as the consumer's timeout. Throws CONSUMER_FAILED for one that does not come up, has ended
 * or is unhealthy: what it was created with says nothing about what works.
 */
export async function settled(ctx: ConsumerContext<unknown>, ids: readonly string[]): Promise<readonly Container[]> {
  const until = performance.now() + ctx.timeoutMs
  for (;;) {
    const containers = await inspectContainers(ctx, ids)
    const ill = containers.map((one) => ({ one, health: healthOf(one) })).find(({ health }) => health.state === 'unhealthy' || health.state === 'starting')
    if (!ill) return containers
    const starting = ill.health.state === 'starting'
    if (!starting || performance.now() + LOOK_AGAIN_MS > until) {
      const after = starting ? ` after ${ctx.timeoutMs / 1000} s` : ''
      throw new KeyturnError('CONSUMER_FAILED', `${ill.health.why}${after}`, {
        hint: `see "docker logs ${ill.one.name}"; nothing is revoked meanwhile`,
      })
    }
    await pause(ctx.signal)
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  const { setTimeout: wait } = await import('node:timers/promises')
  // The next command says why it was aborted.
  await wait(LOOK_AGAIN_MS, undefined, { signal }).catch(() => {})
}
