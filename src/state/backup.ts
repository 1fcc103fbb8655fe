import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fromFileSystem, KeyturnError } from '../errors.ts'
import type { Clock, Random } from '../ports.ts'
import { LARGEST_BACKUP, packArchive, type Sealer } from './archive.ts'
import { copyDatabase } from './database-copy.ts'
import { makeFolder, placeNew, readWhole, writeTemp } from './files.ts'
import { locked } from './lock.ts'
import type { Owner, StatePaths } from './paths.ts'

export interface BackupOptions {
  readonly paths: StatePaths
  readonly inventoryId: string
  /** The inventory's own files, by the name they have in the project: `secrets.yaml` and what it extends. */
  readonly inventoryFiles: ReadonlyMap<string, Buffer>
  readonly sealer: Sealer
  readonly clock: Clock
  /** Keyturn's version. */
  readonly tool: string
  /** Also the keys of this machine. Whoever has a key that opens the backup then has these as well. */
  readonly withKeys?: boolean
  readonly lockWaitMs?: number
}

/**
 * One encrypted file of ledger, store and inventory. Others may go on meanwhile: the ledger is copied as it is at one
 * moment, and the store after it, so that the copy of the store has every version which that of the ledger knows.
 *
 * @throws KeyturnError RESTORE_NEEDED where there is no state; LEDGER_DAMAGED; UNSUPPORTED for more than 256 MiB; STORE_BUSY;
 * what the sealer throws.
 */
export async function makeBackup(options: BackupOptions): Promise<Uint8Array> {
  const { paths, inventoryId, clock, tool, sealer } = options
  const files = new Map<string, Buffer>()
  const ledger = await copyDatabase(paths.ledger)
  if (ledger) files.set('ledger.db', ledger)
  for (const [name, bytes] of await storeFiles(paths, options.lockWaitMs ?? 60_000)) files.set(name, bytes)
  if (files.size === 0) throw new KeyturnError('RESTORE_NEEDED', `${paths.state}: holds no state of ${inventoryId} to back up`)
  for (const [name, bytes] of options.inventoryFiles) files.set(`inventory/${name}`, bytes)
  if (options.withKeys) {
    for (const [name, file] of [
      ['identity.txt', paths.identityFile],
      ['signing.pem', paths.signingKeyFile],
    ] as const) {
      const key = await readWhole(file, 1024 * 1024)
      if (key) files.set(`keys/${name}`, key.bytes)
    }
  }
  return sealer.seal(packArchive({ inventoryId, createdAt: clock.now(), tool, files }))
}

/**
 * Writes a backup to a new file of 0600; never over an older one.
 *
 * @throws KeyturnError FILE_UNWRITABLE where it is there already; DISK_FULL.
 */
export async function writeBackup(
  file: string,
  bytes: Uint8Array,
  { random, owner }: { readonly random: Random; readonly owner: Owner | null },
): Promise<void> {
  await makeFolder(dirname(file), owner)
  const temp = await writeTemp(dirname(file), bytes, { random, owner })
  if (!(await placeNew(temp, file, { random, owner }))) {
    throw new KeyturnError('FILE_UNWRITABLE', `${file}: is there already, and a backup is never overwritten`, { hint: 'Name another file.', retryable: false })
  }
}

/** The store's record files as they are, under its lock. What `restore` is made of is no business of the other files there. */
async function storeFiles({ store, owner }: StatePaths, waitMs: number): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>()
  const names = await list(join(store, 'paths'))
  if (names.length === 0) return files
  return locked(join(store, 'lock'), { waitMs, owner }, async () => {
    let total = 0
    for (const path of await list(join(store, 'paths'))) {
      for (const folder of [path, join(path, 'versions')]) {
        for (const name of await list(join(store, 'paths', folder))) {
          if (!name.endsWith('.age')) continue
          const found = await readWhole(join(store, 'paths', folder, name), LARGEST_BACKUP - total)
          if (!found) continue
          total += found.bytes.length
          files.set(`store/paths/${folder}/${name}`, found.bytes)
        }
      }
    }
    return files
  })
}

async function list(dir: string): Promise<readonly string[]> {
  try {
    return (await readdir(dir)).sort()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw fromFileSystem(error, 'read', dir)
  }
}
