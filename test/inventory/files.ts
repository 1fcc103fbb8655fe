import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import * as z from 'zod'
import { KeyturnError } from '../../src/errors.ts'
import { type Kinds, type LoadedInventory, loadInventory } from '../../src/inventory/load.ts'

/** A folder `voice-agent` with these files, removed after the test. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const above = realpathSync(mkdtempSync(join(tmpdir(), 'keyturn-inventory-')))
  onTestFinished(() => rmSync(above, { recursive: true, force: true }))
  const folder = join(above, 'voice-agent')
  mkdirSync(folder)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

const bare = { params: z.strictObject({}) }

/** Kinds with parameters of every sort, and those that the documented inventories use. */
export const KINDS: Kinds = {
  rotators: new Map<string, { params: z.ZodType }>([
    ['random', { params: z.strictObject({ length: z.int().optional(), format: z.enum(['hex', 'base64']).optional() }) }],
    ['manual', bare],
    ['none', bare],
    ['command', { params: z.object({ run: z.array(z.string()).min(1) }) }],
    ['asterisk-ari', bare],
    ['openai', { params: z.strictObject({ project: z.string() }) }],
    ['openai-admin', bare],
    ['postgres', { params: z.strictObject({ host: z.string(), users: z.array(z.string()) }) }],
  ]),
  consumers: new Map<string, { params: z.ZodType }>([
    ['compose', { params: z.strictObject({ service: z.string() }) }],
    ['exec', { params: z.strictObject({ run: z.array(z.string()) }) }],
    ['http', { params: z.strictObject({ url: z.string(), method: z.string().optional(), bearer: z.string().optional() }) }],
  ]),
  stores: new Map<string, { params: z.ZodType }>([
    ['local', { params: z.strictObject({}) }],
    ['vault', { params: z.looseObject({}) }],
    ['aws', { params: z.looseObject({}) }],
  ]),
  rules: ['max-age', 'min-length'],
}

export interface LoadIn {
  readonly config?: string
  readonly environment?: string
  readonly kinds?: Kinds
}

export const load = (cwd: string, options: LoadIn = {}): LoadedInventory => loadInventory({ cwd, kinds: KINDS, host: 'pbx-1', ...options })

/** Loads one file named `secrets.yaml`. */
export const loadText = (text: string): LoadedInventory => load(folderWith({ 'secrets.yaml': text }))

/** The error that loading ends with; fails when it loads. */
export function refusal(cwd: string, options: LoadIn = {}): KeyturnError {
  try {
    load(cwd, options)
  } catch (error) {
    if (error instanceof KeyturnError) return error
    throw error
  }
  throw new Error('it was loaded')
}

/** The problems of one file, each with its hint on the next line. */
export const problemsOf = (text: string | Uint8Array): readonly string[] => refusal(folderWith({ 'secrets.yaml': text })).details

/** What stands below `secrets:` in a file that is fine otherwise. */
export const withSecrets = (lines: string): string => `id: kt_8f3k2m9q\nsecrets:\n${lines}\n`
