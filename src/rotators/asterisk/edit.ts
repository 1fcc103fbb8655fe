import { KeyturnError } from '../../errors.ts'
import { type Conf, type ConfFile, type Header, readConf, type Section, type Setting, sameName } from './conf.ts'
import { findUser, place, RESTING_MARK, type User, where, wrong } from './users.ts'

/** Changes to an `ari.conf` that was read, as pieces of text to put in place of others. All other bytes stay. */

export interface Edit {
  readonly file: ConfFile
  readonly start: number
  readonly end: number
  readonly text: string
}

type Active = Extract<User, { state: 'active' }>
type Resting = Extract<User, { state: 'resting' }>

/** What ARI can check: user name, colon and password of HTTP Basic have room for this many bytes. */
const BASIC_BYTES = 255

/**
 * VALUE_REFUSED for a password that cannot stand in the file or could not be used to log in: line breaks, blanks at its
 * ends, more than 255 bytes with the user name.
 */
export function checkPassword(user: string, password: string): void {
  const bytes = Buffer.byteLength(user) + 1 + Buffer.byteLength(password)
  const problem =
    password === ''
      ? 'it is empty'
      : /[\0\r\n]/.test(password)
        ? 'it holds a line break or NUL'
        : password.trim() !== password || /^[^!-\uffff]|[^!-\uffff]$/.test(password)
          ? 'it begins or ends with a blank, which Asterisk drops'
          : bytes > BASIC_BYTES
            ? `with the user name it has ${bytes} bytes, and Asterisk cuts off after ${BASIC_BYTES}`
            : null
  if (problem === null) return
  throw new KeyturnError('VALUE_REFUSED', `asterisk-ari: this password cannot be used for user "${user}": ${problem}`, {
    hint: 'Give another value; letters, digits, "_" and "-" always work.',
  })
}

/** Puts another password in place of the one that counts for this user. */
export function replacePassword(name: string, user: Active, password: string): readonly Edit[] {
  const setting = user.password
  if (setting === undefined || setting.value === '') {
    const at = setting === undefined ? place(user.section) : where(setting)
    throw wrong(
      at,
      `the password of [${name}] is ${setting === undefined ? 'missing' : 'empty'}, so nobody can log in with it`,
      'Write the present password there.',
    )
  }
  checkOwn(name, user.section, setting)
  const [first, ...added] = setting.pieces
  if (first === undefined) return []
  const edits = [valueEdit(first, password)]
  // `password += rest` would go on adding to the new one; emptied, it adds nothing.
  for (const piece of added) edits.push({ file: piece.file, start: piece.after, end: Math.max(piece.after, piece.end), text: '' })
  return edits
}

/** The password has to stand where nobody else reads it, in one file, in one stretch. */
function checkOwn(name: string, section: Section, setting: Setting): void {
  const ownLine = `Give [${name}] a "password = ..." line of its own.`
  if (setting.tangled) throw wrong(where(setting), `the password of [${name}] is put together with "+=" from several places`, ownLine)
  if (setting.owner !== section) {
    throw wrong(where(setting), `the password of [${name}] comes from the section [${setting.owner.name}], which others may share`, ownLine)
  }
  const files = new Set(setting.pieces.map((piece) => piece.file))
  if (files.size > 1) throw wrong(where(setting), `the password of [${name}] is put together from several files`, ownLine)
  for (const piece of setting.pieces) {
    if (!piece.solid) throw wrong(where(setting), `a comment stands in the middle of the password of [${name}]`, 'Move the comment to a line of its own.')
    if (piece.file.uses > 1) {
      throw wrong(
        where(setting),
        `${piece.file.path} is included more than once, so others would get the password of [${name}] too`,
        'Give each user a file of its own.',
      )
    }
  }
}

function valueEdit(piece: { file: ConfFile; after: number; start: number; end: number }, password: string): Edit {
  const { file, after, start, end } = piece
  const value = encode(password)
  // `=>x` would be read as `=>` and `x`; a value without a blank before it looks like its neighbours otherwise.
  const before = start === after && (value.startsWith('>') || start === end) ? ' ' : ''
  const behind = file.text[end] === ';' && /(\\|--)$/.test(value) ? ' ' : ''
  return { file, start, end, text: before + value + behind }
}

/** As the file holds it: one character a byte, `;` behind a backslash. */
const encode = (password: string): string => Buffer.from(password).toString('latin1').replaceAll(';', '\\;')

/** Lets a resting user log in: the header is none of a template any more, and the password stands in place of the mark. */
export function wakeUser(name: string, user: Resting, password: string): readonly Edit[] {
  const { header } = user.section
  const { mark } = user
  checkAlone(name, user.section)
  const text = `password = ${encode(password)}`
  const behind = mark.file.text[mark.end] === ';' ? ' ' : ''
  // The password first: a section that is a user already, but still without one, would be an error to Asterisk.
  return [
    { file: mark.file, start: mark.start, end: mark.end, text: text + behind },
    optionsEdit(
      header,
      header.options.filter((option) => option !== '!'),
    ),
  ]
}

/** Puts a user to rest: its section becomes a template, which Asterisk takes for no user, and our mark stands where the password stood. */
export function restUser(name: string, user: Active): readonly Edit[] {
  const { section, password } = user
  const { header } = section
  checkAlone(name, section)
  const own = section.settings.filter((setting) => !setting.inherited && sameName(setting.name, 'password'))
  const [, again] = own
  if (again !== undefined) throw wrong(where(again), `[${name}] has ${own.length} lines for the password, so it cannot take turns`, 'Keep the last one.')
  const template = optionsEdit(header, ['!', ...header.options])
  if (password === undefined || (password.inherited && !password.tangled)) {
    return [template, { file: header.file, start: lineEnd(header), end: lineEnd(header), text: `${eol(header.file)}${RESTING_MARK}` }]
  }
  checkOwn(name, section, password)
  const [first, ...added] = password.pieces
  if (first === undefined) return [template]
  if (first.file.text.slice(first.keyStart, first.start).includes(';')) {
    throw wrong(where(password), `a comment stands between "password" and its value in [${name}]`, 'Move the comment to a line of its own.')
  }
  const edits: Edit[] = [
    template,
    { file: first.file, start: first.keyStart, end: first.end, text: RESTING_MARK + (first.file.text[first.end] === ';' ? ' ' : '') },
  ]
  for (const piece of added) edits.push({ file: piece.file, start: piece.after, end: Math.max(piece.after, piece.end), text: '' })
  return edits
}

/** A second user beside the first, with the same template and settings but a password of its own. */
export function addUser(name: string, like: Active, password: string): readonly Edit[] {
  const { section } = like
  checkAlone(section.name, section)
  const { file } = section.header
  const region = section.regions.find((part) => part.file === file && part.from <= section.header.start && section.header.start < part.to)
  const at = region?.lastEnd ?? file.text.length
  const options = section.header.options.length === 0 ? '' : `(${section.header.options.join(',')})`
  const settings = section.settings.filter((setting) => !setting.inherited && setting.name.toLowerCase() !== 'password')
  const lines = [
    '',
    `[${encode(name)}]${options}`,
    ...settings.map((setting) => `${setting.name} = ${setting.value.replaceAll(';', '\\;')}`),
    `password = ${encode(password)}`,
  ]
  return [{ file, start: at, end: at, text: lines.map((line) => eol(file) + line).join('') }]
}

/** `[x](+)` does not find a template, so a section that is added to cannot be put to rest. */
function checkAlone(name: string, section: Section): void {
  const [addition] = section.additions
  if (addition === undefined) return
  throw wrong(
    `${addition.file.path}:${addition.line}`,
    `[${name}](+) adds to the section, so it cannot take turns`,
    'Move these lines into the section itself.',
  )
}

const optionsEdit = (header: Header, options: readonly string[]): Edit => ({
  file: header.file,
  start: header.nameEnd,
  end: header.end,
  text: options.length === 0 ? '' : `(${options.join(',')})`,
})

function lineEnd(header: Header): number {
  const found = /\r?\n/.exec(header.file.text.slice(header.end))
  return found === null ? header.file.text.length : header.end + found.index
}

/** The line ending of the file. */
const eol = (file: ConfFile): string => (/\r\n/.test(file.text) ? '\r\n' : '\n')

/** The texts of the files that change, in the order of the edits: each is written whole, one after the other. */
export function applyEdits(edits: readonly Edit[]): ReadonlyMap<ConfFile, string> {
  const byFile = new Map<ConfFile, Edit[]>()
  for (const edit of edits) byFile.set(edit.file, [...(byFile.get(edit.file) ?? []), edit])
  const texts = new Map<ConfFile, string>()
  for (const [file, own] of byFile) {
    let text = file.text
    for (const edit of own.toSorted((a, b) => b.start - a.start)) text = text.slice(0, edit.start) + edit.text + text.slice(edit.end)
    texts.set(file, text)
  }
  return texts
}

/**
 * Reads the changed texts back as Asterisk will and compares: this user is as wanted (`null`: at rest), all other sections
 * are what they were. PROVIDER_CONFIG otherwise, with nothing written: comments may stand so that no single edit does that.
 */
export async function checkEdits(conf: Conf, texts: ReadonlyMap<ConfFile, string>, name: string, wanted: string | null, etc: string): Promise<void> {
  const [top] = conf.files
  if (top === undefined) return
  const changed = new Map([...texts].map(([file, text]) => [file.path, text]))
  const known = new Map(conf.files.map((file) => [file.path, file.text]))
  const after = await readConf(top.path, etc, async (file) => changed.get(file) ?? known.get(file) ?? null)
  const section = conf.sections.find((one) => one.name === name)
  const user = findUser(after, name)
  const fits = wanted === null ? user.state === 'resting' : user.state === 'active' && user.password?.value === Buffer.from(wanted).toString('latin1')
  if (fits && meaning(after, name) === meaning(conf, name)) return
  const what = `the password of [${name}] cannot be changed without changing what else stands in the file`
  throw wrong(
    section === undefined ? top.path : place(section),
    what,
    'Move comments away from the lines of this section, and give it one line for the password.',
  )
}

/** What Asterisk makes of all sections but one. */
const meaning = (conf: Conf, except: string): string =>
  JSON.stringify(
    conf.sections
      .filter((section) => section.name !== except)
      .map((section) => [section.name, section.template, section.settings.map((setting) => [setting.name, setting.value])]),
  )
