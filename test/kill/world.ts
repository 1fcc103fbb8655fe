import { execFileSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'vitest'
import type { Result } from '../support/program.ts'
import { makeProject, type Project } from '../support/project.ts'

/**
 * A project that lives: a provider that keeps its state in a file, a consumer that runs with what it read last, three secrets in one
 * `.env`, two of them on one path of the store.
 *
 * - `api`: the provider mints the key, old and new overlap, two keys may live
 * - `db`: we make the password, the old one dies when the new one is set
 * - `session`: no provider
 */
export const SECRETS = ['api', 'db', 'session'] as const
export type SecretName = (typeof SECRETS)[number]

const VARIABLES: Readonly<Record<SecretName, string>> = { api: 'API_KEY', db: 'DB_PASSWORD', session: 'SESSION_SECRET' }

const PROGRAMS = path.join(import.meta.dirname, 'project')

const inventory = (head: string) => `${head}policy: { grace: 0s }
secrets:
  api:
    env: API_KEY
    path: killed/both
    field: key
    rotator: { kind: command, command: [node, provider.mjs], verbs: [create, test, revoke, orphans], with: { kind: minting, account: api, field: key } }
  db:
    env: DB_PASSWORD
    path: killed/both
    field: password
    rotator:
      kind: command
      command: [node, provider.mjs]
      verbs: [set, test, revoke]
      overlap: false
      value: { prefix: canary- }
      with: { kind: setting, account: db, field: password }
  session: { env: SESSION_SECRET, rotator: { kind: random, prefix: canary- } }
outputs:
  - file: .env
    consumers:
      - { kind: exec, refresh: [sh, reload.sh], prove: { command: [cat, running.env], format: environ } }
`

/** What stands in `.env` around the values: what nobody but its owner may change. */
const envOf = (values: Readonly<Record<SecretName, string>>): string =>
  [
    '# The manual of this project: every comment counts.',
    'APP_NAME=killed        # a setting',
    '',
    `API_KEY=${values.api}   # made at the provider`,
    '#API_KEY=the-one-before-last',
    `export DB_PASSWORD="${values.db}"`,
    'DB_USER=app',
    '\t',
    `SESSION_SECRET='${values.session}'`,
    '# no line feed after this',
  ].join('\n')

export interface RunOptions {
  readonly input?: string | undefined
  readonly env?: Readonly<Record<string, string>>
  /** Values that it may print. */
  readonly reveals?: readonly string[]
}

export interface World {
  readonly project: Project
  /** Runs a command line as a person would. */
  run(args: readonly string[], options?: RunOptions): Promise<Result>
  /** The same, and fails the test unless it ends with status 0. */
  secrets(args: readonly string[], options?: RunOptions): Promise<Result>
  /** The values that the provider accepts. */
  live(name: 'api' | 'db'): readonly string[]
  /** What its customer would be called about: a key ended while it was in use, an account locked. */
  complaints(): readonly string[]
  /** By variable, as a shell reads the file; `{}` where it is not there. */
  inFile(): Readonly<Record<string, string>>
  /** By variable: what the consumer runs with. */
  running(): Readonly<Record<string, string>>
  /** `.env` with the values taken out. */
  around(): string
  [Symbol.asyncDispose](): Promise<void>
}

export const variableOf = (name: SecretName): string => VARIABLES[name]

/** A world to copy: every secret has a first version that was made by a rotation. */
export async function makeWorld(): Promise<World> {
  const project = makeProject({ '.env': 'APP_NAME=killed\nSESSION_SECRET=canary-to-be-replaced-at-once-0123456789\n' })
  cpSync(PROGRAMS, project.dir, { recursive: true })
  const world = worldOf(project)
  await world.secrets(['init', '.env', '--yes', '--recovery-key-file', path.join(project.home, 'recovery-key.txt')])
  const head = project.read('secrets.yaml').split('secrets:\n')[0] ?? ''
  project.write('secrets.yaml', inventory(head))
  await world.secrets(['rotate', ...SECRETS, '--wait', '30s'])
  const values = world.inFile()
  project.write('.env', envOf({ api: values.API_KEY ?? '', db: values.DB_PASSWORD ?? '', session: values.SESSION_SECRET ?? '' }))
  await world.secrets(['sync'])
  return world
}

/** A copy in folders of its own, as if nothing had happened there yet. */
export function copyWorld(from: World): World {
  const project = makeProject()
  // With all modes and times: folders that others may enter are refused.
  for (const part of ['dir', 'home'] as const) execFileSync('cp', ['-a', `${from.project[part]}/.`, project[part]])
  return worldOf(project)
}

function worldOf(project: Project): World {
  const run: World['run'] = (args, { input, env = {}, reveals = [] } = {}) =>
    project.run(args, { build: 'test', env, reveals, ...(input !== undefined && { input }) })
  return {
    project,
    run,
    async secrets(args, options) {
      const result = await run(args, options)
      if (result.code !== 0) expect.fail(`secrets ${args.join(' ')} ended with ${result.code ?? result.signal}:\n${result.stdout}${result.stderr}`)
      return result
    },
    live: (name) =>
      name === 'api'
        ? query(project, "SELECT value FROM keys WHERE account = 'api' AND ended = 0")
        : query(project, "SELECT value FROM passwords WHERE account = 'db' AND locked = 0"),
    complaints: () => query(project, 'SELECT what AS value FROM complaints'),
    inFile: () => (project.exists('.env') ? environmentOf(readByShell(project)) : {}),
    running: () => environmentOf(project.exists('running.env') ? project.read('running.env') : ''),
    around() {
      const values = Object.values(environmentOf(readByShell(project)))
      return values.filter((value) => value.startsWith('canary-')).reduce((text, value) => text.replaceAll(value, 'VALUE'), project.read('.env'))
    },
    [Symbol.asyncDispose]: () => project[Symbol.asyncDispose](),
  }
}

const readByShell = (project: Project): string =>
  execFileSync('env', ['-i', 'sh', '-c', 'set -a; . ./.env; set +a; exec env -0'], { cwd: project.dir, encoding: 'utf8' })

const environmentOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(text.split('\0').flatMap((pair) => (pair.includes('=') ? [[pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]] : [])))

function query(project: Project, sql: string): readonly string[] {
  const db = new DatabaseSync(project.path('provider.db'), { timeout: 10_000 })
  try {
    return (db.prepare(sql).all() as { value: string }[]).map(({ value }) => value)
  } finally {
    db.close()
  }
}
