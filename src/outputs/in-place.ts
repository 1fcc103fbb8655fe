import { constants } from 'node:fs'
import { lstat, open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { KeyturnError } from '../errors.ts'
import { syncFolder } from '../state/files.ts'

/**
 * A single file that is mounted into a container cannot be replaced by a rename, only be written where it is, and a kill may
 * leave half of each text. So both texts are put beside it first, and the next writer finishes what a killed one began.
 */

const redoName = (file: string): string => join(dirname(file), `.${basename(file)}.keyturn-redo`)

/**
 * Writes over the file where it is, reads it back and sets its mode. `temp` is a file of ours beside it, of mode 0600, which
 * is used up. Throws file system errors as they are, FILE_UNWRITABLE where it does not read back; the old text is put back
 * as far as the disk allows.
 */
export async function writeInPlace(file: string, text: Buffer, perm: number, temp: string, fault: (point: string) => void): Promise<void> {
  const old = await readFile(file)
  const redo = redoName(file)
  const handle = await open(temp, constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW)
  try {
    await handle.writeFile(JSON.stringify({ old: old.toString('base64'), text: text.toString('base64') }))
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temp, redo)
  await syncFolder(dirname(file))
  fault('redo kept')
  try {
    await overwrite(file, text, perm, fault)
  } catch (error) {
    // Best effort: if even this fails, the next writer tries it again from what was kept.
    await overwrite(file, old, perm, () => {})
    await rm(redo, { force: true })
    throw error
  }
  await rm(redo, { force: true })
  await syncFolder(dirname(file))
}

/**
 * Finishes a write in place that was killed. Only for whoever holds the file's lock. A file that is no mix of the two texts
 * was mended by hand meanwhile and stays as it is.
 */
export async function finishInPlace(file: string, perm: number | null): Promise<void> {
  const redo = redoName(file)
  if (!(await lstat(redo).catch(() => null))) return
  const kept = await readKept(redo)
  if (kept) {
    const { old, text } = kept
    const now = await readFile(file).catch(() => null)
    if (now && !now.equals(old) && !now.equals(text) && isMix(now, text, old)) await overwrite(file, text, perm, () => {})
  }
  await rm(redo, { force: true })
}

async function readKept(redo: string): Promise<{ readonly old: Buffer; readonly text: Buffer } | null> {
  try {
    const handle = await open(redo, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = await handle.stat()
      // Written by us, or by root: what somebody else laid there is not written anywhere.
      if (!stat.isFile() || (stat.uid !== 0 && stat.uid !== process.geteuid?.())) return null
      const { old, text } = JSON.parse((await handle.readFile()).toString()) as { old: string; text: string }
      return { old: Buffer.from(old, 'base64'), text: Buffer.from(text, 'base64') }
    } finally {
      await handle.close()
    }
  } catch {
    return null
  }
}

/** The new text up to some point, the old one behind it: what a kill in the middle of a write leaves. */
function isMix(now: Buffer, text: Buffer, old: Buffer): boolean {
  let same = 0
  while (same < now.length && same < text.length && now[same] === text[same]) same++
  for (let cut = same; cut >= 0; cut--) if (now.subarray(cut).equals(old.subarray(cut))) return true
  return false
}

async function overwrite(file: string, text: Buffer, perm: number | null, fault: (point: string) => void): Promise<void> {
  const handle = await open(file, constants.O_RDWR | constants.O_NOFOLLOW)
  try {
    const half = text.length >> 1
    await writeAll(handle, text.subarray(0, half), 0)
    fault('half in place')
    await writeAll(handle, text.subarray(half), half)
    await handle.truncate(text.length)
    if (perm !== null) await handle.chmod(perm)
    await handle.sync()
    fault('in place')
    const back = Buffer.alloc(text.length + 1)
    const { bytesRead } = await handle.read(back, 0, back.length, 0)
    if (bytesRead !== text.length || !back.subarray(0, bytesRead).equals(text))
      throw new KeyturnError('FILE_UNWRITABLE', `${file}: it does not hold what was written into it`)
  } finally {
    await handle.close()
  }
}

async function writeAll(handle: Awaited<ReturnType<typeof open>>, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten
}
