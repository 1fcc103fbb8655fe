import { readdirSync } from 'node:fs'

/** Names in a folder; none where it is not there or may not be read. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
