import * as z from 'zod'
import type { Consumer } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Millis } from '../../src/terms.ts'
import type { Hook } from '../support/memory-store.ts'
import type { Disk } from './files.ts'

/** A running program: it holds what stood in its file when it was started last. */
export interface Running {
  readonly name: string
  readonly host: string
  readonly target: string
  env: Readonly<Record<string, string>>
  /** When it was started with what it holds, by the clock and by the ledger. */
  since: { readonly at: Millis; readonly pos: number }
  /** A person started it on a copy of the file from before. */
  onCopy: boolean
  /** Its health can be asked. */
  tells?: boolean
  /** Whether it falls ill on what it holds. */
  ill?: (env: Readonly<Record<string, string>>) => boolean
  /** How often it said so of its health. */
  said?: { healthy: number; unhealthy: number }
}

/** What a reader sees in a file of plain `NAME=value` lines; our values need no quotes, but may have them. */
export function readEnv(text: string): Record<string, string> {
  const env: Record<string, string> = {}
  for (const line of text.split('\n')) {
    const found = /^\s*([A-Z0-9_]+)=(['"]?)(.*)\2\s*$/.exec(line)
    if (found?.[1] !== undefined) env[found[1]] = found[3] ?? ''
  }
  return env
}

/** Starts it on the file that is there now, or on a copy that somebody kept. */
export function start(running: Running, disk: Disk, since: Running['since'], copy?: string): void {
  running.env = readEnv(copy ?? disk.text(running.host, running.target) ?? '')
  running.since = since
  running.onCopy = copy !== undefined
}

/** The consumer kind for them: `refresh` restarts one, `prove` asks what it holds. */
export function runningConsumer(options: {
  readonly hook: Hook
  readonly disk: Disk
  readonly now: () => Running['since']
  find(name: string): Running
}): Consumer<{ name: string; proves?: boolean | undefined }> {
  const { hook, disk, now, find } = options
  return {
    kind: 'running',
    params: z.object({ name: z.string(), proves: z.boolean().optional() }),
    describe: ({ name }) => `restarts ${name}`,
    proves: ({ proves }) => proves !== false,
    tells: ({ name }) => find(name).tells === true,
    async refresh({ params }) {
      await hook('consumer.refresh:before')
      start(find(params.name), disk, now())
      await hook('consumer.refresh:after')
    },
    async health({ params }) {
      await hook('consumer.health:before')
      const running = find(params.name)
      const state = running.ill?.(running.env) ? 'unhealthy' : 'healthy'
      running.said ??= { healthy: 0, unhealthy: 0 }
      running.said[state] += 1
      await hook('consumer.health:after')
      return { state, why: state === 'healthy' ? '' : 'simulated: refused by its provider' }
    },
    async prove({ params, vars, fingerprints }) {
      await hook('consumer.prove:before')
      const { env } = find(params.name)
      const held = vars.map((name) => [name, env[name] === undefined ? null : fingerprints.ofValue(new Sensitive(env[name]))])
      await hook('consumer.prove:after')
      return { vars: Object.fromEntries(held) }
    },
  }
}
