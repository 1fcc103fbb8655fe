import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { placeOver, readWhole, type Writing, writeTemp } from '../../state/files.ts'

/**
 * An `init` that has begun to write and is not done. Kept outside of the project, so that the next `init` there can take away
 * what a kill left: nobody else knows the id of an inventory that was never written.
 */
export interface Pending {
  readonly id: string
  /** `writing`: `secrets.yaml` is certainly not written. `committing`: it may be. */
  readonly stage: 'writing' | 'committing'
  /** Folders and files that exist for this id alone. */
  readonly paths: readonly string[]
  /** The recovery key file that it made, and whose it is. */
  readonly recovery: { readonly file: string; readonly recipient: string } | null
}

/** Where the note about an unfinished `init` of this inventory file lies. */
export interface PendingPlace {
  /** A folder of this machine's state that belongs to no inventory. */
  readonly folder: string
  /** Absolute path of the `secrets.yaml` to be. */
  readonly inventoryFile: string
}

const LARGEST = 64 * 1024

const noteOf = ({ folder, inventoryFile }: PendingPlace): string =>
  join(folder, `${createHash('sha256').update(inventoryFile).digest('hex').slice(0, 32)}.json`)

/** Says what is about to be written, before it is. @throws DISK_FULL or FILE_UNWRITABLE */
export async function notePending(place: PendingPlace, pending: Pending, writing: Writing): Promise<void> {
  await mkdir(place.folder, { recursive: true, mode: 0o700 })
  const temp = await writeTemp(place.folder, Buffer.from(JSON.stringify(pending)), writing)
  await placeOver(temp, noteOf(place), writing)
}

/** The unfinished one; `null`: none. */
export async function readPending(place: PendingPlace): Promise<Pending | null> {
  const found = await readWhole(noteOf(place), LARGEST)
  if (found === null) return null
  try {
    const pending = JSON.parse(found.bytes.toString('utf8')) as Pending
    return Array.isArray(pending.paths) && pending.paths.every((path) => typeof path === 'string' && path.includes(pending.id)) ? pending : null
  } catch {
    return null
  }
}

/** It is done, or given up. Repeatable. */
export async function closePending(place: PendingPlace): Promise<void> {
  await rm(noteOf(place), { force: true })
}

/**
 * Takes away what an unfinished `init` wrote. Only where `secrets.yaml` was certainly never written: else the values may
 * have been rotated since, and this would be their only copy.
 *
 * @param isOurs whether the recovery key file still holds the key that was written to it
 * @returns whether anything was taken away.
 */
export async function forgetPending(place: PendingPlace, isOurs: (file: string, recipient: string) => Promise<boolean>): Promise<boolean> {
  const pending = await readPending(place)
  if (pending === null) return false
  if (pending.stage === 'writing') {
    for (const path of pending.paths) await rm(path, { recursive: true, force: true })
    const { recovery } = pending
    if (recovery !== null && (await isOurs(recovery.file, recovery.recipient))) await rm(recovery.file, { force: true })
  }
  await closePending(place)
  return pending.stage === 'writing'
}
