import { readFileSync } from 'node:fs'
import { fromFileSystem } from '../errors.ts'

/**
 * The text of an ignore file; `null` where there is none.
 *
 * @throws KeyturnError FILE_UNREADABLE.
 */
export function readIgnoreFile(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return null
    throw fromFileSystem(error, 'read', file)
  }
}
