import { readFileSync } from 'node:fs'
import { Sensitive } from '../sensitive.ts'
import type { Output } from '../terms.ts'
import { dialectOf } from './dialects/index.ts'

/** Stands for a value that may be secret: only that there is one may be known. */
export const HIDDEN = '(set)'

/**
 * What some settings are in an output, by name. Of the variables of secrets only whether they are set: nothing of their values leaves this function. `null` where
 * the file is not there or cannot be read.
 *
 * @param secret - names of variables that hold secrets
 */
export function readSettings(output: Output, names: ReadonlySet<string>, secret: ReadonlySet<string>): ReadonlyMap<string, string> | null {
  try {
    const entries = dialectOf(output.dialect).parse(new Sensitive(readFileSync(output.target, 'utf8')))
    const found = new Map<string, string>()
    for (const { name, value } of entries) {
      if (!names.has(name)) continue
      const text = value.reveal()
      found.set(name, secret.has(name) && text !== '' ? HIDDEN : text)
    }
    return found
  } catch {
    return null
  }
}
