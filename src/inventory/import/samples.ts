import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { compose } from '../../outputs/dialects/compose.ts'
import { decodeText, MAX_TEXT_BYTES } from '../../outputs/text.ts'
import { readWhole } from '../../state/files.ts'
import { readVariables } from './read.ts'

/** What projects call the env file that everybody gets: `.env.example`, `env.sample`, `prod.env.template`, `example.env`. */
const SAMPLE = /^(?=.*env)(.*[._-])?(examples?|samples?|template|dist|defaults?)([._-].*)?$/i

/** More than any project has in one folder. */
const MOST_FILES = 20

/**
 * The values that stand in a project's own sample files: whoever has the code has them. What cannot be read is left out, since nobody should be
 * kept from rotating by a broken sample.
 *
 * @param dir - absolute
 */
export async function readSamples(dir: string): Promise<ReadonlySet<string>> {
  const names = await readdir(dir).catch(() => [])
  const values = new Set<string>()
  for (const name of names.filter((one) => SAMPLE.test(one)).slice(0, MOST_FILES)) {
    const found = await readWhole(join(dir, name), MAX_TEXT_BYTES).catch(() => null)
    if (found === null) continue
    try {
      for (const { value } of readVariables(decodeText(found.bytes, name), compose, name)) if (value.reveal() !== '') values.add(value.reveal())
    } catch {
      // Not an env file after all.
    }
  }
  return values
}
