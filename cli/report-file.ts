import { lstatSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { KeyturnError } from '../src/errors.ts'
import type { CommandContext } from './context.ts'
import type { Pieces } from './output.ts'

/**
 * Writes a report: the old one or the new one is there, whatever happens in between, and for its owner alone, since names and ages are nobody
 * else's business. May be repeated.
 *
 * @param file - absolute
 * @throws FILE_UNWRITABLE where something else than a report has that name: a folder, a link, a device, or a file that the project lives on.
 */
export async function writeReport(context: CommandContext, file: string, pieces: Pieces): Promise<void> {
  const { random, inventory } = await context.app()
  refuse(file, [inventory.file, ...inventory.outputs.map(({ target }) => target)])
  const { placeOver, writeTemp } = await import('../src/state/files.ts')
  const temp = await writeTemp(dirname(file), await bytesOf(pieces), { random, owner: null })
  await placeOver(temp, file, { random, owner: null })
}

/** Characters held as text before they become bytes: as one text, a large report would be in memory three times. */
const CHUNK = 256 * 1024

async function bytesOf(pieces: Pieces): Promise<Buffer> {
  const chunks: Buffer[] = []
  let held = ''
  for await (const piece of pieces) {
    held += piece
    if (held.length < CHUNK) continue
    chunks.push(Buffer.from(held))
    held = ''
  }
  chunks.push(Buffer.from(held))
  const bytes = Buffer.concat(chunks)
  return bytes.at(-1) === 0x0a ? bytes : Buffer.concat([bytes, Buffer.from('\n')])
}

function refuse(file: string, ours: readonly string[]): void {
  const no = (what: string, hint: string): never => {
    throw new KeyturnError('FILE_UNWRITABLE', `${file}: ${what}`, { hint })
  }
  if (ours.includes(file)) no('this project lives on that file', 'choose another name for the report')
  const found = look(file)
  if (found?.isDirectory()) no('that is a folder', 'name a file in it')
  // Renaming over a link or a device would put a plain file in its place.
  if (found && !found.isFile()) no('that is no regular file', 'without --output the report goes to stdout')
  if (!look(dirname(file))) no('there is no such folder', 'make the folder first')
}

const look = (file: string): Stats | undefined => {
  try {
    return lstatSync(file, { throwIfNoEntry: false })
  } catch {
    // Not allowed, or a file where a folder should be: the write says so in its own words.
    return undefined
  }
}
