import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Where others' files are, many thousands of them, and nothing that a person builds from. */
const SKIPPED = new Set(['.git', '.hg', '.svn', 'node_modules', '.venv', 'venv', '__pycache__', '.tox', '.terraform', '.next', '.cache', 'vendor', 'target'])

/** A project's own folders are seldom deeper. */
const DEEPEST = 8

/** Names looked at: half a second on a slow disk. */
const MOST = 50_000

/** Files below a folder, found by their names alone. */
export interface Walked {
  /** Absolute paths of regular files and symbolic links. */
  readonly files: readonly string[]
  /** Some folders were too many or too deep, or may not be read: what lies in them is not known. */
  readonly cut: boolean
}

/** Names below a folder that one is interested in. Links to folders are not followed. Never throws. */
export function filesNamed(root: string, wanted: (name: string) => boolean): Walked {
  const files: string[] = []
  let seen = 0
  let cut = false
  let level: readonly string[] = [root]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return { files, cut: true }
    const next: string[] = []
    for (const folder of level) {
      const entries = entriesOf(folder)
      cut ||= entries === null
      for (const entry of entries ?? []) {
        if (entry.isDirectory()) {
          if (!SKIPPED.has(entry.name)) next.push(join(folder, entry.name))
        } else if ((entry.isFile() || entry.isSymbolicLink()) && wanted(entry.name)) files.push(join(folder, entry.name))
        if (++seen > MOST) return { files, cut: true }
      }
    }
    level = next
  }
  return { files, cut }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return null
  }
}
