import { isShippedDefault } from '../../policy/placeholder.ts'
import { publishedReason } from '../../policy/published.ts'
import { Sensitive } from '../../sensitive.ts'

/** A user of Asterisk's Manager Interface, as `manager.conf` has it. */
export interface ManagerUser {
  readonly name: string
  /** Of its section. */
  readonly line: number
  readonly secret: Sensitive<string> | null
  /** It is known to everybody who knows the product. */
  readonly published: boolean
}

export interface ManagerConf {
  readonly users: readonly ManagerUser[]
  /** Files that it takes in, as written. */
  readonly includes: readonly string[]
}

interface Section {
  readonly name: string
  readonly line: number
  readonly template: boolean
  readonly bases: readonly string[]
  secret: string | null
}

/**
 * The users of a `manager.conf`: comments (`;` and `;-- ... --;`), templates (`[base](!)`, `[user](base)`), additions
 * (`[user](+)`) and `#include` as in Asterisk's other files. A later `secret` counts; the section `general` is no user.
 */
export function readManagerConf(text: string): ManagerConf {
  const sections = new Map<string, Section>()
  const includes: string[] = []
  let current: Section | null = null
  for (const [at, raw] of withoutBlockComments(text).split(/\r?\n/).entries()) {
    // `\;` is a semicolon of the value.
    const line = raw.replace(/(^|[^\\]);.*$/, '$1').trim()
    const included = /^#(?:try)?include\s+["<]?([^">]+?)[">]?$/.exec(line)?.[1]
    if (included !== undefined) includes.push(included)
    const header = /^\[([^\]]+)\](?:\(([^)]*)\))?/.exec(line)
    if (header !== null) {
      const marks = (header[2] ?? '').split(',').map((mark) => mark.trim())
      const name = header[1] ?? ''
      const known = marks.includes('+') ? sections.get(name) : undefined
      current = known ?? {
        name,
        line: at + 1,
        template: marks.includes('!'),
        bases: marks.filter((mark) => mark !== '' && mark !== '!' && mark !== '+'),
        secret: null,
      }
      for (const base of current.bases) current.secret ??= sections.get(base)?.secret ?? null
      sections.set(name, current)
      continue
    }
    const secret = /^secret\s*=>?\s*(.*)$/i.exec(line)?.[1]
    if (current !== null && secret !== undefined) current.secret = secret.replaceAll('\\;', ';')
  }
  const users = [...sections.values()]
    .filter((one) => one.name !== 'general' && !one.template)
    .map(({ name, line, secret }) => ({
      name,
      line,
      secret: secret === null ? null : new Sensitive(secret),
      published: secret !== null && (publishedReason(secret) !== null || isShippedDefault(secret)),
    }))
  return { users, includes }
}

/**
 * What a person should know of its users: who shares a value with which variable, and which have one that nothing here replaces.
 *
 * @param file what notes call it
 * @param variableOf the variable with this value, if any
 */
export function notesOnManager(file: string, { users, includes }: ManagerConf, variableOf: (secret: Sensitive<string>) => string | null): readonly string[] {
  const notes = users.flatMap(({ name, line, secret, published }) => {
    if (secret === null) return []
    const where = `${file}, line ${line}: the user ${name}`
    const variable = variableOf(secret)
    const known = published ? `${where} has a published default for its secret: change it, then asterisk -rx "manager reload"` : null
    if (variable !== null)
      return [...(known === null ? [] : [known]), `${where} logs in with ${variable}: a new value must stand in both, then asterisk -rx "manager reload"`]
    return [known ?? `${where} has a secret that no env file holds; nothing here knows its age`]
  })
  return [...notes, ...includes.map((path) => `${file} takes in ${path}, which was not read`)]
}

/** Lines stay, so that their numbers do. */
const withoutBlockComments = (text: string): string => text.replace(/;--(?!-)[\s\S]*?--;/g, (comment) => comment.replace(/[^\n]/g, ''))
