import { appendFileSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The folder of one `vitest run`: the program as built for it, and what could not be tested. Made and removed by the global set-up. */

declare module 'vitest' {
  interface ProvidedContext {
    runFolder: string
    /** Why the program could not be built; empty when it was. */
    buildError: string
  }
}

/** Something that a test needs and that this machine has not. */
export interface Missing {
  readonly what: string
  readonly reason: string
}

const listOf = (runFolder: string) => path.join(runFolder, 'missing.jsonl')

export function recordMissing(runFolder: string, missing: Missing): void {
  appendFileSync(listOf(runFolder), `${JSON.stringify(missing)}\n`)
}

/** Each once, however many test files met it. */
export function readMissing(runFolder: string): readonly Missing[] {
  let text = ''
  try {
    text = readFileSync(listOf(runFolder), 'utf8')
  } catch {
    return []
  }
  const lines = new Set(text.split('\n').filter((line) => line !== ''))
  return [...lines].map((line) => JSON.parse(line) as Missing)
}
