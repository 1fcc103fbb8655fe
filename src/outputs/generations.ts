import { constants, type Stats } from 'node:fs'
import { lstat, mkdir, open, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fromFileSystem, KeyturnError } from '../errors.ts'
import { syncFolder } from '../state/files.ts'
import { FILE_NAME } from './dialects/files.ts'
import { decodeText, MAX_TEXT_BYTES } from './text.ts'

/**
 * A folder with one file a secret, in the layout of Kubernetes: `NAME -> ..data/NAME` and `..data -> ..gen-7`. All values of a
 * generation become visible at once, when the one link `..data` is replaced. Readers that list the folder skip names that
 * start with two dots.
 */

const DATA = '..data'
const GENERATION = /^\.\.gen-(\d{1,15})$/
/** Whatever has such a name and no writer is a leftover of a kill. */
const TEMP = '..keyturn-'
/** More than a value is: such a file is somebody else's. */
const MAX_FILE_BYTES = 1024 * 1024

/** One file that could be a secret's. */
export interface HeldFile {
  /** `ours`: in the present generation. `plain`: a file in the folder itself. `odd`: neither is it ours nor could it be replaced. */
  readonly how: 'ours' | 'plain' | 'odd'
  /** `null` for what is odd. */
  readonly text: string | null
}

/** Everything in the folder that has the name of a variable. */
export interface Held {
  readonly files: ReadonlyMap<string, HeldFile>
  /** The present generation's folder name; `null` before the first. */
  readonly generation: string | null
}

/** How files are made: their mode, who owns them, and where a kill may come. */
export interface Making {
  readonly perm: number
  readonly owner: { readonly uid: number; readonly gid: number }
  readonly fault: (point: string) => void
}

/** A mode for the folder of files with this mode: whoever may read them may enter. */
export const folderMode = (perm: number): number => 0o700 | perm | ((perm & 0o044) >> 2)

/**
 * What the folder holds; `null` where there is none. Throws FILE_UNWRITABLE where `..data` is somebody else's, ENV_UNREADABLE for more
 * than 16 MB.
 */
export async function readHeld(folder: string): Promise<Held | null> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw fromFileSystem(error, 'read', folder)
  })
  if (names === null) return null
  const generation = await presentGeneration(folder)
  const files = new Map<string, HeldFile>()
  let bytes = 0
  for (const name of names.filter((one) => FILE_NAME.test(one)).sort()) {
    const held = await heldFile(folder, name, generation)
    if (held) files.set(name, held)
    bytes += held?.text?.length ?? 0
    if (bytes > MAX_TEXT_BYTES) throw new KeyturnError('ENV_UNREADABLE', `${folder}: holds more than 16 MB, so it is no folder of secrets`)
  }
  return { files, generation }
}

async function presentGeneration(folder: string): Promise<string | null> {
  const to = await linkTarget(join(folder, DATA))
  if (to === null) return null
  if (GENERATION.test(to)) return to
  throw new KeyturnError('FILE_UNWRITABLE', `${join(folder, DATA)}: was not made by Keyturn; something else keeps this folder`, {
    hint: 'Name another folder in the output.',
  })
}

/** Where a link leads, `''` for what is there and is no link, `null` for nothing. */
async function linkTarget(path: string): Promise<string | null> {
  try {
    return await readlink(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return null
    if (code === 'EINVAL') return ''
    throw fromFileSystem(error, 'read', path)
  }
}

async function heldFile(folder: string, name: string, generation: string | null): Promise<HeldFile | null> {
  const to = await linkTarget(join(folder, name))
  if (to === null) return null
  if (to === '') return plainFile(join(folder, name), 'plain')
  if (to !== `${DATA}/${name}`) return { how: 'odd', text: null }
  return generation === null ? null : plainFile(join(folder, generation, name), 'ours')
}

async function plainFile(path: string, how: 'ours' | 'plain'): Promise<HeldFile | null> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = await handle.stat()
      if (!stat.isFile() || stat.size > MAX_FILE_BYTES) return { how: 'odd', text: null }
      return { how, text: asText(await handle.readFile(), path) }
    } finally {
      await handle.close()
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // A link of ours whose file was taken away leads nowhere: the value is not there.
    if (code === 'ENOENT' || code === 'ELOOP') return null
    throw fromFileSystem(error, 'read', path)
  }
}

/** `null` for what is no text: nobody keeps that as a secret of ours. */
function asText(bytes: Buffer, path: string): string | null {
  try {
    return decodeText(bytes, path).reveal()
  } catch {
    return null
  }
}

/** Removes generations and temporary names that no reader is led to. Only for whoever holds the folder's lock. */
export async function removeLeftovers(folder: string): Promise<void> {
  const present = await presentGeneration(folder)
  for (const name of await readdir(folder))
    if ((GENERATION.test(name) && name !== present) || name.startsWith(TEMP)) await rm(join(folder, name), { recursive: true, force: true })
}

/** Makes a whole generation, on disk when this returns, that no reader is led to yet. Returns its name. */
export async function makeGeneration(folder: string, after: string | null, texts: ReadonlyMap<string, string>, making: Making): Promise<string> {
  const name = `..gen-${Number(GENERATION.exec(after ?? '')?.[1] ?? 0) + 1}`
  const path = join(folder, name)
  await mkdir(path, { mode: 0o700 })
  making.fault('generation begun')
  for (const [file, text] of texts) await makeFile(join(path, file), text, making)
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await own(handle, making)
    await handle.chmod(folderMode(making.perm))
    await handle.sync()
  } finally {
    await handle.close()
  }
  await syncFolder(folder)
  making.fault('generation made')
  return name
}

async function makeFile(path: string, text: string, making: Making): Promise<void> {
  const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
  try {
    const bytes = Buffer.from(text)
    await handle.writeFile(bytes.subarray(0, bytes.length >> 1))
    making.fault('file half written')
    await handle.writeFile(bytes.subarray(bytes.length >> 1))
    await own(handle, making)
    await handle.chmod(making.perm)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function own(handle: { stat(): Promise<Stats>; chown(uid: number, gid: number): Promise<void> }, { owner, perm }: Making): Promise<void> {
  const mine = await handle.stat()
  if (mine.uid === owner.uid && mine.gid === owner.gid) return
  try {
    await handle.chown(owner.uid, owner.gid)
  } catch (error) {
    // A group that the mode gives nothing to may be another one.
    if (mine.uid !== owner.uid || (perm & 0o070) !== 0) throw error
  }
}

/** Leads every reader to this generation, all files at once. */
export async function flip(folder: string, generation: string, making: Making): Promise<void> {
  await placeLink(folder, DATA, generation)
  making.fault('flipped')
  await syncFolder(folder)
}

/** Puts a link to the present generation where a file's readers look. */
export async function linkName(folder: string, name: string, making: Making): Promise<void> {
  await placeLink(folder, name, `${DATA}/${name}`)
  making.fault('linked')
}

async function placeLink(folder: string, name: string, to: string): Promise<void> {
  const temp = join(folder, `${TEMP}${name}`)
  await symlink(to, temp)
  await rename(temp, join(folder, name))
}

/** Puts plain files in the place of the links, and takes generations and `..data` away. Repeatable. */
export async function makePlain(folder: string, held: Held, making: Making): Promise<void> {
  await removeLeftovers(folder)
  for (const [name, { how, text }] of held.files) {
    if (how !== 'ours' || text === null) continue
    const temp = join(folder, `${TEMP}${name}`)
    await makeFile(temp, text, making)
    await rename(temp, join(folder, name))
    making.fault('made plain')
  }
  await syncFolder(folder)
  if (held.generation !== null) await rm(join(folder, DATA), { force: true })
  making.fault('link removed')
  await removeLeftovers(folder)
  await syncFolder(folder)
}

/** Whether there is a folder, a link to one, or nothing. */
export const isFolder = (stat: Stats | null): boolean => stat === null || stat.isDirectory()

/** The entry itself; `null` where there is none. */
export const look = (path: string): Promise<Stats | null> =>
  lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw fromFileSystem(error, 'read', path)
  })
