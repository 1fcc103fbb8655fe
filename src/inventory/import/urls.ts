import { encodeUserinfo } from '../template.ts'
import type { Classified } from './classify.ts'
import type { Group } from './pairing.ts'
import { looksRandom } from './random.ts'
import { type Userinfo, userinfoOf } from './values.ts'
import { wordsOf } from './words.ts'

/** A URL whose password is that of another variable: from then on it is made from that secret. */
export interface Templated {
  readonly variable: string
  /** For `vars:` of an output: `postgres://{db.username|url}:{db.password|url}@db/app`. */
  readonly template: string
}

interface Named {
  readonly name: string
  readonly group: Group
}

/** Which words of a secret's variables fit a URL's scheme. */
const FAMILIES: readonly (readonly [scheme: RegExp, words: readonly string[]])[] = [
  [/^(postgres|postgresql|pg|cockroachdb)\b/i, ['postgres', 'postgresql', 'pg', 'db', 'database', 'sql']],
  [/^(mysql|mariadb)\b/i, ['mysql', 'mariadb', 'db', 'database', 'sql']],
  [/^mongodb\b/i, ['mongo', 'mongodb', 'db', 'database']],
  [/^(redis|rediss|valkey)\b/i, ['redis', 'valkey', 'cache']],
  [/^amqps?\b/i, ['amqp', 'rabbitmq', 'broker']],
  [/^(smtp|smtps)\b/i, ['smtp', 'mail']],
]

/**
 * Finds the URLs whose password (and user, where the secret has one) another secret holds, and writes them as templates.
 * Only where exactly one secret fits and the template makes the very same text: else the URL stays a secret of its own.
 */
export function templateUrls(named: readonly Named[]): readonly Templated[] {
  return named.flatMap(({ group }) => {
    const [url, ...others] = group.members
    if (url === undefined || others.length > 0 || url.kind !== 'dsn' || url.state !== 'given') return []
    const parts = userinfoOf(url.variable.value.reveal())
    if (parts === null) return []
    const fitting = named.flatMap((other) => (other.group === group ? [] : (templateFrom(parts, other) ?? [])))
    return fitting.length === 1 && fitting[0] !== undefined ? [{ variable: url.variable.name, template: fitting[0] }] : []
  })
}

function templateFrom(parts: Userinfo, { name, group }: Named): string | null {
  const secret = group.members.find((one) => one.kind !== 'identifier')
  if (secret === undefined || secret.kind !== 'secret' || secret.state !== 'given') return null
  const password = secret.variable.value.reveal()
  if (encodeUserinfo(password) !== parts.password || !(looksRandom(password) || sameFamily(parts.before, group))) return null
  const login = group.members.find((one) => one.kind === 'identifier' && group.env[one.variable.name] === 'username')
  if (login !== undefined && encodeUserinfo(login.variable.value.reveal()) !== parts.username) return null
  const user = login === undefined ? literal(parts.username) : `{${name}.username|url}`
  return `${literal(parts.before)}${user}:{${name}.${group.env[secret.variable.name]}|url}${literal(parts.after)}`
}

/** Braces of the URL itself. */
const literal = (text: string): string => text.replaceAll('{', '{{').replaceAll('}', '}}')

const sameFamily = (scheme: string, group: Group): boolean => {
  const words = new Set(group.members.flatMap((one: Classified) => wordsOf(one.variable.name)))
  return FAMILIES.some(([expression, names]) => expression.test(scheme) && names.some((word) => words.has(word)))
}
