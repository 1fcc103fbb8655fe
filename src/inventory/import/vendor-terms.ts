import type { Subject, Verdict } from './classify.ts'
import { DATABASES } from './nouns.ts'
import { isSwitch } from './values.ts'
import { dsn, secret } from './verdicts.ts'

/**
 * What protocols and vendors call a credential where none of the words says so. Only terms that are published and mean one
 * thing; the words stand at the end of a name.
 */
const TERMS: readonly { readonly end: readonly string[]; readonly why: string }[] = [
  { end: ['snmp', 'community'], why: 'SNMP logs in with its community' },
  { end: ['snmp', 'community', 'string'], why: 'SNMP logs in with its community' },
  { end: ['basic', 'auth', 'user', 'info'], why: 'a user and a password in one value, as schema registries have it' },
  { end: ['sasl', 'jaas', 'config'], why: 'what Java logs in with, the password inside' },
  { end: ['plex', 'claim'], why: 'what a server of Plex is claimed with' },
  { end: ['supabase', 'service', 'role'], why: 'the key of the role that may do everything' },
  { end: ['root', 'token', 'id'], why: 'what a development server of Vault takes for its root token' },
  { end: ['session', 'string'], why: 'a login written out, as clients of Telegram have it' },
  { end: ['telegram', 'hash'], why: 'the other half of an id that Telegram gives to a program' },
  { end: ['tg', 'hash'], why: 'the other half of an id that Telegram gives to a program' },
  { end: ['nkey', 'seed'], why: 'the private half of a key of NATS' },
]

const CAPTCHAS: ReadonlySet<string> = new Set('captcha recaptcha hcaptcha'.split(' '))
/** Who signs on a chain, with a private key. */
const SIGNERS: ReadonlySet<string> = new Set('deployer owner wallet relayer signer minter treasury keeper sender validator sequencer'.split(' '))

/** A name that ends in such a term; `null` for all others. */
export function judgeTerm({ words, state, text, has }: Subject): Verdict | null {
  if (isSwitch(text)) return null
  const term = TERMS.find(({ end }) => words.length >= end.length && end.every((word, at) => words[words.length - end.length + at] === word))
  if (term !== undefined) return secret(0.8, term.why)
  const last = words.at(-1) ?? ''
  const outer = words.at(-2) ?? ''
  if (CAPTCHAS.has(last) && has([...words, 'public'])) return secret(0.7, 'the half that is kept: the public one stands beside it')
  if (words.length === 1 && last === 'session' && has(['api', 'hash'])) return secret(0.7, 'a login written out, as clients of Telegram have it')
  if (words.length > 1 && last === 'pk' && SIGNERS.has(outer)) return secret(0.75, 'the private key of who signs')
  if (state === 'given') return null
  if (last === 'conn' && (outer === 'alchemy' || DATABASES.has(outer))) return dsn(0.7, 'a connection usually carries its password')
  // Prisma's second address of the same database, past the pool.
  if (words.length === 2 && outer === 'direct' && last === 'url' && has(['database', 'url']))
    return dsn(0.75, 'the address of a database usually carries its password')
  return null
}
