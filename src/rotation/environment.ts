import { isKeyturnError, KeyturnError } from '../errors.ts'
import { dialectOf } from '../outputs/dialects/index.ts'
import { mergeEntries } from '../outputs/merge.ts'
import { readOutput } from '../outputs/write.ts'
import type { Entry } from '../ports.ts'
import type { Sensitive } from '../sensitive.ts'
import type { Output } from '../terms.ts'
import type { Engine } from './engine.ts'
import { expectedOf } from './expected.ts'

/** What a program reads from an output. */
export interface Environment {
  /** Settings and secrets, each name once. */
  readonly entries: readonly Entry[]
  /** Those of them that come from the store. */
  readonly managed: readonly Entry[]
  /** Variables of secrets without a value in the store: they are as the file has them. */
  readonly missing: readonly string[]
}

/**
 * The variables that a reader of this output would get if it were in line with the store now: the settings of the file, references
 * to secrets resolved with their current values, and the secrets. Writes nothing, so values that the file could not hold are given too.
 *
 * @throws KeyturnError ENV_UNREADABLE, FILE_UNREADABLE; and what the store throws.
 */
export async function environmentOf(engine: Engine, output: Output): Promise<Environment> {
  const { entries: managed, missing } = await expectedOf(engine, output)
  const held = output.dialect === 'files' ? [] : settingsOf(output, await readOutput(output.target), managed)
  const all = new Map<string, Entry>([...held, ...managed].map((entry) => [entry.name, entry]))
  return { entries: [...all.values()], managed, missing }
}

function settingsOf(output: Output, text: Sensitive<string> | null, managed: readonly Entry[]): readonly Entry[] {
  if (text === null) return []
  const dialect = dialectOf(output.dialect)
  try {
    return dialect.parse(merged(text))
  } catch (error) {
    if (!isKeyturnError(error)) throw error
    throw new KeyturnError(error.code, `${output.file}: ${error.message}`, { hint: error.hint })
  }

  function merged(before: Sensitive<string>): Sensitive<string> {
    try {
      return mergeEntries(before, managed, dialect)
    } catch (error) {
      // What the file cannot hold still has a value, and the settings are the same.
      if (isKeyturnError(error, 'ENV_NOT_REPRESENTABLE')) return before
      throw error
    }
  }
}
