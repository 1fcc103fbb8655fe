import { ADDRESSES, CREDENTIALS, HOOKS, KEYS, LOGINS, PASSWORDS, QUALIFIERS, RESOURCES, SALTS, SECRETS, SETTINGS, TOKENS } from './nouns.ts'

/** Every word that may be the head of a name. */
const HEADS: readonly (readonly [string, ReadonlySet<string>])[] = [
  ['password', PASSWORDS],
  ['salt', SALTS],
  ['token', TOKENS],
  ['secret', SECRETS],
  ['key', KEYS],
  ['credentials', CREDENTIALS],
  ['login', LOGINS],
  ['hook', HOOKS],
  ['address', ADDRESSES],
]
const OTHERS: ReadonlySet<string> = new Set([
  'id',
  'ids',
  'sid',
  'dn',
  'email',
  'mail',
  'hash',
  'htpasswd',
  'cookie',
  'licence',
  'license',
  'mnemonic',
  'phrase',
  'iv',
  'nonce',
  'seed',
  'code',
])

/** The head of a name: which word it is, what stands before it, what was passed over behind it. */
export interface Head {
  readonly noun: string
  readonly word: string
  readonly before: readonly string[]
  readonly behind: readonly string[]
}

/** From the right: the first word that is a noun we know. Words in between that nobody knows are passed over. */
export function headOf(words: readonly string[]): Head | null {
  let end = words.length
  // A name of qualifiers only has no head; the first word is left to be one.
  while (end > 1 && QUALIFIERS.has(words[end - 1] ?? '')) end--
  // "connection string", "service account json": what was stripped was the noun.
  return lastOf(words, end, false) ?? lastOf(words, end, true)
}

function lastOf(words: readonly string[], end: number, things: boolean): Head | null {
  for (let at = end - 1; at >= 0; at--) {
    const word = words[at] ?? ''
    const plain = SETTINGS.has(word) || (things && RESOURCES.has(word))
    const noun = HEADS.find(([, set]) => set.has(word))?.[0] ?? (OTHERS.has(word) ? word : plain ? 'setting' : null)
    if (noun !== null) return { noun, word, before: words.slice(0, at), behind: words.slice(at + 1) }
  }
  return null
}
