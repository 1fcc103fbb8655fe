import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, inject } from 'vitest'
import { canary } from '../../support/canary.ts'
import type { Result, Running } from '../../support/program.ts'
import { makeProject, type Project } from '../../support/project.ts'

/**
 * A project for tests of the commands that change things: one `.env`, one consumer that runs with what it read last, and a secret of
 * every sort. The provider's keys lie outside of the project, by a relative name: handles keep it.
 *
 * - `jwt`: random, no provider            - `api`: minted by a provider, no grace
 * - `vendor`: guided                      - `slow`: the same with a day of grace
 * - `data`: never rotated                 - `empty`: declared, no value yet
 */
export interface Case {
  readonly project: Project
  run: Project['run']
  start: Project['start']
  /** Runs it and fails the test unless it ends with status 0. */
  secrets(args: readonly string[], options?: Parameters<Project['run']>[1]): Promise<Result>
  /** Runs it with `--json`: exactly one document on stdout, and the exit status. */
  json(
    args: readonly string[],
    options?: Parameters<Project['run']>[1],
  ): Promise<{ readonly document: Document; readonly code: number | null; readonly stderr: string }>
  /** Runs it on a terminal and answers the questions, each when it appears. */
  answer(args: readonly string[], answers: readonly (readonly [question: string, answer: string])[]): Promise<Result>
  /** By variable, as it stands in `.env`. */
  env(): Readonly<Record<string, string>>
  /** By variable: what the consumer runs with. */
  running(): Readonly<Record<string, string>>
  /** Values that the provider of `api` or `slow` accepts, oldest first. */
  live(name: 'api' | 'slow'): readonly string[]
  /** A knob of the provider, such as `fail-revoke` or `hold-create`; `null` takes it away. */
  knob(name: 'api' | 'slow', knob: string, text: string | null): void
  /** Whether the provider waits in this verb. */
  held(name: 'api' | 'slow', verb: string): Promise<void>
  /** Everything in project, keys and state by its name and content; the ledger by its events. */
  tree(): Readonly<Record<string, string>>
  /** Replaces a text in secrets.yaml. */
  edit(from: string, to: string): void
  [Symbol.asyncDispose](): Promise<void>
}

/** Any document of `--json`. */
export interface Document {
  readonly schema: string
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is what the tests look at.
  readonly [key: string]: any
}

/** A copy in the case: another user cannot always enter the folder of the tests. */
const PROVIDER = '../home/provider.mjs'

const inventory = (head: string) => `${head}policy: { grace: 0s }
secrets:
  # signs logins
  jwt: { env: JWT_SECRET, rotator: { kind: random, prefix: canary- } }
  vendor: { env: VENDOR_API_KEY, grace: 24h, rotator: { kind: manual, url: "https://example.org/keys" } }
  data: { env: DATA_ENCRYPTION_KEY, rotator: none, reason: it encrypts stored data }
  api:
    env: API_KEY
    rotator: { kind: command, command: [node, ${PROVIDER}], verbs: [create, test, revoke, orphans], with: { at: ../home/api } }
  slow:
    env: SLOW_KEY
    grace: 24h
    rotator: { kind: command, command: [node, ${PROVIDER}], verbs: [create, test, revoke, orphans], with: { at: ../home/slow } }
  empty: { env: EMPTY_KEY, rotator: manual }
outputs:
  - file: .env
    consumers:
      - { kind: exec, refresh: [cp, .env, running.env], prove: { command: [grep, '^[A-Z_]*=', running.env], format: environ } }
`

/** What stands in the `.env` of every case, but for the values. */
const envOf = (value: (name: string) => string): string =>
  [
    '# The manual: every comment counts.',
    'PORT=8080   # a setting',
    `JWT_SECRET=${value('JWT_SECRET')}`,
    `VENDOR_API_KEY=${value('VENDOR_API_KEY')}`,
    `DATA_ENCRYPTION_KEY=${value('DATA_ENCRYPTION_KEY')}`,
    '',
    `API_KEY=${value('API_KEY')}`,
    `SLOW_KEY=${value('SLOW_KEY')}`,
    '# the end',
    '',
  ].join('\n')

/** The folders that cases are copied from. */
interface Base {
  readonly dir: string
  readonly home: string
}

/** Read by `init`, delivered, its keys made by the provider: once for all test files of a run. */
async function baseCase(): Promise<Base> {
  const folder = path.join(inject('runFolder'), 'changing')
  const base = { dir: path.join(folder, 'dir'), home: path.join(folder, 'home') }
  if (existsSync(folder)) return base
  await using made = await makeBase()
  const beside = mkdtempSync(`${folder}-`)
  for (const part of ['dir', 'home'] as const) execFileSync('cp', ['-a', made.project[part], path.join(beside, part)])
  try {
    renameSync(beside, folder)
  } catch {
    // Another test file was faster.
    rmSync(beside, { recursive: true })
  }
  return base
}

async function makeBase(): Promise<Case> {
  const made = caseOf(makeProject({ '.env': `JWT_SECRET=${canary()}\n` }))
  const { project } = made
  await made.secrets(['init', '.env', '--yes', '--recovery-key-file', path.join(project.home, 'recovery-key.txt')])
  const head = project.read('secrets.yaml').split('secrets:\n')[0] ?? ''
  project.write('secrets.yaml', inventory(head).replaceAll('grace: 24h', 'grace: 0s'))
  copyFileSync(path.join(import.meta.dirname, 'provider.mjs'), path.join(project.home, 'provider.mjs'))
  for (const name of ['api', 'slow']) mkdirSync(path.join(project.home, name))
  await made.secrets(['set', 'vendor'], { input: canary() })
  await made.secrets(['set', 'data'], { input: canary() })
  await made.secrets(['rotate', 'api', 'slow'])
  project.write('secrets.yaml', inventory(head))
  const values = made.env()
  project.write(
    '.env',
    envOf((name) => values[name] ?? ''),
  )
  await made.secrets(['sync'])
  return made
}

/** A case in folders of its own, in which nothing has happened yet. */
export async function newCase(): Promise<Case> {
  const base = await baseCase()
  const project = makeProject()
  // With all modes and times: folders that others may enter are refused.
  for (const part of ['dir', 'home'] as const) execFileSync('cp', ['-a', `${base[part]}/.`, project[part]])
  return caseOf(project)
}

function caseOf(project: Project): Case {
  const at = (name: string, file: string) => path.join(project.home, name, file)
  const lines = (text: string) => Object.fromEntries([...text.matchAll(/^(?:export )?([A-Z_]+)=([^\s#]*)/gm)].map(([, name = '', value = '']) => [name, value]))
  const made: Case = {
    project,
    run: (args, options) => project.run(args, options),
    start: (args, options) => project.start(args, options),
    async secrets(args, options) {
      const result = await project.run(args, options)
      if (result.code !== 0) expect.fail(`secrets ${args.join(' ')} ended with ${result.code ?? result.signal}:\n${result.stdout}${result.stderr}`)
      return result
    },
    async json(args, options) {
      const { stdout, stderr, code } = await project.run([...args, '--json'], options)
      const document = JSON.parse(stdout) as Document
      expect(document.schema).toMatch(/^keyturn\/[a-z]+@1$/)
      return { document, code, stderr }
    },
    async answer(args, answers) {
      const running: Running = project.start(args, { terminal: true })
      for (const [question, answer] of answers) {
        await running.until(question)
        running.stdin.write(`${answer}\r`)
      }
      const result = await running.done
      return { ...result, stdout: result.stdout.replaceAll('\r\n', '\n') }
    },
    env: () => lines(project.read('.env')),
    running: () => lines(project.exists('running.env') ? project.read('running.env') : ''),
    live(name) {
      const keys = JSON.parse(readFileSync(at(name, 'provider.json'), 'utf8')) as Record<string, { value: string; ended: boolean }>
      return Object.values(keys).flatMap((key) => (key.ended ? [] : [key.value]))
    },
    knob(name, knob, text) {
      if (text === null) rmSync(at(name, knob), { force: true })
      else writeFileSync(at(name, knob), text)
    },
    async held(name, verb) {
      await expect.poll(() => existsSync(at(name, `held-${verb}`)), { timeout: 20_000, interval: 20 }).toBe(true)
    },
    tree: () => ({ ...treeOf(project.dir), ...treeOf(path.join(project.home, 'config')), ...treeOf(path.join(project.home, 'state')) }),
    edit(from, to) {
      const text = project.read('secrets.yaml')
      if (!text.includes(from)) throw new Error(`secrets.yaml has no "${from}":\n${text}`)
      project.write('secrets.yaml', text.replace(from, to))
    },
    [Symbol.asyncDispose]: () => project[Symbol.asyncDispose](),
  }
  return made
}

/** Names, kinds, modes and contents below a folder. */
export function treeOf(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {}
  const tree: Record<string, string> = {}
  for (const name of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    const file = path.join(folder, name)
    const stat = lstatSync(file)
    // What SQLite keeps beside a database while somebody has it open.
    if (/\.db-(wal|shm)$/.test(name)) continue
    // Locks are empty, and they and their folder are made when they are first needed.
    if (/\.locks-\d+(\/\w+\.output)?$/.test(name) && (stat.isDirectory() || stat.size === 0)) continue
    const content = stat.isSymbolicLink() ? readlinkSync(file) : stat.isFile() ? contentOf(file) : stat.isDirectory() ? 'folder' : 'other'
    tree[path.join(folder, name)] = `${(stat.mode & 0o7777).toString(8)} ${content}`
  }
  return tree
}

function contentOf(file: string): string {
  const bytes = readFileSync(file)
  if (file.endsWith('ledger.db') && bytes.subarray(0, 6).toString() === 'SQLite') {
    try {
      return eventsOf(file)
    } catch {
      // A damaged one is compared as it lies there.
    }
  }
  return createHash('sha256').update(bytes).digest('hex')
}

function eventsOf(file: string): string {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return database
      .prepare('SELECT hash FROM events ORDER BY pos')
      .all()
      .map((row) => String(row.hash).slice(0, 12))
      .join(' ')
  } finally {
    database.close()
  }
}
