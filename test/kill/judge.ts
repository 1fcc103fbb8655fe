import { readdirSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { watch } from '../support/canary.ts'
import type { Project } from '../support/project.ts'
import { SECRETS, type SecretName, variableOf, type World } from './world.ts'

/** What must be true at every moment, also right after a kill: with overlap, whoever runs on the key is let in. */
export function expectNoOutage(world: World): void {
  expect(world.complaints()).toEqual([])
  for (const [where, values] of Object.entries({ '.env': world.inFile(), 'what runs': world.running() })) {
    if (values.API_KEY === undefined) continue
    expect(world.live('api').includes(values.API_KEY), `${where} holds a key that the provider accepts`).toBe(true)
  }
  expect(world.live('api').length).toBeLessThanOrEqual(2)
}

/** What a good end is measured by. */
export interface GoodEnd {
  /** Whose value in the store is looked up; the others are only compared between provider, file and what runs. */
  readonly names: readonly SecretName[]
  /** What stands around the values in `.env`. */
  readonly around: string
}

/**
 * The end: one credential a secret is accepted, and it is the one in the store, in `.env` and in what runs; nothing is open, the record
 * is intact, nothing of the user's is changed, nothing is left behind and no value got out.
 */
export async function expectGoodEnd(world: World, { names, around }: GoodEnd): Promise<void> {
  const { project } = world
  const [inFile, running] = [world.inFile(), world.running()]
  const reveals = SECRETS.map((name) => inFile[variableOf(name)] ?? '')
  const [status, history, ...stored] = await Promise.all([
    world.secrets(['status', '--json']),
    world.run(['history', '--verify']),
    ...names.map((name) => world.secrets(['get', name], { reveals })),
  ])

  expect(world.complaints()).toEqual([])
  expect(world.live('api'), 'one key lives, and it is in .env').toEqual([inFile.API_KEY])
  expect(world.live('db'), 'the password is the one in .env').toEqual([inFile.DB_PASSWORD])
  for (const [i, name] of names.entries()) expect(stored[i]?.stdout, `the store holds the ${name} of .env`).toBe(inFile[variableOf(name)])
  for (const name of SECRETS) expect(running[variableOf(name)], `what runs holds the ${name} of .env`).toBe(inFile[variableOf(name)])
  expect(world.around(), 'the rest of .env').toBe(around)

  const { secrets } = JSON.parse(status.stdout) as { secrets: { name: string; state: string; rotation: unknown }[] }
  for (const { name, state, rotation } of secrets) expect({ name, state, rotation }).toEqual({ name, state: 'ok', rotation: null })
  expect(history.code, history.stderr).toBe(0)

  expect(project.list()).toEqual(FILES)
  expect(readdirSync(project.tmp)).toEqual([])
  expect(strayFiles(project)).toEqual([])
  // Invented values hold "-" and "_", so their shape alone does not always give them away: each is looked for by itself.
  for (const value of Object.values(inFile)) if (value?.startsWith('canary-')) watch(value)
  expect(project.leaks()).toEqual(['project/.env', 'project/provider.db', 'project/running.env'])
}

const FILES = ['.env', 'provider.db', 'provider.mjs', 'reload.sh', 'running.env', 'secrets.yaml']

/** Files below the home that should not be there once a command has ended: temporary ones, and values given and not taken. */
export function strayFiles(project: Project): readonly string[] {
  return readdirSync(project.home, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(project.home, path.join(entry.parentPath, entry.name)))
    .filter((name) => name.includes('.given-') || !WANTED.some((pattern) => pattern.test(name)))
    .sort()
}

const WANTED: readonly RegExp[] = [
  /^recovery-key\.txt$/,
  /^cache\/keyturn\/inventories\/inventory-[0-9a-f]{16}\.json$/,
  /^config\/keyturn\/kt_\w+\/identity\.txt$/,
  /^state\/keyturn\/unfinished\/lock$/,
  /^state\/keyturn\/kt_\w+\/(recovery\.json|ledger\.db(-wal|-shm)?|locks\/[0-9a-f]{32}\.output|store\/lock)$/,
  /^state\/keyturn\/kt_\w+\/store\/paths\/[^/]+\/(current|versions\/\d{6}~[^/]+)\.age$/,
]
