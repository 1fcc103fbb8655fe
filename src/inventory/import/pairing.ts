import type { Classified } from './classify.ts'
import { LOGINS, PASSWORDS } from './nouns.ts'
import { looksRandom } from './random.ts'
import { wordsOf } from './words.ts'

/** Variables that are one secret: replaced together, delivered together. */
export interface Group {
  /** Variable to field, in the order of the file. */
  readonly env: Readonly<Record<string, string>>
  readonly members: readonly Classified[]
}

/** What a secret's last words are, what stands beside it, and what the two fields are called. The first that fits counts. */
const PAIRS: readonly { readonly secret: readonly string[]; readonly beside: readonly string[]; readonly fields: readonly [beside: string, secret: string] }[] =
  [
    { secret: ['secret', 'access', 'key'], beside: ['access', 'key', 'id'], fields: ['key_id', 'secret_key'] },
    { secret: ['access', 'key', 'secret'], beside: ['access', 'key', 'id'], fields: ['key_id', 'secret_key'] },
    { secret: ['access', 'key', 'secret'], beside: ['access', 'key'], fields: ['key_id', 'secret_key'] },
    { secret: ['secret', 'access', 'key'], beside: ['access', 'key'], fields: ['key_id', 'secret_key'] },
    { secret: ['secret', 'key'], beside: ['access', 'key'], fields: ['key_id', 'secret_key'] },
    { secret: ['secret'], beside: ['access', 'key'], fields: ['key_id', 'secret_key'] },
    { secret: ['secret', 'key'], beside: ['access', 'key', 'id'], fields: ['key_id', 'secret_key'] },
    { secret: ['secret', 'key'], beside: ['secret', 'id'], fields: ['key_id', 'secret_key'] },
    { secret: ['secret', 'key'], beside: ['public', 'key'], fields: ['public_key', 'secret_key'] },
    { secret: ['private', 'key'], beside: ['public', 'key'], fields: ['public_key', 'private_key'] },
    { secret: ['key', 'secret'], beside: ['key', 'sid'], fields: ['key_id', 'secret'] },
    { secret: ['key', 'secret'], beside: ['key', 'id'], fields: ['key_id', 'secret'] },
    { secret: ['application', 'key'], beside: ['application', 'key', 'id'], fields: ['key_id', 'key'] },
    { secret: ['api', 'secret'], beside: ['api', 'key'], fields: ['key_id', 'secret'] },
    { secret: ['app', 'secret'], beside: ['app', 'key'], fields: ['key_id', 'secret'] },
    { secret: ['consumer', 'secret'], beside: ['consumer', 'key'], fields: ['key_id', 'secret'] },
    { secret: ['secret'], beside: ['key'], fields: ['key_id', 'secret'] },
  ]

/**
 * Joins what belongs together: a password with its login name, the two halves of a key pair, and one random value that
 * stands under several names. The first two only where both have a value or neither has one, so that no half is imported.
 */
export function groupSecrets(classified: readonly Classified[]): readonly Group[] {
  const secrets = classified.filter((one) => one.kind === 'secret' || one.kind === 'data-key' || one.kind === 'dsn')
  const identifiers = new Map(
    classified.filter((one) => one.kind === 'identifier' && one.state !== 'reference').map((one) => [wordsOf(one.variable.name).join('_'), one]),
  )
  const used = new Set<Classified>()
  const groups = secrets.map((secret) => {
    const found = secret.kind === 'dsn' || secret.state === 'reference' ? null : besideOf(secret, identifiers)
    if (found === null || used.has(found.one) || (found.one.state === 'given') !== (secret.state === 'given')) return single(secret)
    used.add(found.one)
    const [first, second] = found.fields
    return inFileOrder([
      [found.one, first],
      [secret, second],
    ])
  })
  return joinEqual(groups)
}

function besideOf(
  secret: Classified,
  identifiers: ReadonlyMap<string, Classified>,
): { readonly one: Classified; readonly fields: readonly [string, string] } | null {
  const words = wordsOf(secret.variable.name)
  for (const pair of PAIRS) {
    if (!endsWith(words, pair.secret)) continue
    const one = identifiers.get([...words.slice(0, words.length - pair.secret.length), ...pair.beside].join('_'))
    if (one !== undefined) return { one, fields: pair.fields }
  }
  const last = words.at(-1) ?? ''
  const login = PASSWORDS.has(last) || last === 'secret' || last === 'credential'
  const stem = login ? words.slice(0, -1) : words
  if (stem.length === 0) return null
  for (const end of LOGIN_ENDS) {
    const one = identifiers.get([...stem, ...end].join('_'))
    if (one !== undefined) return { one, fields: ['username', 'password'] }
  }
  return null
}

const LOGIN_ENDS: readonly (readonly string[])[] = [...[...LOGINS].map((word) => [word]), ['user', 'name'], ['email'], []]

const endsWith = (words: readonly string[], end: readonly string[]): boolean =>
  words.length >= end.length && end.every((word, at) => words[words.length - end.length + at] === word)

const single = (one: Classified): Group => ({ env: { [one.variable.name]: 'value' }, members: [one] })

function inFileOrder(pairs: readonly (readonly [Classified, string])[]): Group {
  const sorted = [...pairs].sort(([a], [b]) => a.variable.line - b.variable.line)
  return { env: Object.fromEntries(sorted.map(([one, field]) => [one.variable.name, field])), members: sorted.map(([one]) => one) }
}

/** The secret half of a group: the one that is not an identifier. */
const secretOf = (group: Group): Classified => group.members.find((one) => one.kind !== 'identifier') ?? (group.members[0] as Classified)

/**
 * One credential under several names must change everywhere at once. A random value is the same wherever it stands; of the
 * others, only a login whose names end alike is: two services with the password "postgres" have no more than a habit in common.
 */
function joinEqual(groups: readonly Group[]): readonly Group[] {
  const same = new Map<string, Group[]>()
  for (const group of groups) {
    const key = credentialOf(group)
    if (key !== null) same.set(key, [...(same.get(key) ?? []), group])
  }
  const joined = new Map<Group, Group | null>()
  for (const equal of same.values()) {
    const first = equal.find((group) => group.members.length > 1) ?? equal[0]
    if (first === undefined || equal.length < 2) continue
    const fitting = equal.filter((group) => group === first || fits(group, first))
    if (fitting.length < 2) continue
    const field = first.env[secretOf(first).variable.name] as string
    const named = fitting.flatMap((group) =>
      group.members.map((one): [Classified, string] => [one, one.kind === 'identifier' ? (group.env[one.variable.name] as string) : field]),
    )
    for (const group of fitting) joined.set(group, null)
    joined.set(fitting[0] as Group, inFileOrder(named))
  }
  return groups.flatMap((group) => (joined.has(group) ? (joined.get(group) ?? []) : group))
}

/** What two groups must have in common to be one; `null`: this one is alone. */
function credentialOf(group: Group): string | null {
  const secret = secretOf(group)
  if (secret.state !== 'given' || secret.kind === 'dsn') return null
  const value = secret.variable.value.reveal()
  if (looksRandom(value)) return value
  const login = group.members.find((one) => group.env[one.variable.name] === 'username')
  if (login === undefined) return null
  return [wordsOf(secret.variable.name).slice(0, -1).at(-1), login.variable.value.reveal(), value].join('\n')
}

/** What stands beside the secret, if anything, must be the same as well. */
function fits(group: Group, first: Group): boolean {
  if (secretOf(group).kind !== secretOf(first).kind) return false
  const beside = new Map(first.members.map((one) => [first.env[one.variable.name], one.variable.value.reveal()]))
  return group.members.every((one) => one.kind !== 'identifier' || beside.get(group.env[one.variable.name]) === one.variable.value.reveal())
}
