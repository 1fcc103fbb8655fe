import path from 'node:path'
import { KeyturnError } from '../../errors.ts'
import { expandGlob } from './glob.ts'
import { type Line, readLines } from './lines.ts'

/**
 * An Asterisk configuration file with all that it includes, as Asterisk puts it together: sections with their settings in
 * the order in which they apply, each with the place where it stands. Follows `process_text_line` of `main/config.c`
 * (release tags 16 to 23); what Asterisk refuses is refused here, before anything is written.
 */

export interface ConfFile {
  /** Absolute, on this machine. */
  readonly path: string
  /** One character a byte. */
  readonly text: string
  /** How often it was included: an edit of one that is included twice would change two places. */
  uses: number
}

/** Where a value stands. */
export interface Piece {
  readonly file: ConfFile
  readonly line: number
  /** Where the key begins. */
  readonly keyStart: number
  /** Right behind `=`, `=>` or `+=`. */
  readonly after: number
  /** The value as written, without blanks around it; equal for an empty one. */
  readonly start: number
  readonly end: number
  /** Nothing but the value stands there: no comment begins or ends in its midst. */
  readonly solid: boolean
}

export interface Setting {
  name: string
  value: string
  /** Copied from another section by `[x](base)`. */
  readonly inherited: boolean
  /** Put together so that no edit of one place sets it: inherited and then added to, or hit by a `+=` that meant another line. */
  tangled: boolean
  /** The section whose text it stands in. */
  readonly owner: Section
  /** The first sets it, the others append to it (`+=`). */
  readonly pieces: Piece[]
}

export interface Header {
  readonly file: ConfFile
  readonly line: number
  readonly start: number
  /** Right behind `]`, where options begin if there are any. */
  readonly nameEnd: number
  /** Right behind `)`, or behind `]`. */
  readonly end: number
  readonly options: readonly string[]
}

export interface Section {
  readonly name: string
  readonly header: Header
  /** `[x](+)`: further headers of the same section. */
  readonly additions: Header[]
  template: boolean
  readonly bases: Section[]
  readonly settings: Setting[]
  /** The stretches of text that belong to it. */
  readonly regions: Region[]
}

export interface Region {
  readonly file: ConfFile
  readonly from: number
  to: number
  /** End of the last line in it that means something. */
  lastEnd: number
}

export interface Conf {
  readonly files: readonly ConfFile[]
  readonly sections: readonly Section[]
  /** Places of `#exec` lines: what they give cannot be seen from here. */
  readonly execs: readonly string[]
}

/** Gives the text of a file, one character a byte; `null` where Asterisk would find no regular file. */
export type ReadConfFile = (file: string) => Promise<string | null>

/** As in Asterisk. */
const DEEPEST_INCLUDE = 10

/**
 * Reads and understands the file. Throws PROVIDER_CONFIG with file and line for what Asterisk would refuse as a whole, and
 * whatever `read` throws.
 *
 * `etc` is where the folder of the file lies as Asterisk sees it: absolute includes below it are looked for beside the file.
 */
export async function readConf(file: string, etc: string, read: ReadConfFile): Promise<Conf> {
  const reader: Reader = { dir: path.dirname(file), etc, read, files: new Map(), sections: [], execs: [], current: null }
  if (!(await include(reader, file, 1))) {
    throw new KeyturnError('PROVIDER_CONFIG', `${file}: there is no such file`, {
      hint: 'Set "config:" of the rotator to the ari.conf that Asterisk reads, as this machine sees it.',
    })
  }
  return { files: [...reader.files.values()], sections: reader.sections, execs: reader.execs }
}

interface Reader {
  readonly dir: string
  readonly etc: string
  readonly read: ReadConfFile
  readonly files: Map<string, ConfFile>
  readonly sections: Section[]
  readonly execs: string[]
  /** The section that an included file goes on with. */
  current: Section | null
}

/** False: no such file. */
async function include(reader: Reader, file: string, depth: number): Promise<boolean> {
  const text = reader.files.get(file)?.text ?? (await reader.read(file))
  if (text === null) return false
  const source = reader.files.get(file) ?? { path: file, text, uses: 0 }
  source.uses++
  reader.files.set(file, source)

  let section = reader.current
  let region = section === null ? null : openRegion(section, source, 0)
  for (const line of readLines(text)) {
    if (line.text.startsWith('[')) {
      if (region !== null) region.to = line.start
      section = readHeader(reader, source, line)
      region = openRegion(section, source, line.start)
    } else if (line.text.startsWith('#')) {
      await readDirective(reader, source, line, depth)
    } else {
      if (section === null) throw malformed(source, line, 'a setting stands before the first [section]')
      readSetting(section, source, line)
    }
    if (region !== null) region.lastEnd = line.end
  }
  return true
}

function openRegion(section: Section, file: ConfFile, from: number): Region {
  const region = { file, from, to: file.text.length, lastEnd: from }
  section.regions.push(region)
  return region
}

function readHeader(reader: Reader, file: ConfFile, line: Line): Section {
  const close = line.text.indexOf(']')
  if (close === -1) throw malformed(file, line, 'a "[" is never closed')
  const name = line.text.slice(1, close)
  const place = (index: number): number => (line.at[index] as number) + 1
  const nameEnd = place(close)
  const paren = line.text[close + 1] === '(' ? line.text.indexOf(')', close + 2) : close
  if (paren === -1) throw malformed(file, line, 'a "(" is never closed')
  const options = paren === close ? [] : line.text.slice(close + 2, paren).split(',')
  const header: Header = { file, line: line.number, start: line.at[0] as number, nameEnd, end: place(paren), options }

  const own: Section = { name, header, additions: [], template: false, bases: [], settings: [], regions: [] }
  let section = own
  for (const option of options) {
    if (option === '!') {
      section.template = true
    } else if (option.startsWith('+')) {
      const existing = reader.sections.find((other) => sameName(other.name, name) && !other.template)
      if (existing === undefined) throw malformed(file, line, `[${name}](+) adds to a section that does not stand before it`)
      existing.additions.push(header)
      existing.template ||= own.template
      existing.settings.push(...own.settings)
      section = existing
    } else {
      const base = reader.sections.find((other) => sameName(other.name, option))
      if (base === undefined) throw malformed(file, line, `[${name}] inherits from [${option}], which does not stand before it`)
      section.bases.push(base)
      section.settings.push(...base.settings.map((setting) => ({ ...setting, inherited: true, pieces: [...setting.pieces] })))
    }
  }
  if (section === own) reader.sections.push(own)
  reader.current = section
  return section
}

async function readDirective(reader: Reader, file: ConfFile, line: Line, depth: number): Promise<void> {
  const [, word = '', rest = ''] = /^#([!-\xff]*)[^!-\xff]*(.*)$/s.exec(line.text) ?? []
  const directive = word.toLowerCase()
  if (directive === 'exec') reader.execs.push(`${file.path}:${line.number}`)
  if ((directive !== 'include' && directive !== 'tryinclude') || rest === '') return
  const name =
    /^"(.*)"$|^<(.*)>$/s
      .exec(rest)
      ?.slice(1)
      .find((part) => part !== undefined) ?? rest
  let found = false
  if (depth < DEEPEST_INCLUDE) {
    for (const target of await expandGlob(resolveInclude(reader, Buffer.from(name, 'latin1').toString()))) {
      if (await include(reader, target, depth + 1)) found = true
    }
  }
  if (!found && directive === 'include') throw malformed(file, line, `#include of "${name}", which is not there`)
}

function resolveInclude(reader: Reader, name: string): string {
  if (!path.isAbsolute(name)) return path.join(reader.dir, name)
  const below = path.relative(reader.etc, name)
  return below.startsWith('..') || path.isAbsolute(below) ? name : path.join(reader.dir, below)
}

function readSetting(section: Section, file: ConfFile, line: Line): void {
  const { text, at } = line
  const from = text.startsWith('\\') ? 1 : 0
  if (from === 1 && text.charCodeAt(1) < 33) throw malformed(file, line, 'a "\\" stands before a blank')
  const equals = text.indexOf('=', from * 2)
  // Asterisk warns of such a line and goes on.
  if (equals === -1) return
  const append = equals > from * 2 && text[equals - 1] === '+'
  const name = strip(text.slice(from, append ? equals - 1 : equals))
  const operatorEnd = !append && text[equals + 1] === '>' ? equals + 2 : equals + 1
  const raw = text.slice(operatorEnd)
  const value = strip(raw)
  if (name === '') return
  const first = operatorEnd + raw.indexOf(value)
  const after = (at[operatorEnd - 1] as number) + 1
  const start = value === '' ? after : startOf(file.text, at, first)
  const end = value === '' ? after : (at[first + value.length - 1] as number) + 1
  const pieces = file.text.slice(start, end).split('\\;')
  const solid = pieces.join(';') === value && !pieces.some((part) => part.includes(';'))
  const piece: Piece = { file, line: line.number, keyStart: at[0] as number, after, start, end, solid }

  const earlier = append ? section.settings.findLast((setting) => setting.name === name) : undefined
  if (earlier === undefined) section.settings.push({ name, value, inherited: false, tangled: false, owner: section, pieces: [piece] })
  else addText(section, earlier, raw, piece)
}

/**
 * `key += text`. Asterisk takes the value of the last setting of this name, and then replaces the first that has that value, or
 * the first of this name at all if it is empty. The blanks before the added text count, those at either end of the whole do not.
 */
function addText(section: Section, last: Setting, raw: string, piece: Piece): void {
  const hit = section.settings.find(
    (setting) => sameName(setting.name, last.name) && (last.value === '' || setting.value.toLowerCase() === last.value.toLowerCase()),
  )
  if (hit === undefined) return
  hit.value = strip(last.value + raw)
  hit.name = last.name
  hit.pieces.push(piece)
  hit.tangled ||= hit.inherited || hit !== last
}

/** A value that begins with `\\;` begins with the backslash, which Asterisk does not see. */
function startOf(text: string, at: readonly number[], first: number): number {
  const start = at[first] as number
  const isEscaped = text[start] === ';' && text[start - 1] === '\\' && at[first - 1] !== start - 1
  return isEscaped ? start - 1 : start
}

/** Section names are looked up without regard to case, settings too. */
export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** The one that counts: the last with this name. */
export const effective = (section: Section, name: string): Setting | undefined => section.settings.findLast((setting) => sameName(setting.name, name))

/** Blank is what is not above 32. */
const strip = (text: string): string => text.replace(/^[^!-\xff]+|[^!-\xff]+$/g, '')

const malformed = (file: ConfFile, line: Line, what: string): KeyturnError =>
  new KeyturnError('PROVIDER_CONFIG', `${file.path}:${line.number}: ${what}`, {
    hint: 'Correct this line; Asterisk would refuse the file, keep what it loaded before, and perhaps say that all went well.',
  })
