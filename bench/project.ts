import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { writeCachedInventory } from '../src/inventory/cache.ts'
import { stampOf } from '../src/inventory/stamp.ts'
import { openSqliteLedger } from '../src/ledger/sqlite.ts'
import { fold } from '../src/rotation/fold.ts'
import { statePaths } from '../src/state/paths.ts'
import { hostStream, type Inventory, type Policy, type Secret, type SecretState, type StreamState, secretStream, type Token } from '../src/terms.ts'

/** A project of any size, as `status` finds it: an inventory with its cache, and a ledger with a row for every stream. */
export interface BenchProject {
  readonly dir: string
  readonly env: NodeJS.ProcessEnv
  remove(): void
}

const DAY_MS = 86_400_000
const ID = 'kt_benchmark'
const PER_HOST = 1000

const POLICY: Policy = {
  maxAgeMs: 90 * DAY_MS,
  rotateBeforeMs: 14 * DAY_MS,
  graceMs: DAY_MS,
  askAfterMs: 2 * DAY_MS,
  minLength: 16,
  minEntropyBits: 80,
  retainMs: 180 * DAY_MS,
}

/** Names for a project and a home far from those of whoever runs the bench, root's state too; only `dir` is made. */
export function placeOfItsOwn() {
  const dir = mkdtempSync(path.join(tmpdir(), 'keyturn-bench-'))
  const [home, project] = [path.join(dir, 'home'), path.join(dir, 'project')]
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    XDG_STATE_HOME: path.join(home, 'state'),
    XDG_CONFIG_HOME: path.join(home, 'config'),
    XDG_CACHE_HOME: path.join(home, 'cache'),
  }
  return { dir, home, project, env }
}

/**
 * Writes a project of `count` secrets. Most are fine; some are due, overdue, weak, shared, of unknown age or being rotated, as in life.
 * Only the streams' rows are made: neither command reads an event.
 *
 * @param version - of the program that will read the cache
 */
export async function makeProject(count: number, version: string, now = Date.now()): Promise<BenchProject> {
  const { dir, home, project, env } = placeOfItsOwn()
  for (const folder of [home, project]) mkdirSync(folder, { mode: 0o700 })
  const file = path.join(project, 'secrets.yaml')
  const inventory = makeInventory(count, file, project)
  writeFileSync(file, `id: ${ID}\nsecrets:\n${inventory.secrets.map(({ name }) => `  ${name}: ${variable(name)}\n`).join('')}outputs: [.env]\n`)
  // A cache younger than its file by less than the clock's tick is not believed.
  const past = new Date(now - 60_000)
  utimesSync(file, past, past)
  await new Promise((resolve) => setTimeout(resolve, 100))

  const who = { uid: process.getuid?.() ?? 0, home, env }
  const cacheDir = statePaths({ inventoryId: 'inventories', override: null, ...who }).cache
  const random = { bytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)) }
  const stamps = [stampOf(file, statSync(file, { bigint: true }))]
  writeCachedInventory(cacheDir, file, undefined, { host: hostname(), version }, { ...inventory, stamps }, random)

  const paths = statePaths({ inventoryId: ID, override: null, ...who })
  mkdirSync(paths.state, { recursive: true, mode: 0o700 })
  const actor = { uid: 0, user: 'bench', host: hostname() }
  const ledger = await openSqliteLedger({
    file: paths.ledger,
    fold,
    clock: { now: () => now },
    actor,
    tool: version,
    inventoryHash: inventory.hash,
    inventoryId: ID,
  })
  await ledger.close()
  fill(paths.ledger, statesOf(inventory, now))
  return { dir: project, env, remove: () => rmSync(dir, { recursive: true, force: true }) }
}

const variable = (name: string): string => name.toUpperCase().replaceAll('-', '_')
const hostName = (h: number): string => (h === 0 ? hostname() : `host-${h}`)
const nameOf = (i: number): string => `secret-${String(i).padStart(6, '0')}`
const tokenOf = (i: number): Token => `${ID}.${nameOf(i)}.r${i}`
const print = (kind: string, i: number): string => `hmac:k1:${(kind + i.toString(16)).padStart(32, '0')}`

function makeInventory(count: number, file: string, dir: string): Inventory {
  const secrets = Array.from({ length: count }, (_, i): Secret => {
    const name = nameOf(i)
    const rotator = { kind: i % 5 === 0 ? 'manual' : 'random', params: {} }
    const shared = { store: 'main', path: `bench/production/${name}`, rotator, rotatorDeclared: true, policy: POLICY }
    const accept = i % 50 === 7 ? [{ rule: 'max-age', until: Date.now() + 30 * DAY_MS, reason: 'vendor freeze', by: 'ops' }] : []
    return {
      id: name,
      name,
      env: { [variable(name)]: 'value' },
      fields: ['value'],
      ...shared,
      accept,
      ...(i % 3 === 0 && { owner: `team-${i % 7}@example.org` }),
    }
  })
  const consumer = (key: string) => ({ key, kind: 'http', params: { url: 'http://127.0.0.1:1/reload' }, unproven: 'hold', timeoutMs: 1000 }) as const
  // One machine has one file of at most a thousand variables; a larger estate has more machines.
  const outputs = Array.from({ length: Math.ceil(count / PER_HOST) }, (_, h) => ({
    ...({ file: '.env', target: path.join(dir, '.env'), dialect: 'compose', perm: 0o600, vars: {}, unproven: 'hold' } as const),
    host: hostName(h),
    only: count <= PER_HOST ? null : secrets.slice(h * PER_HOST, (h + 1) * PER_HOST).map(({ name }) => name),
    consumers: [consumer('http-1'), consumer('http-2')],
  }))
  return {
    id: ID,
    project: 'bench',
    environment: 'production',
    file,
    dir,
    hash: '0'.repeat(64),
    state: null,
    policy: POLICY,
    stores: [{ name: 'main', kind: 'local', params: {} }],
    recipients: ['age1first', 'age1second'],
    secrets,
    outputs,
    rules: [],
    schedule: { zone: null, sweep: '*/15 * * * *', report: null, window: null },
    ledger: { kind: 'sqlite' },
  }
}

function stateOf(secret: Secret, i: number, now: number): SecretState {
  const stream = secretStream(ID, secret.id)
  const facts = {
    value: {
      length: i % 40 === 3 ? 9 : 43,
      entropyBits: i % 40 === 3 ? 41 : 240,
      value: print('a', i % 60 === 9 ? 0 : i),
      ...(i % 70 === 5 && { weak: 'published default' }),
    },
  }
  const bornAt = i % 90 === 11 ? null : now - ((i * 37) % 100) * DAY_MS
  const version = (n: number, token: Token) => ({
    token,
    handle: { rotator: secret.rotator.kind, params: {}, id: null },
    fingerprint: print('f', i + n),
    facts,
    n,
    firstSeenAt: now - DAY_MS,
    pos: i,
  })
  const current = { ...version(2, tokenOf(i)), bornAt, source: bornAt === null ? ('unknown' as const) : ('rotation' as const) }
  const old = {
    ...version(1, `${tokenOf(i)}old`),
    bornAt: now - 200 * DAY_MS,
    source: 'file' as const,
    replacedAt: now - 20 * DAY_MS,
    deadAt: now - 19 * DAY_MS,
  }
  return {
    ...{ kind: 'secret', v: 1, stream, secret: secret.id, seq: 12, pos: i + 1, lastAt: now - DAY_MS, hash: 'f'.repeat(64), count: 2 },
    ...{ tokens: [tokenOf(i)], current, former: [old], rotation: null, claim: null, failure: null, late: null, last: null, removed: false },
  }
}

function* statesOf(inventory: Inventory, now: number): Generator<StreamState> {
  for (const [h, { host }] of inventory.outputs.entries()) yield hostState(inventory.secrets.slice(h * PER_HOST, (h + 1) * PER_HOST), h * PER_HOST, host, now)
  for (const [i, secret] of inventory.secrets.entries()) yield stateOf(secret, i, now)
}

function hostState(secrets: readonly Secret[], first: number, host: string, now: number): StreamState {
  const vars = Object.fromEntries(secrets.map(({ id, name }, i) => [variable(name), { value: print('a', first + i), from: { [id]: tokenOf(first + i) } }]))
  const proved = Object.fromEntries(secrets.map(({ name }, i) => [variable(name), print('a', first + i)]))
  const seen = { claimPos: secrets.length + 1, claimAt: now, at: now }
  const consumer = { refresh: { claimPos: 1, at: now }, misses: 0, proof: { ...seen, vars: proved } }
  return {
    ...{ kind: 'host', v: 1, stream: hostStream(ID, host), host, seq: 5, pos: secrets.length + 1, lastAt: now, hash: 'f'.repeat(64) },
    outputs: { '.env': { ...seen, vars, changedPos: 0 } },
    consumers: { '.env consumer http-1': consumer, '.env consumer http-2': consumer },
    claim: null,
    failures: {},
  }
}

/** Straight into the table: appending a hundred thousand durable events would take longer than everything that is measured. */
function fill(file: string, states: Iterable<StreamState>): void {
  const db = new DatabaseSync(file)
  db.exec('BEGIN IMMEDIATE')
  const insert = db.prepare('INSERT INTO streams (stream, seq, pos, hash, state) VALUES (?, ?, ?, ?, ?)')
  for (const state of states) insert.run(state.stream, state.seq, state.pos, state.hash, JSON.stringify(state))
  db.exec('COMMIT')
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
}
