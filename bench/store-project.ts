import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openApp } from '../src/app.ts'
import { fingerprinter } from '../src/fingerprint.ts'
import type { Append } from '../src/ports.ts'
import { Sensitive } from '../src/sensitive.ts'
import { secretStream } from '../src/terms.ts'
import type { BenchProject } from './project.ts'
import { FINGERPRINT_KEY, fieldOf, INVENTORY_ID, pathOf, type ServerKind, type ServerPlace, textOf } from './store-server.ts'

/** A project whose secrets lie on a server: five to a path, all in one file. */
export interface StoreProject extends BenchProject {
  readonly server: ServerPlace
}

export const FIELDS = 5

const FINGERPRINTS = fingerprinter(FINGERPRINT_KEY.id, new Sensitive<Uint8Array>(Buffer.from(FINGERPRINT_KEY.key, 'base64')))

/** Starts a server with `paths` documents, and makes a project whose ledger knows all of their values. The file is not written yet. */
export async function makeStoreProject(kind: ServerKind, paths: number): Promise<StoreProject> {
  const [child, server] = await startServer(kind, paths)
  const dir = mkdtempSync(path.join(tmpdir(), 'keyturn-bench-'))
  const [home, project] = [path.join(dir, 'home'), path.join(dir, 'project')]
  for (const folder of [home, project]) mkdirSync(folder, { mode: 0o700 })
  const env = {
    ...{ PATH: process.env.PATH, HOME: home, ...server.env },
    ...{ XDG_STATE_HOME: path.join(home, 'state'), XDG_CONFIG_HOME: path.join(home, 'config'), XDG_CACHE_HOME: path.join(home, 'cache') },
  }
  writeFileSync(path.join(project, 'secrets.yaml'), inventoryText(kind, server.address, paths))
  await inEnvironment(env, () => recordAll(project, paths))
  const remove = () => {
    child.disconnect()
    rmSync(dir, { recursive: true, force: true })
  }
  return { dir: project, env, server, remove }
}

/** What reads the environment of this process finds this one. */
export async function inEnvironment<T>(env: NodeJS.ProcessEnv, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env }
  Object.assign(process.env, env)
  try {
    return await work()
  } finally {
    for (const name of Object.keys(env)) if (!Object.hasOwn(before, name)) delete process.env[name]
    Object.assign(process.env, before)
  }
}

async function startServer(kind: ServerKind, paths: number): Promise<readonly [ChildProcess, ServerPlace]> {
  const child = fork(path.join(import.meta.dirname, 'store-server.ts'), [kind, String(paths), String(FIELDS)])
  const [place] = (await once(child, 'message')) as [ServerPlace]
  return [child, place]
}

const secretOf = (at: number, field: number): string => `secret-${String(at).padStart(5, '0')}-${field}`
const variableOf = (at: number, field: number): string => secretOf(at, field).toUpperCase().replaceAll('-', '_')

function inventoryText(kind: ServerKind, address: string, paths: number): string {
  const store = kind === 'vault' ? `{ kind: vault, address: "${address}" }` : `{ kind: aws, region: eu-central-1, endpoint: "${address}" }`
  const secrets = eachSecret(paths).map(
    ([at, field]) => `  ${secretOf(at, field)}: { env: ${variableOf(at, field)}, path: ${pathOf(at)}, field: ${fieldOf(field)}, rotator: random }\n`,
  )
  return `id: ${INVENTORY_ID}\nproject: bench\nenvironment: production\nstores:\n  main: ${store}\nsecrets:\n${secrets.join('')}outputs:\n  - { file: .env, dialect: dotenv }\n`
}

const eachSecret = (paths: number): readonly (readonly [number, number])[] =>
  Array.from({ length: paths * FIELDS }, (_, n) => [Math.floor(n / FIELDS), n % FIELDS] as const)

/** A ledger that has seen every value: what rotations leave behind, without their having happened. */
async function recordAll(dir: string, paths: number): Promise<void> {
  const app = await openApp({ cwd: dir })
  try {
    const { ledger } = await app.engine({ makeLedger: true })
    const appends = eachSecret(paths).map(([at, field]): Append => {
      const value = new Sensitive(textOf(at, field))
      const id = secretOf(at, field)
      const version = {
        ...{ token: `${INVENTORY_ID}.${id}.r1`, handle: null, fingerprint: FINGERPRINTS.of(value.map((text) => ({ [fieldOf(field)]: text }))) },
        facts: { [fieldOf(field)]: { length: 43, entropyBits: 240, value: FINGERPRINTS.ofValue(value) } },
      }
      const facts = { ...{ kind: 'current' as const, version, bornAt: app.clock.now(), source: 'first-seen' as const }, note: 'found in the store' }
      return { stream: secretStream(INVENTORY_ID, id), seq: 1, event: { type: 'saw', facts }, policy: null }
    })
    await ledger.appendAll(appends)
  } finally {
    await app.close()
  }
}
