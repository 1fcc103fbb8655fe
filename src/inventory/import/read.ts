import { isKeyturnError, KeyturnError } from '../../errors.ts'
import type { EnvDialect } from '../../outputs/dialects/define.ts'
import { type AssignLine, type Line, lexLines } from '../../outputs/lines.ts'
import { Sensitive } from '../../sensitive.ts'
import type { EnvVariable } from './classify.ts'

/** How many comment lines before a variable still speak of it. */
const COMMENT_LINES = 12

/**
 * The assignments of an env file as its reader takes them, with line and comments. Of a name that is assigned several
 * times all are given; all but the last are marked as duplicates.
 *
 * @throws KeyturnError ENV_UNREADABLE naming file and line.
 */
export function readVariables(text: Sensitive<string>, dialect: EnvDialect, file: string): readonly EnvVariable[] {
  const { syntax } = dialect
  if (syntax === null) throw new KeyturnError('UNSUPPORTED', `${file}: dialect "${dialect.name}" is not made of lines`, { hint: 'give an env file' })
  try {
    const lines = lexLines(text, syntax)
    const places = placesOf(lines)
    const bindings = dialect.bindings(text).reveal()
    const last = new Map(bindings.map((binding, at) => [binding.name, at]))
    const seen = new Map<string, number>()
    return bindings.map((binding, at) => {
      const nth = seen.get(binding.name) ?? 0
      seen.set(binding.name, nth + 1)
      const place = places.get(binding.name)?.[nth]
      // `NAME= # words`: Compose takes the words for the value. Nobody means that.
      const swallowed = binding.source.startsWith('#') && place?.line.value.reveal() === ''
      return {
        name: binding.name,
        value: new Sensitive(swallowed ? '' : binding.value),
        written: new Sensitive(swallowed ? '' : binding.source),
        swallowed,
        line: place?.line.number ?? 0,
        comments: place?.comments ?? [],
        quoting: place === undefined || place.line.quote === '' || place.line.quote === '`' ? 'none' : place.line.quote === "'" ? 'single' : 'double',
        duplicate: last.get(binding.name) !== at,
      }
    })
  } catch (error) {
    if (!isKeyturnError(error, 'ENV_UNREADABLE') || error.message.startsWith(file)) throw error
    throw new KeyturnError('ENV_UNREADABLE', `${file}: ${error.message}`, { hint: error.hint })
  }
}

interface Place {
  readonly line: AssignLine
  readonly comments: readonly string[]
}

/** By name, in the order of the file: where it is assigned, and what the comments around say. */
function placesOf(lines: readonly Line[]): ReadonlyMap<string, readonly Place[]> {
  const places = new Map<string, Place[]>()
  let block: string[] = []
  for (const line of lines) {
    if (line.kind === 'comment') block.push(wordsOfComment(line.raw))
    else if (line.kind !== 'assign') block = []
    else {
      const behind = wordsOfComment(line.tail)
      const comments = behind === '' ? block : [...block, behind]
      const known = places.get(line.name) ?? []
      places.set(line.name, [...known, { line, comments: comments.slice(-COMMENT_LINES) }])
      // A block speaks of the first variable below it: the next ones stand under their own.
      block = []
    }
  }
  return places
}

/** The words of a comment, without its `#`. They are told to nobody: only rules look at them. */
const wordsOfComment = (raw: Sensitive<string>): string =>
  raw
    .reveal()
    .replace(/^\s*#+\s?/, '')
    .trim()
