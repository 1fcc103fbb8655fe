import { KeyturnError } from '../../errors.ts'
import { type Conf, type ConfFile, effective, type Piece, type Section, type Setting, sameName } from './conf.ts'

/** ARI users in an `ari.conf` that was read: where their password stands, whether they rest, and what would go wrong. */

/** Stands where the password of a resting user stood: the user was put to rest by Keyturn, and nobody logs in with it. */
export const RESTING_MARK = '; keyturn: resting'

export interface Mark {
  readonly file: ConfFile
  readonly start: number
  readonly end: number
}

export type User =
  | { readonly state: 'absent' }
  | { readonly state: 'resting'; readonly section: Section; readonly mark: Mark }
  /** `password` is absent or empty for a user that cannot log in. */
  | { readonly state: 'active'; readonly section: Section; readonly password: Setting | undefined; readonly readOnly: boolean }

/** Options that ARI knows in `[general]`, up to release 23. An unknown one turns ARI off in releases from 20.15, 22.5. */
const GENERAL_OPTIONS = ['enabled', 'pretty', 'auth_realm', 'allowed_origins', 'websocket_write_timeout', 'channelvars', 'type']
const USER_OPTIONS = ['type', 'read_only', 'password', 'password_format', 'permit', 'deny', 'acl']

/**
 * The user of this name. Throws PROVIDER_CONFIG where the file has the user twice, as something else than a user, or as
 * a template without our mark.
 */
export function findUser(conf: Conf, name: string): User {
  const [section, second] = conf.sections.filter((other) => other.name === name)
  if (section === undefined) {
    const similar = conf.sections.find((other) => sameName(other.name, name) && !other.template)
    if (similar !== undefined) throw wrong(place(similar), `the section is [${similar.name}], and the user is named "${name}"`, 'Write both alike.')
    return { state: 'absent' }
  }
  if (second !== undefined) {
    const what = `[${name}] stands here a second time (first in ${place(section)}); releases from 20.15 and 22.5 then keep the old users`
    throw wrong(place(second), what, 'Keep one of the two sections, or write the second as [name](+).')
  }
  const mark = findMark(section)
  if (section.template && mark !== null) return { state: 'resting', section, mark }
  if (section.template) {
    throw wrong(place(section), `[${name}] is a template, so it is no user`, `Take the "!" out of its header, or put "${RESTING_MARK}" into the section.`)
  }
  const type = effective(section, 'type')
  if (type?.value.toLowerCase() !== 'user') {
    throw wrong(type === undefined ? place(section) : where(type), `[${name}] has no "type = user"`, 'Add the line; without it Asterisk has no such user.')
  }
  const format = effective(section, 'password_format')
  if (format !== undefined && format.value.toLowerCase() !== 'plain') {
    const mend = 'Set "password_format = plain" for this user. Asterisk hashes a crypt password at every request, and Keyturn cannot make such hashes.'
    throw wrong(where(format), `password_format of [${name}] is "${format.value}", which Keyturn cannot write`, mend)
  }
  const unknown = section.settings.find((setting) => !USER_OPTIONS.some((option) => sameName(option, setting.name)))
  if (unknown !== undefined) {
    throw wrong(
      where(unknown),
      `[${name}] has an option that ARI does not know ("${unknown.name}"): Asterisk would keep the old password`,
      'Correct or remove it.',
    )
  }
  return { state: 'active', section, password: effective(section, 'password'), readOnly: isTrue(effective(section, 'read_only')?.value) }
}

/** Throws PROVIDER_CONFIG for what would turn ARI off at the next reload. `known`: further options that this Asterisk has. */
export function checkGeneral(conf: Conf, file: string, known: readonly string[]): void {
  const general = conf.sections.find((section) => section.name === 'general' && !section.template)
  if (general === undefined) {
    throw wrong(file, 'there is no section [general]; releases from 20.15 and 22.5 turn ARI off then', 'Add "[general]" and "enabled = yes" at the top.')
  }
  const enabled = effective(general, 'enabled')
  if (enabled !== undefined && !isTrue(enabled.value)) throw wrong(where(enabled), 'ARI is switched off here', 'Set "enabled = yes".')
  const options = [...GENERAL_OPTIONS, ...known]
  const unknown = general.settings.find((setting) => !options.some((option) => sameName(option, setting.name)))
  if (unknown !== undefined) {
    const mend = `Correct or remove it. If your Asterisk does know it, say so in the rotator: "options: [${unknown.name}]".`
    throw wrong(where(unknown), `[general] has an option that ARI does not know ("${unknown.name}"): releases from 20.15 and 22.5 turn ARI off then`, mend)
  }
}

/** What in the file may have kept Asterisk from loading it, each with its place. For the message when a reload did nothing. */
export function suspects(conf: Conf): readonly string[] {
  const found: string[] = []
  const users = conf.sections.filter((section) => section.name !== 'general' && !section.template)
  for (const section of users) {
    const twin = users.find((other) => other !== section && sameName(other.name, section.name))
    if (twin !== undefined && users.indexOf(twin) < users.indexOf(section)) found.push(`${place(section)}: [${section.name}] stands twice`)
    const type = effective(section, 'type')
    if (type === undefined) found.push(`${place(section)}: [${section.name}] has no type`)
    if (type?.value.toLowerCase() !== 'user') continue
    if ((effective(section, 'password')?.value ?? '') === '') found.push(`${place(section)}: [${section.name}] has no password`)
    for (const setting of section.settings) {
      if (!USER_OPTIONS.some((option) => sameName(option, setting.name)))
        found.push(`${where(setting)}: [${section.name}] has the unknown option "${setting.name}"`)
    }
    const format = effective(section, 'password_format')
    if (format !== undefined && !/^(plain|crypt)$/i.test(format.value)) found.push(`${where(format)}: unknown password_format`)
  }
  return found
}

/** Our mark in the section's text. */
export function findMark(section: Section): Mark | null {
  for (const { file, from, to } of section.regions) {
    const found = /^[ \t]*(; keyturn: resting)(?![^\s;])/m.exec(file.text.slice(from, to))
    if (found === null) continue
    const start = from + found.index + found[0].length - RESTING_MARK.length
    return { file, start, end: start + RESTING_MARK.length }
  }
  return null
}

export const place = (section: Section): string => `${section.header.file.path}:${section.header.line}`

export function where(setting: Setting): string {
  const piece = setting.pieces.at(-1) as Piece
  return `${piece.file.path}:${piece.line}`
}

/** As `ast_true`. */
const isTrue = (value: string | undefined): boolean => value !== undefined && /^(yes|true|y|t|1|on)$/i.test(value)

export const wrong = (at: string, what: string, mend: string): KeyturnError => new KeyturnError('PROVIDER_CONFIG', `${at}: ${what}`, { hint: mend })
