import { isKeyturnError, KeyturnError } from '../../errors.ts'
import { openSealed } from './envelope.ts'
import type { Keyring } from './keyring.ts'
import { type CurrentRecord, decodeRecord, type StoreRecord, type VersionRecord } from './record.ts'
import type { Shelf } from './shelf.ts'

/** Reads records and says exactly what is wrong with a file. */
export interface RecordReader {
  /** `null`: no such file. STORE_DAMAGED naming it, STORE_NEWER, IDENTITY_WRONG where nothing of the store opens. */
  current(path: string): Promise<CurrentRecord | null>
  /** The version in a file that `versionFiles` named. */
  version(path: string, file: string): Promise<VersionRecord | null>
  /** Whatever record lies in this file, wherever it belongs. */
  any(file: string): Promise<{ readonly record: StoreRecord; readonly readers: readonly string[]; readonly writer: string } | null>
}

export interface RecordReaderOptions {
  readonly shelf: Shelf
  readonly inventoryId: string
  readonly ring: () => Promise<Keyring>
  /** Recipients whose writing counts. */
  readonly trusted: () => readonly string[]
}

export function recordReader({ shelf, inventoryId, ring, trusted }: RecordReaderOptions): RecordReader {
  const any: RecordReader['any'] = async (file) => {
    const bytes = await shelf.read(file)
    if (!bytes) return null
    const keys = await ring()
    const opened = await openSealed(bytes, keys, trusted())
    if (!opened.ok) {
      if (opened.why === 'foreign' && !(await opensAnother(file, keys))) {
        throw new KeyturnError(
          'IDENTITY_WRONG',
          `the key of this machine (${keys.own.join(', ')}) opens no file of the store in ${shelf.lock.replace(/\/lock$/, '')}`,
        )
      }
      throw damaged(file, opened.seen)
    }
    const record = decodeRecord(opened.body, file)
    if ('wrong' in record) throw damaged(file, record.wrong)
    if (record.inventory !== inventoryId) throw damaged(file, `belongs to inventory ${record.inventory}`)
    return { record, readers: opened.readers, writer: opened.writer }
  }

  /** Only asked once something went wrong: is it this file, or the key? */
  const opensAnother = async (file: string, keys: Keyring): Promise<boolean> => {
    let tried = 0
    for (const other of await shelf.all()) {
      if (other === file) continue
      if (++tried > 50) return false
      try {
        const bytes = await shelf.read(other)
        if (bytes && (await openSealed(bytes, keys, null)).ok) return true
      } catch (error) {
        if (!isKeyturnError(error)) throw error
      }
    }
    return false
  }

  return {
    any,
    async current(path) {
      const file = shelf.currentFile(path)
      const record = (await any(file))?.record
      if (!record) return null
      if (record.kind !== 'current' || record.path !== path) throw damaged(file, misplaced(record))
      return record
    },
    async version(path, file) {
      const record = (await any(file))?.record
      if (!record) return null
      // The name is made from number and token, so a file under another version's name is found out as well.
      if (record.kind !== 'version' || record.path !== path || shelf.versionFile(path, record.seq, record.token) !== file)
        throw damaged(file, misplaced(record))
      return record
    },
  }
}

export function damaged(file: string, seen: string): KeyturnError {
  return new KeyturnError('STORE_DAMAGED', `${file}: ${seen}`)
}

function misplaced(record: StoreRecord): string {
  const what = record.kind === 'current' ? 'the current document' : `version ${record.token}`
  return `is ${what} of ${record.path}, moved here from its place`
}
