import { createHash } from 'node:crypto'
import { constants, existsSync, readFileSync, renameSync, type Stats } from 'node:fs'
import { lstat, open, readdir, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fromFileSystem, isKeyturnError, KeyturnError } from '../errors.ts'
import type { LockedFile, OutputFiles, Random } from '../ports.ts'
import type { Sensitive } from '../sensitive.ts'
import { makeFolder, syncFolder } from '../state/files.ts'
import { locked } from '../state/lock.ts'
import type { Owner } from '../state/paths.ts'
import { finishInPlace, writeInPlace } from './in-place.ts'
import { findTarget, type Target } from './target.ts'
import { decodeText, MAX_TEXT_BYTES } from './text.ts'
import type { Tracked } from './tracked.ts'

export interface OutputFilesOptions {
  /** Folder of the lock files, on a local disk; made if it is not there. Whoever shares it takes turns. */
  readonly lockDir: string
  /** Whether git tracks a file (a real path). */
  readonly isTracked: (file: string) => Promise<Tracked>
  /** Who mounts a file by itself (a real path), so that a new one in its place would not be seen; in words. Absent: what the rename says. */
  readonly isMounted?: (file: string) => Promise<string | null>
  readonly random: Random
  /** How long to wait for another writer before OUTPUT_LOCKED. Default 30 s: a writer reads the store while it holds the lock. */
  readonly timeoutMs?: number
  /** Under sudo, the caller: lock files and new outputs are theirs. */
  readonly owner?: Owner | null
  /** For tests: called at named points, where a kill may come. */
  readonly fault?: (point: string) => void
}

const TIMEOUT_MS = 30_000

/**
 * Output files on this machine's disk. The lock is one that the kernel releases, one a real path: two names of one file
 * share it, and so do all inventories with the same `lockDir`. Others are found out by what stands in the file: right before the
 * rename it must still be what was read (OUTPUT_CHANGED). The new text stands in a file beside the old one (0600, unpredictable name, flushed) before a rename puts it in
 * place, so that a reader and a kill see the old or the new. What killed writers left is removed at the next write.
 *
 * A symbolic link stays: the file it names is replaced. The owner of an existing file stays; if that is not possible, nothing
 * is written (FILE_UNWRITABLE). A mounted single file is written in place, and {@link LockedFile.notes} says so.
 */
export function outputFiles(options: OutputFilesOptions): OutputFiles {
  return {
    async locked(named, signal, work) {
      await makeFolder(options.lockDir, options.owner ?? null)
      const target = await findTarget(named)
      const lock = join(options.lockDir, `${createHash('sha256').update(target.file).digest('hex').slice(0, 32)}.output`)
      let entered = false
      try {
        return await locked(lock, { waitMs: options.timeoutMs ?? TIMEOUT_MS, owner: options.owner ?? null, signal, vanishes: true }, async () => {
          entered = true
          // Somebody may have turned the link while we waited: then this is the wrong lock.
          if ((await findTarget(named)).file !== target.file)
            throw new KeyturnError('OUTPUT_LOCKED', `${named}: it became another file while waiting for its lock`)
          await finishInPlace(target.file, null)
          return work(openedFile(target, signal, options))
        })
      } catch (error) {
        if (!entered && isKeyturnError(error, 'STORE_BUSY')) throw new KeyturnError('OUTPUT_LOCKED', `${named}: another process is writing it`)
        if (!entered && signal.aborted) throw ended(signal, named)
        throw error
      }
    },
  }
}

function openedFile(target: Target, signal: AbortSignal, options: OutputFilesOptions): LockedFile {
  const notes: string[] = []
  /** What was read, by its hash; `undefined`: nothing was read, so whatever is there may go. */
  let seen: string | null | undefined
  return {
    notes,
    async read() {
      const bytes = await readBytes(target)
      seen = bytes && hashOf(bytes)
      return bytes && decodeText(bytes, target.named)
    },
    async replace(text, perm) {
      const { tracked, note } = await options.isTracked(target.file)
      if (tracked)
        throw new KeyturnError('OUTPUT_TRACKED', `${target.named}: git tracks this file`, {
          hint: `Run "git rm --cached ${target.named}", add it to .gitignore, and run the command again.`,
        })
      if (note !== undefined) notes.push(note)
      const before = await lstat(target.file).catch(() => null)
      await removeLeftovers(target)
      if (signal.aborted) throw ended(signal, target.named)
      const bytes = Buffer.from(text.reveal())
      const mounted = before?.isFile() ? ((await options.isMounted?.(target.file)) ?? null) : null
      const how = await writeFile(target, { before, seen, text: bytes, perm, signal, mounted: mounted !== null }, options)
      seen = hashOf(bytes)
      const who = mounted === null ? '' : ` (${mounted})`
      if (how === 'in place')
        notes.push(`${target.named} is mounted on its own${who} and cannot be replaced as a whole: it was written in place; a reader may have seen half of it`)
    },
  }
}

/** What stands in an output now, without its lock; `null`: nothing. For what only looks. Throws as {@link LockedFile.read} does. */
export async function readOutput(named: string): Promise<Sensitive<string> | null> {
  return existsSync(named) ? readText(await findTarget(named)) : null
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

async function readText(target: Target): Promise<Sensitive<string> | null> {
  const bytes = await readBytes(target)
  return bytes && decodeText(bytes, target.named)
}

async function readBytes({ file, named }: Target): Promise<Buffer | null> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const { size } = await handle.stat()
      if (size > MAX_TEXT_BYTES) throw new KeyturnError('ENV_UNREADABLE', `${named}: larger than 16 MB, so it is no env file`)
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw fromFileSystem(error, 'read', named)
  }
}

interface Write {
  readonly before: Stats | null
  readonly seen: string | null | undefined
  readonly text: Buffer
  readonly perm: number
  readonly signal: AbortSignal
  readonly mounted: boolean
}

async function writeFile(target: Target, { before, seen, text, perm, signal, mounted }: Write, options: OutputFilesOptions): Promise<'renamed' | 'in place'> {
  const temp = join(target.folder, `${tempPrefix(target)}${Buffer.from(options.random.bytes(12)).toString('hex')}.tmp`)
  const fault = options.fault ?? (() => {})
  try {
    const handle = await open(temp, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
    try {
      fault('temp made')
      const half = text.length >> 1
      await handle.writeFile(text.subarray(0, half))
      fault('temp half written')
      await handle.writeFile(text.subarray(half))
      await keepOwner(handle, target, before, perm, options.owner ?? null)
      await handle.chmod(perm)
      await handle.sync()
      fault('temp written')
    } finally {
      await handle.close()
    }
    // The last look: from here to the rename nothing waits for anybody.
    if (signal.aborted) throw ended(signal, target.named)
    refuseOthersText(target, seen)
    if (mounted) {
      await writeInPlace(target.file, text, perm, temp, fault)
      return 'in place'
    }
    try {
      renameSync(temp, target.file)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (!before || (code !== 'EBUSY' && code !== 'EXDEV')) throw error
      await writeInPlace(target.file, text, perm, temp, fault)
      return 'in place'
    }
    fault('renamed')
    await syncFolder(target.folder)
    return 'renamed'
  } catch (error) {
    await rm(temp, { force: true }).catch(() => {})
    throw fromFileSystem(error, 'write', target.named)
  }
}

/** An editor, or a process of another user, knows nothing of our lock: what was written since it was read stays. */
function refuseOthersText({ file, named }: Target, seen: string | null | undefined): void {
  if (seen === undefined) return
  let now: string | null = null
  try {
    now = hashOf(readFileSync(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  if (now !== seen) throw new KeyturnError('OUTPUT_CHANGED', `${named}: somebody wrote it while new values were merged into it; it is as they left it`)
}

type Handle = Awaited<ReturnType<typeof open>>

async function keepOwner(handle: Handle, target: Target, before: Stats | null, perm: number, owner: Owner | null): Promise<void> {
  const mine = await handle.stat()
  const root = process.geteuid?.() === 0
  // As root, a new file belongs to whom the folder does: a project's files are read by its user.
  const wanted = before ?? (root ? (owner ?? (await stat(target.folder))) : mine)
  if (wanted.uid === mine.uid && wanted.gid === mine.gid) return
  if (root) return handle.chown(wanted.uid, wanted.gid)
  if (wanted.uid !== mine.uid)
    throw new KeyturnError(
      'FILE_UNWRITABLE',
      `${target.named}: it belongs to user ${wanted.uid}, and only that user or root can replace it and keep it theirs`,
      {
        hint: 'Run the command as that user, or with sudo.',
      },
    )
  try {
    await handle.chown(mine.uid, wanted.gid)
  } catch (error) {
    // A group that the mode gives nothing to may change.
    if ((perm & 0o070) !== 0) throw error
  }
}

const tempPrefix = (target: Target): string => `.${basename(target.file)}.keyturn-`
const LEFTOVER = /^[0-9a-f]{24}\.tmp$/

// The lock is held: whoever made these is dead.
async function removeLeftovers(target: Target): Promise<void> {
  const prefix = tempPrefix(target)
  try {
    for (const name of await readdir(target.folder))
      if (name.startsWith(prefix) && LEFTOVER.test(name.slice(prefix.length))) await rm(join(target.folder, name), { force: true })
  } catch (error) {
    throw fromFileSystem(error, 'write', target.named)
  }
}

/** Why the signal aborted, as an error of ours: an interrupt keeps its own code. */
const ended = (signal: AbortSignal, named: string): KeyturnError =>
  isKeyturnError(signal.reason) ? signal.reason : new KeyturnError('LEASE_LOST', `${named}: the time for this write was over; nothing was written`)
