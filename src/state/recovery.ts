import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { placeOver, type Writing, writeTemp } from './files.ts'

/** What became of the recovery key: without one, whoever loses this machine loses the store. */
export interface RecoveryNote {
  /** Its public half (`age1...`); `null` where none was made. */
  readonly recipient: string | null
  /** `typed`: a person typed its end. `file`: it was written to a file that the user named. `skipped`: there is none. */
  readonly how: 'typed' | 'file' | 'skipped'
  /** When that was, or when it was last verified. Milliseconds since 1970. */
  readonly at: number
}

const NAME = 'recovery.json'

/** The note in a state folder; `null` where there is none, or none that can be read: it is only a reminder. */
export function readRecoveryNote(state: string): RecoveryNote | null {
  try {
    const note = JSON.parse(readFileSync(join(state, NAME), 'utf8')) as Partial<RecoveryNote>
    const known = note.how === 'typed' || note.how === 'file' || note.how === 'skipped'
    return known && typeof note.at === 'number' ? { recipient: note.recipient ?? null, how: note.how as RecoveryNote['how'], at: note.at } : null
  } catch {
    return null
  }
}

/**
 * Replaces the note; the folder must be there. May be repeated.
 *
 * @throws KeyturnError DISK_FULL or FILE_UNWRITABLE.
 */
export async function writeRecoveryNote(state: string, note: RecoveryNote, writing: Writing): Promise<void> {
  const temp = await writeTemp(state, Buffer.from(`${JSON.stringify(note)}\n`), writing)
  try {
    await placeOver(temp, join(state, NAME), writing)
  } finally {
    await rm(temp, { force: true })
  }
}
