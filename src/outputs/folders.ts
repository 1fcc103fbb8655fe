import { createHash } from 'node:crypto'
import { mkdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fromFileSystem, isKeyturnError, KeyturnError } from '../errors.ts'
import type { LockedFile, OutputFiles } from '../ports.ts'
import { makeFolder, syncFolder } from '../state/files.ts'
import { locked } from '../state/lock.ts'
import { filesOf, folderText } from './dialects/files.ts'
import { flip, folderMode, type Held, isFolder, linkName, look, type Making, makeGeneration, makePlain, readHeld, removeLeftovers } from './generations.ts'
import { type OutputFilesOptions, outputFiles } from './write.ts'

/** As for a file. */
const TIMEOUT_MS = 30_000

/** Output files and folders: a target that ends in `/` is a folder with one file a secret (dialect `files`). */
export function outputs(options: OutputFilesOptions): OutputFiles {
  const one = outputFiles(options)
  return {
    locked: (named, signal, work) => (named.endsWith('/') ? lockedFolder(named, signal, work, options) : one.locked(named, signal, work)),
  }
}

/**
 * Holds the folder's lock while `work` runs. What is read is one text with all that lies there; what is replaced are the files
 * that differ, together: the new generation is whole and on disk before one link is turned to it. A kill at any point leaves the
 * old or the new; what it left besides is removed at the next write. Files that hold what they should already, and all that has
 * no name of a variable, stay as they are. A folder that is not there is made, and belongs to whom its parent does.
 */
async function lockedFolder<T>(named: string, signal: AbortSignal, work: (file: LockedFile) => Promise<T>, options: OutputFilesOptions): Promise<T> {
  await makeFolder(options.lockDir, options.owner ?? null)
  const folder = await findFolder(named)
  const lock = join(options.lockDir, `${createHash('sha256').update(folder).digest('hex').slice(0, 32)}.output`)
  let entered = false
  try {
    return await locked(lock, { waitMs: options.timeoutMs ?? TIMEOUT_MS, owner: options.owner ?? null, signal }, async () => {
      entered = true
      if ((await findFolder(named)) !== folder) throw new KeyturnError('OUTPUT_LOCKED', `${named}: it became another folder while waiting for its lock`)
      return work(openedFolder(named, folder, signal, options))
    })
  } catch (error) {
    if (!entered && isKeyturnError(error, 'STORE_BUSY')) throw new KeyturnError('OUTPUT_LOCKED', `${named}: another process is writing it`)
    throw error
  }
}

/** The folder behind links, be it there or not. */
async function findFolder(named: string): Promise<string> {
  const path = resolve(named)
  const there = await look(path)
  try {
    const folder = there ? await realpath(path) : join(await realpath(dirname(path)), basename(path))
    if (!isFolder(there?.isSymbolicLink() ? await look(folder) : there))
      throw new KeyturnError('FILE_UNWRITABLE', `${named}: is a file, and one file a secret needs a folder`, {
        hint: 'Name a folder, or take another dialect.',
      })
    return folder
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && !there) throw new KeyturnError('FILE_UNWRITABLE', `${named}: its folder does not exist`, { hint: `mkdir -p ${dirname(path)}` })
    if (code === 'ENOENT' || code === 'ELOOP') throw new KeyturnError('FILE_UNWRITABLE', `${named}: a symbolic link that leads nowhere (${code})`)
    throw fromFileSystem(error, 'write', named)
  }
}

function openedFolder(named: string, folder: string, signal: AbortSignal, options: OutputFilesOptions): LockedFile {
  const notes: string[] = []
  let seen: Held | null = null
  const making = async (perm: number): Promise<Making> => ({ perm, owner: await ownerOf(named, folder), fault: options.fault ?? (() => {}) })
  return {
    notes,
    async read() {
      seen = await readHeld(folder)
      const texts = textsOf(seen, () => true)
      return texts.size === 0 ? null : folderText(texts)
    },
    async replace(text, perm) {
      const wanted = new Map([...filesOf(text)].map(([name, value]) => [name, value.reveal()]))
      const before = seen ?? (await readHeld(folder)) ?? { files: new Map(), generation: null }
      const changed = [...wanted].filter(([name, value]) => before.files.get(name)?.text !== value).map(([name]) => name)
      for (const name of changed) refuseOdd(named, name, before)
      // Git cannot be asked from within a folder that is not there.
      const asked = (await look(folder)) ? changed.map((name) => join(folder, name)) : [folder]
      for (const path of asked) await refuseTracked(path === folder ? named : join(named, basename(path)), path, options, notes)
      if (signal.aborted) throw ended(signal, named)
      try {
        await makeSecretsFolder(folder, perm, options)
        await removeLeftovers(folder)
        await replaceFiles({ named, folder, before, wanted, changed, signal }, await making(perm))
        seen = await readHeld(folder)
      } catch (error) {
        throw isKeyturnError(error) ? error : fromFileSystem(error, 'write', named)
      }
    },
    async leave(perm) {
      const held = await readHeld(folder)
      if (held) await makePlain(folder, held, await making(perm))
    },
  }
}

interface Replacement {
  readonly named: string
  readonly folder: string
  readonly before: Held
  readonly wanted: ReadonlyMap<string, string>
  readonly changed: readonly string[]
  readonly signal: AbortSignal
}

async function replaceFiles({ named, folder, before, wanted, changed, signal }: Replacement, making: Making): Promise<void> {
  let { generation } = before
  const kept = textsOf(before, (name, { how }) => how === 'ours' && wanted.has(name))
  const plain = changed.filter((name) => before.files.get(name)?.how === 'plain')
  if (plain.length > 0) {
    // Files of before us become part of a generation with the values they have, so that all change at once afterwards.
    const adopted = new Map([...kept, ...textsOf(before, (name) => plain.includes(name))])
    generation = await makeGeneration(folder, generation, adopted, making)
    await checkUnchanged(named, folder, before)
    await flip(folder, generation, making)
    for (const name of plain) await linkName(folder, name, making)
    await syncFolder(folder)
  }
  const next = new Map([...kept, ...changed.map((name) => [name, wanted.get(name) as string] as const)])
  const made = await makeGeneration(folder, generation, next, making)
  if (plain.length === 0) await checkUnchanged(named, folder, before)
  // The last look: from here to the link nothing waits for anybody.
  if (signal.aborted) throw ended(signal, named)
  await flip(folder, made, making)
  for (const name of changed.filter((one) => !before.files.has(one))) await linkName(folder, name, making)
  await syncFolder(folder)
  await removeLeftovers(folder)
  making.fault('cleaned')
  await syncFolder(folder)
}

const textsOf = (held: Held | null, which: (name: string, file: { readonly how: string }) => boolean): Map<string, string> =>
  new Map([...(held?.files ?? [])].flatMap(([name, file]) => (file.text !== null && which(name, file) ? [[name, file.text] as const] : [])))

/** An editor knows nothing of our lock: what was written since it was read stays. */
async function checkUnchanged(named: string, folder: string, before: Held): Promise<void> {
  const now = await readHeld(folder)
  for (const name of new Set([...before.files.keys(), ...(now?.files.keys() ?? [])])) {
    const [was, is] = [before.files.get(name), now?.files.get(name)]
    if (was?.text !== is?.text || was?.how !== is?.how) {
      await removeLeftovers(folder)
      throw new KeyturnError('OUTPUT_CHANGED', `${join(named, name)}: somebody wrote it while new values were written; it was left as they wrote it`)
    }
  }
}

function refuseOdd(named: string, name: string, before: Held): void {
  const file = before.files.get(name)
  if (!file || file.text !== null) return
  throw new KeyturnError('FILE_UNWRITABLE', `${join(named, name)}: is no text of at most 1 MB in a file of its own, so it is not replaced`, {
    hint: 'Move it away, then: secrets sync',
  })
}

async function refuseTracked(shown: string, path: string, options: OutputFilesOptions, notes: string[]): Promise<void> {
  const { tracked, note } = await options.isTracked(path)
  if (tracked)
    throw new KeyturnError('OUTPUT_TRACKED', `${shown}: git tracks this file`, {
      hint: `Run "git rm -r --cached ${shown}", add it to .gitignore, and run the command again.`,
    })
  if (note !== undefined && !notes.includes(note)) notes.push(note)
}

async function makeSecretsFolder(folder: string, perm: number, options: OutputFilesOptions): Promise<void> {
  try {
    await mkdir(folder, { mode: folderMode(perm) })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
    throw error
  }
  if (process.geteuid?.() === 0) {
    const { uid, gid } = options.owner ?? (await stat(dirname(folder)))
    const { chown } = await import('node:fs/promises')
    await chown(folder, uid, gid)
  }
  await syncFolder(dirname(folder))
}

async function ownerOf(named: string, folder: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const { uid, gid } = await stat(folder)
  const mine = process.geteuid?.() ?? uid
  if (mine !== 0 && mine !== uid)
    throw new KeyturnError('FILE_UNWRITABLE', `${named}: it belongs to user ${uid}, and only that user or root can write files there that stay theirs`, {
      hint: 'Run the command as that user, or with sudo.',
    })
  return { uid, gid }
}

const ended = (signal: AbortSignal, named: string): KeyturnError =>
  isKeyturnError(signal.reason) ? signal.reason : new KeyturnError('LEASE_LOST', `${named}: the time for this write was over; nothing was written`)
