import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Random } from '../ports.ts'
import type { Inventory, Policy, Secret } from '../terms.ts'
import { type CachedSecret, readLines, sharing } from './cache-lines.ts'
import { type Stamp, sameStamp, stampOf } from './stamp.ts'

/**
 * The validated inventory as JSON, so that `status` never loads a parser or a schema: this file imports nothing but the file system.
 * The first line is the inventory, each further one a secret.
 * It holds what the inventory holds, and so no values. Whatever is odd about it makes it as good as absent.
 */

/** What an inventory was resolved with: another host or another Keyturn may read the same file differently. */
export interface CacheDeps {
  readonly host: string
  /** Keyturn's version. */
  readonly version: string
}

interface Cached {
  readonly format: 3
  readonly file: string
  readonly environment: string | null
  readonly host: string
  readonly version: string
  readonly stamps: readonly Stamp[]
  readonly inventory: Omit<Inventory, 'secrets'>
  /** How many lines follow: a file that was cut short is none. */
  readonly secrets: number
}

// A file changed within one tick of the kernel's clock (at most 10 ms) may keep size and time: so near a write nothing is believed.
const TICK_NS = 50_000_000n

/** The cached inventory of this file, if every file it was made from is still the same; else `null`. Never throws. */
export function readCachedInventory(cacheDir: string, file: string, environment: string | undefined, deps: CacheDeps): Inventory | null {
  let descriptor: number | null = null
  try {
    descriptor = openSync(entryOf(cacheDir, file, environment), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stat = fstatSync(descriptor, { bigint: true })
    // Somebody else's, or writable by others: it could name other commands to run.
    if (!stat.isFile() || (stat.mode & 0o022n) !== 0n || stat.uid !== BigInt(process.getuid?.() ?? Number(stat.uid))) return null
    const lines = readLines(descriptor)
    const cached = JSON.parse(lines.next().value ?? 'null') as Partial<Cached>
    if (cached.format !== 3 || cached.file !== file || cached.environment !== (environment ?? null)) return null
    if (cached.host !== deps.host || cached.version !== deps.version || !cached.inventory || !cached.stamps?.length) return null
    if (!cached.stamps.every((stamp) => isFresh(stamp, stat.mtimeNs))) return null
    const shared = sharing(cached.inventory.policy)
    const secrets: Secret[] = []
    for (const line of lines) secrets.push(shared(JSON.parse(line) as CachedSecret))
    return secrets.length === cached.secrets ? { ...cached.inventory, secrets } : null
  } catch {
    return null
  } finally {
    if (descriptor !== null) closeSync(descriptor)
  }
}

/** Bytes of a cached inventory, whether it still holds or not; 0 where there is none. Never throws. */
export function cachedBytes(cacheDir: string, file: string, environment: string | undefined): number {
  return statSync(entryOf(cacheDir, file, environment), { throwIfNoEntry: false })?.size ?? 0
}

function isFresh(stamp: Stamp, cachedAt: bigint): boolean {
  const stat = statSync(stamp.file, { bigint: true })
  return sameStamp(stamp, stampOf(stamp.file, stat)) && stat.mtimeNs + TICK_NS < cachedAt && stat.ctimeNs + TICK_NS < cachedAt
}

/**
 * Keeps an inventory with the stamps of its files as they were when read. Written beside and renamed, 0600 in a folder 0700. May be
 * repeated. Never throws: a cache that cannot be written costs time and nothing else.
 */
export function writeCachedInventory(
  cacheDir: string,
  file: string,
  environment: string | undefined,
  deps: CacheDeps,
  loaded: Inventory & { readonly stamps: readonly Stamp[] },
  random: Random,
): void {
  const { stamps, secrets: all, ...inventory } = loaded
  const secrets = all.map(({ policy, ...secret }): CachedSecret => ({ ...secret, policy: samePolicy(policy, inventory.policy) ? null : policy }))
  const { host, version } = deps
  const cached: Cached = { format: 3, file, environment: environment ?? null, host, version, stamps, inventory, secrets: secrets.length }
  removeUnfinished(cacheDir, file, environment)
  const target = entryOf(cacheDir, file, environment)
  const beside = `${target}.${Buffer.from(random.bytes(8)).toString('hex')}`
  try {
    mkdirSync(cacheDir, { recursive: true, mode: 0o700 })
    const descriptor = openSync(beside, 'wx', 0o600)
    try {
      const text = Buffer.from([cached, ...secrets].map((line) => JSON.stringify(line)).join('\n'))
      for (let written = 0; written < text.length; ) written += writeSync(descriptor, text, written)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(beside, target)
  } catch {
    removeQuietly(beside)
  }
}

/**
 * Takes away what writers that were killed have left beside a cached inventory. One that is at work just now has written in vain, which
 * costs time and nothing else. Never throws.
 */
export function removeUnfinished(cacheDir: string, file: string, environment: string | undefined): void {
  const entry = entryOf(cacheDir, file, environment)
  try {
    for (const name of readdirSync(cacheDir)) if (name.startsWith(`${basename(entry)}.`)) removeQuietly(join(cacheDir, name))
  } catch {
    // There is no such folder.
  }
}

const samePolicy = (a: Policy, b: Policy): boolean => a === b || (Object.keys(b) as (keyof Policy)[]).every((key) => a[key] === b[key])

function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {
    // Nothing was made, or nothing can be done about it.
  }
}

// Two files of one name would only push each other out: the entry says whose it is. No crypto: loading it costs more than reading.
const entryOf = (cacheDir: string, file: string, environment: string | undefined): string =>
  join(cacheDir, `inventory-${hashOf(`${file}\0${environment ?? ''}`)}.json`)

/** FNV-1a in two halves: enough to keep some hundred names apart. */
function hashOf(text: string): string {
  let a = 0x811c9dc5
  let b = 0x01000193
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 0x01000193) >>> 0
    b = Math.imul(b ^ (code + i), 0x85ebca6b) >>> 0
  }
  return a.toString(16).padStart(8, '0') + b.toString(16).padStart(8, '0')
}
