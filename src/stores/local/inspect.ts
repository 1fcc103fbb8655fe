import { isKeyturnError, type KeyturnError } from '../../errors.ts'
import type { Token } from '../../terms.ts'
import { eachOf } from './each.ts'
import { damaged, type RecordReader } from './reader.ts'
import type { Shelf } from './shelf.ts'

/** One file of the store, for `doctor`, `identity verify` and `backup`. */
export interface StoreFile {
  /** Relative to the store's folder. */
  readonly file: string
  readonly kind: 'current' | 'version' | null
  readonly path: string | null
  readonly token: Token | null
  /** Who can read it. */
  readonly readers: readonly string[]
  readonly writer: string | null
  /** Why it cannot be used. */
  readonly problem: KeyturnError | null
}

/** Opens every file of the store; a broken one is listed with its problem, and the others with it. */
export async function filesOf(shelf: Shelf, reader: RecordReader): Promise<readonly StoreFile[]> {
  const files = await eachOf(await shelf.all(), 16, async (file): Promise<StoreFile | null> => {
    const name = shelf.name(file)
    try {
      const found = await reader.any(file)
      if (!found) return null
      const { record, readers, writer } = found
      const place = record.kind === 'current' ? shelf.currentFile(record.path) : shelf.versionFile(record.path, record.seq, record.token)
      const problem = place === file ? null : damaged(file, `belongs in ${shelf.name(place)}`)
      return { file: name, kind: record.kind, path: record.path, token: record.kind === 'version' ? record.token : null, readers, writer, problem }
    } catch (error) {
      if (!isKeyturnError(error)) throw error
      return { file: name, kind: null, path: null, token: null, readers: [], writer: null, problem: error }
    }
  })
  return files.filter((file) => file !== null)
}
