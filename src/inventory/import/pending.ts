import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { undoIgnore } from '../../guards/ignore-lines.ts'
import { makeFolder, placeOver, readWhole, removeLeftovers as removeTemporary, type Writing, writeTemp } from '../../state/files.ts'
import { locked } from '../../state/lock.ts'
import type { Setup } from './adopt.ts'
import { removeLeftovers, replaceText } from './place.ts'

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
  readonly ignores: Setup['ignores']
  /** Key files that it makes where the user wants them, and whose they are. */
  readonly keys: readonly { readonly file: string; readonly recipient: string }[]
  /** The store on a server where its values may lie already: they stay, and the next `init` there goes on under the same id. */
  readonly server?: string
}

/** Where the note about an unfinished `init` of this inventory file lies. */
export interface PendingPlace {
  /** A folder of this machine's state that belongs to no inventory. */
  readonly folder: string
  /** Absolute path of the `secrets.yaml` to be. */
  readonly inventoryFile: string
  readonly writing: Writing
}

/** Ignore files are repeated in it, before and after. */
const LARGEST = 8 * 1024 * 1024

/** An init of hundreds of secrets on a slow disk. */
const WAIT_MS = 60_000

const noteOf = ({ folder, inventoryFile }: PendingPlace): string =>
  join(folder, `${createHash('sha256').update(inventoryFile).digest('hex').slice(0, 32)}.json`)

/** Says what is about to be written, before it is. @throws KeyturnError DISK_FULL or FILE_UNWRITABLE */
export async function notePending(place: PendingPlace, pending: Pending): Promise<void> {
  await makeFolder(place.folder, place.writing.owner)
  const temp = await writeTemp(place.folder, Buffer.from(JSON.stringify(pending)), place.writing)
  await placeOver(temp, noteOf(place), place.writing)
}

/** What a note begins with must end before another may look: it would take it for one that was killed. @throws KeyturnError STORE_BUSY */
export async function alone<T>(place: PendingPlace, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const { folder, writing } = place
  await makeFolder(folder, writing.owner)
  return locked(join(folder, 'lock'), { waitMs: WAIT_MS, owner: writing.owner, signal }, async () => {
    await removeTemporary(folder)
    return work()
  })
}

/** It is done. Repeatable. */
export async function closePending(place: PendingPlace): Promise<void> {
  await rm(noteOf(place), { force: true })
}

/**
 * Takes away what an unfinished `init` wrote. Only where `secrets.yaml` was certainly never written: else the values may
 * have been rotated since, and this would be their only copy.
 *
 * @param isOurs whether a key file still holds the key that was written to it
 * @param keep whether the note stays, since another one takes its place
 * @returns whether anything was taken away.
 */
export async function forgetPending(place: PendingPlace, isOurs: (file: string, recipient: string) => Promise<boolean>, keep = false): Promise<boolean> {
  const pending = await readPending(place)
  if (pending === null) return false
  await removeLeftovers(dirname(place.inventoryFile))
  if (pending.stage === 'writing') {
    await undoIgnores(pending.ignores, place.writing.random)
    for (const path of pending.paths) await rm(path, { recursive: true, force: true })
    for (const { file, recipient } of pending.keys) if (await isOurs(file, recipient)) await rm(file, { force: true })
  }
  if (!keep) await closePending(place)
  return pending.stage === 'writing'
}

/** The note; `null` for none, or one that cannot be read. */
export async function readPending(place: PendingPlace): Promise<Pending | null> {
  const found = await readWhole(noteOf(place), LARGEST)
  if (found === null) return null
  try {
    const pending = JSON.parse(found.bytes.toString('utf8')) as Pending
    // What is deleted must be named for the id: a damaged note deletes nothing.
    return Array.isArray(pending.ignores) && Array.isArray(pending.keys) && pending.paths.every((path) => path.includes(pending.id)) ? pending : null
  } catch {
    return null
  }
}

/**
 * Takes our lines out of the ignore files again; whatever else was changed there stays. A file that holds nothing else goes.
 *
 * @returns the files that were changed.
 * @throws KeyturnError FILE_UNWRITABLE or DISK_FULL.
 */
export async function undoIgnores(ignores: Setup['ignores'], random: Writing['random']): Promise<readonly string[]> {
  const changed: string[] = []
  for (const change of ignores) {
    const now = await readFile(change.path, 'utf8').catch(() => null)
    if (now === null) continue
    const text = undoIgnore(now, change)
    if (text === now) continue
    if (text === null) await rm(change.path, { force: true })
    else await replaceText(change.path, text, random)
    changed.push(change.path)
  }
  return changed
}
