import { lstat, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fromFileSystem, isKeyturnError, KeyturnError } from '../errors.ts'
import type { Clock, Random } from '../ports.ts'
import type { Millis } from '../terms.ts'
import { type Backup, LARGEST_BACKUP, type OpenedBackup, type Sealer, unpackArchive } from './archive.ts'
import { copyDatabase, faultOfDatabase, overwriteDatabase } from './database-copy.ts'
import { type Fault, makeFolder, placeNew, placeOver, readWhole, syncFolder, type Writing, writeTemp } from './files.ts'
import { restoreFolder } from './folder.ts'
import { locked } from './lock.ts'
import type { StatePaths } from './paths.ts'

export interface RestoreOptions {
  readonly paths: StatePaths
  readonly backup: Backup
  readonly clock: Clock
  readonly random: Random
  /**
   * Looks into ledger and store of the backup before anything is touched, and may encrypt its files anew; throws to refuse. The
   * ledger file may be absent.
   */
  readonly verify?: (found: { readonly ledger: string; readonly store: string }) => Promise<void>
  /** How long to wait for a process that is writing. */
  readonly lockWaitMs?: number
  readonly fault?: Fault | undefined
}

export interface Restored {
  readonly inventoryId: string
  /** When the backup was made, or `null` for a restore that was ended after a kill. */
  readonly createdAt: Millis | null
  /** Folder with the ledger and the store that were there before; it is never deleted by Keyturn. */
  readonly kept: string
}

interface Plan {
  readonly schema: string
  readonly inventoryId: string
  /** Name of the folder that takes what was there. */
  readonly kept: string
}

const SCHEMA = 'keyturn/restore@1'
const WAIT_MS = 10_000

/**
 * Reads a backup and verifies all of it; touches nothing.
 *
 * @param inventoryId - whose backup it must be; `null` on an empty machine.
 * @throws KeyturnError FILE_UNREADABLE; BACKUP_INVALID for a damaged, cut, foreign or forged one; IDENTITY_WRONG;
 * INVENTORY_ID_MISMATCH.
 */
export async function readBackup(file: string, sealer: Sealer, inventoryId: string | null): Promise<OpenedBackup> {
  // Encryption adds 16 bytes to each 64 KiB, and a header.
  const found = await readWhole(file, LARGEST_BACKUP * 1.01)
  if (!found) throw new KeyturnError('FILE_UNREADABLE', `${file}: not there`)
  const { bytes, readers } = await sealer.open(found.bytes)
  const backup = unpackArchive(bytes)
  const ledger = backup.files.get('ledger.db')
  const fault = ledger ? await faultOfDatabase(ledger) : null
  if (fault !== null) throw new KeyturnError('BACKUP_INVALID', `${file}: the ledger in it cannot be used: ${fault}`)
  if (inventoryId !== null && backup.inventoryId !== inventoryId) {
    throw new KeyturnError('INVENTORY_ID_MISMATCH', `${file}: is a backup of inventory ${backup.inventoryId}, and this is ${inventoryId}`)
  }
  return { ...backup, readers }
}

/**
 * Puts ledger and store of a backup in the place of those that are there, which are kept. Everything is written and
 * verified beside them first. Other processes see the old or the new; those that write in the meantime wait.
 *
 * A full disk or a kill before the last file is verified leaves everything as it was. A kill after it leaves a folder that
 * {@link finishRestore} puts in place; until then every command says so.
 *
 * @throws KeyturnError DISK_FULL, FILE_UNWRITABLE, STORE_BUSY, LEDGER_BUSY; RESTORE_NEEDED while another one is unfinished;
 * what `verify` throws.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { paths, backup, clock, verify, fault } = options
  await makeFolder(paths.state, paths.owner)
  return alone(options, async () => {
    const ready = restoreFolder(paths.state)
    if (await exists(ready))
      throw new KeyturnError('RESTORE_NEEDED', `${ready}: an earlier restore is unfinished`, { hint: 'Run "secrets restore" without a file first.' })
    const part = `${ready}.part`
    await rm(part, { recursive: true, force: true })
    try {
      await unpack(part, options)
      await verify?.({ ledger: join(part, 'ledger.db'), store: join(part, 'store') })
      const plan: Plan = { schema: SCHEMA, inventoryId: backup.inventoryId, kept: await keptName(paths.state, clock.now()) }
      await writeOne(join(part, 'plan.json'), Buffer.from(JSON.stringify(plan)), options)
      await syncFolder(part)
      await fault?.('restore verified')
      await rename(part, ready)
      await syncFolder(paths.state)
    } catch (error) {
      await rm(part, { recursive: true, force: true }).catch(() => {})
      throw fromFileSystem(error, 'write', part)
    }
    await fault?.('restore ready')
    const restored = await putInPlace(options)
    return { ...restored, createdAt: backup.createdAt }
  })
}

/**
 * Ends a restore that was killed half way; `null` where there is none.
 *
 * @throws KeyturnError as {@link restoreBackup}.
 */
export async function finishRestore(options: Omit<RestoreOptions, 'backup' | 'clock' | 'verify'>): Promise<Restored | null> {
  if (!(await exists(restoreFolder(options.paths.state)))) return null
  return alone(options, async () => ((await exists(restoreFolder(options.paths.state))) ? putInPlace(options) : null))
}

/**
 * Writes the keys of a backup that holds them to where they belong on this machine; a key that is there stays.
 *
 * @returns the files written.
 */
export async function restoreKeys({ paths, backup, random }: Pick<RestoreOptions, 'paths' | 'backup' | 'random'>): Promise<readonly string[]> {
  const written: string[] = []
  for (const [name, file] of [
    ['keys/identity.txt', paths.identityFile],
    ['keys/signing.pem', paths.signingKeyFile],
  ] as const) {
    const bytes = backup.files.get(name)
    if (!bytes) continue
    await makeFolder(dirname(file), paths.owner)
    const temp = await writeTemp(dirname(file), bytes, { random, owner: paths.owner })
    if (await placeNew(temp, file, { random, owner: paths.owner })) written.push(file)
  }
  return written
}

type Placing = Pick<RestoreOptions, 'paths' | 'random' | 'lockWaitMs' | 'fault'>

const alone = <T>({ paths, lockWaitMs = WAIT_MS }: Placing, work: () => Promise<T>): Promise<T> =>
  locked(join(paths.state, 'restore.lock'), { waitMs: lockWaitMs, owner: paths.owner }, work)

/** Ledger and store of the backup, as files in `part`. */
async function unpack(part: string, options: RestoreOptions): Promise<void> {
  for (const [name, bytes] of options.backup.files) {
    if (name !== 'ledger.db' && !name.startsWith('store/')) continue
    await makeFolder(dirname(join(part, name)), options.paths.owner)
    await writeOne(join(part, name), bytes, options)
  }
  await makeFolder(part, options.paths.owner)
}

async function writeOne(file: string, bytes: Uint8Array, { paths, random, fault }: Placing): Promise<void> {
  const writing: Writing = { random, owner: paths.owner, fault }
  await placeOver(await writeTemp(dirname(file), bytes, writing), file, writing)
}

/** May be repeated from the start after a kill anywhere in it. */
async function putInPlace(options: Placing): Promise<Restored> {
  const { paths, lockWaitMs = WAIT_MS, fault } = options
  const ready = restoreFolder(paths.state)
  const plan = await readPlan(join(ready, 'plan.json'))
  const kept = join(paths.state, plan.kept)
  try {
    await makeFolder(kept, paths.owner)
    await makeFolder(paths.store, paths.owner)
    // The lock first, so that no writer begins between the two: then versions lie in the store that the ledger does not know.
    await locked(join(paths.store, 'lock'), { waitMs: lockWaitMs, owner: paths.owner }, async () => {
      if (await exists(join(ready, 'ledger.db'))) await placeLedger(ready, kept, options)
      if (await exists(join(ready, 'store', 'paths'))) await placeStore(ready, kept, options)
    })
    await fault?.('restore placed')
    await rename(ready, `${ready}.part`)
    await syncFolder(paths.state)
    await rm(`${ready}.part`, { recursive: true, force: true })
  } catch (error) {
    throw fromFileSystem(error, 'write', paths.state)
  }
  return { inventoryId: plan.inventoryId, createdAt: null, kept }
}

async function placeLedger(ready: string, kept: string, options: Placing): Promise<void> {
  const { paths, fault } = options
  const fresh = join(ready, 'ledger.db')
  if ((await exists(paths.ledger)) && (await keepLedger(paths.ledger, kept, options))) {
    await fault?.('ledger kept')
    await overwriteDatabase(fresh, paths.ledger)
    await fault?.('ledger overwritten')
    await rm(fresh)
  } else {
    await rename(fresh, paths.ledger)
    await syncFolder(paths.state)
  }
  await syncFolder(ready)
  await fault?.('ledger placed')
}

/** Copies the ledger away; one that is no database any more is moved away as it is, and then there is none (false). */
async function keepLedger(ledger: string, kept: string, options: Placing): Promise<boolean> {
  const copy = join(kept, 'ledger.db')
  if (await exists(copy)) return true
  try {
    const bytes = await copyDatabase(ledger)
    if (bytes) await writeOne(copy, bytes, options)
    return bytes !== null
  } catch (error) {
    if (!isKeyturnError(error, 'LEDGER_DAMAGED')) throw error
    for (const end of ['-wal', '-shm', '']) {
      if (await exists(`${ledger}${end}`)) await rename(`${ledger}${end}`, join(kept, `damaged-ledger.db${end}`))
    }
    await syncFolder(kept)
    return false
  }
}

async function placeStore(ready: string, kept: string, { paths, fault }: Placing): Promise<void> {
  const [fresh, place, away] = [join(ready, 'store', 'paths'), join(paths.store, 'paths'), join(kept, 'store', 'paths')]
  if (await exists(place)) {
    await mkdir(dirname(away), { recursive: true, mode: 0o700 })
    await rename(place, away)
    await fault?.('store kept')
  }
  await rename(fresh, place)
  await syncFolder(paths.store)
  await syncFolder(dirname(away)).catch(() => {})
  await fault?.('store placed')
}

async function readPlan(file: string): Promise<Plan> {
  const found = await readWhole(file, 64 * 1024)
  try {
    const plan = JSON.parse(found?.bytes.toString('utf8') ?? '') as Plan
    if (plan.schema === SCHEMA && /^before-restore-[0-9TZ-]+$/.test(plan.kept)) return plan
  } catch {
    // Said below.
  }
  throw new KeyturnError('STORE_DAMAGED', `${file}: is no plan of a restore`, { hint: `Move ${dirname(file)} away and restore again from the backup.` })
}

/** `before-restore-20261121T180000Z`, with a number where there is one already. */
async function keptName(state: string, now: Millis): Promise<string> {
  const name = `before-restore-${new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')}`
  for (let n = 1; ; n++) {
    const free = n === 1 ? name : `${name}-${n}`
    if (!(await exists(join(state, free)))) return free
  }
}

async function exists(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => null)) !== null
}
