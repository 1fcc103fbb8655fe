import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { DialectName } from '../../../src/terms.ts'

/** What a reader makes of a file; `null`: it refuses the file. */
export type Reading = Readonly<Record<string, string>> | null

/** A real reader of env files. One process reads many texts, each as a file of its own. */
export interface Reader {
  readonly name: string
  /** `null`: one that no dialect is made for. It is asked whether values of safe characters are understood by all. */
  readonly dialect: DialectName | null
  read(texts: readonly string[]): Promise<readonly Reading[]>
}

/** Runs `work` with every text in a file of its own: `0`, `1` and so on. */
export async function withFiles<T>(texts: readonly string[], work: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'keyturn-readers-'))
  try {
    for (const [i, text] of texts.entries()) writeFileSync(path.join(folder, String(i)), text)
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs a program with nothing but this environment; throws with what it said where it fails. */
export function run(program: string, args: readonly string[], options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> }): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: options.cwd,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 30,
    timeout: 120_000,
  })
  if (error) throw error
  if (status !== 0) throw new Error(`${path.basename(program)} ended with ${status}: ${stderr.toString().slice(-500)}`)
  return stdout
}

/** What stands in NUL-separated `NAME=value` form, such as `env -0` prints. */
export function splitPairs(bytes: Buffer): Readonly<Record<string, string>> {
  const pairs = bytes.toString().split('\0').slice(0, -1)
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}
