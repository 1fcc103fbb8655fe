import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { compose } from '../../../src/consumers/compose.ts'
import { docker } from '../../../src/consumers/docker.ts'
import { dialectOf } from '../../../src/outputs/dialects/index.ts'
import type { Consumer, ConsumerContext } from '../../../src/ports.ts'
import type { Sensitive } from '../../../src/sensitive.ts'
import { type Fingerprint, UNTAKEN } from '../../../src/terms.ts'
import type { Docker } from '../../servers/docker.ts'
import { contextOf, printOf } from '../context.ts'

/** A folder with a Compose project, and the consumers of its `.env`. */
export interface ComposeCase {
  readonly dir: string
  write(name: string, text: string): void
  /** `docker compose ...` in the folder, as a person types it. */
  up(...args: readonly string[]): void
  /** The consumer's context: `expected` is what the file should hold. */
  context(params: object, expected: Record<string, string>, over?: Partial<ConsumerContext<never>>): ConsumerContext<never>
  /** What is proved, in words: `current`, `none`, `untaken`, the value of `known` that it is, or `other`. */
  proved(params: object, expected: Record<string, string>, over?: Partial<ConsumerContext<never>>): Promise<Readonly<Record<string, string>>>
  refresh(params: object, expected: Record<string, string>, over?: Partial<ConsumerContext<never>>): Promise<void>
  /** Ids of the containers of a service. */
  ids(service: string): Promise<readonly string[]>
  [Symbol.asyncDispose](): Promise<void>
}

/** A program in a shell that ends at once when it is told to: the engine waits ten seconds for others. */
export const WAITING = `[sh, -c, "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"]`

export function composeCase(engine: Docker, files: Readonly<Record<string, string>>): ComposeCase {
  const dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'keyturn-compose-')))
  const project = path.basename(dir).toLowerCase()
  const env = { ...engine.env, COMPOSE_PROJECT_NAME: project }
  const write = (name: string, text: string): void => {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
    writeFileSync(path.join(dir, name), text)
  }
  for (const [name, text] of Object.entries(files)) write(name, text)
  const consumerOf = (params: object): Consumer => ('container' in params ? docker : compose) as Consumer
  const context: ComposeCase['context'] = (params, expected, over = {}) =>
    contextOf(consumerOf(params), params, expected, {
      dir,
      env,
      target: path.join(dir, '.env'),
      parse: (text: Sensitive<string>) => dialectOf('compose').parse(text),
      ...over,
    } as never) as never
  return {
    dir,
    write,
    up: (...args) => void execFileSync('docker', ['compose', ...args], { cwd: dir, env, stdio: 'pipe' }),
    context,
    async proved(params, expected, over) {
      const proof = await consumerOf(params).prove?.(context(params, expected, over))
      return Object.fromEntries(Object.entries(proof?.vars ?? {}).map(([name, found]) => [name, inWords(found, expected[name] ?? '')]))
    },
    refresh: (params, expected, over) => consumerOf(params).refresh(context(params, expected, over)),
    ids: async (service) =>
      (await engine.docker('ps', '-aq', '--filter', `label=com.docker.compose.project=${project}`, '--filter', `label=com.docker.compose.service=${service}`))
        .split('\n')
        .filter(Boolean)
        .sort(),
    async [Symbol.asyncDispose]() {
      const ids = (await engine.docker('ps', '-aq', '--filter', `label=com.docker.compose.project=${project}`)).split('\n').filter(Boolean)
      if (ids.length > 0) await engine.docker('rm', '--force', ...ids)
      rmSync(dir, { recursive: true })
    },
  }
}

/** Values that tests write before the current one. */
const OLD = ['canary-old', 'canary-older']

function inWords(found: Fingerprint | null, expected: string): string {
  if (found === null) return 'none'
  if (found === UNTAKEN) return 'untaken'
  if (found === printOf(expected)) return 'current'
  return OLD.find((value) => printOf(value) === found) ?? 'other'
}
