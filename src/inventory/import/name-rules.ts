import type { Subject, Verdict } from './classify.ts'
import { type Head, headOf } from './heads.ts'
import { dataKey, isUnsetByFalse, judgeKey } from './key-rules.ts'
import {
  APIS,
  BROKERS,
  CHATS,
  DATABASES,
  ENCRYPTING,
  HOOKS,
  KEY_FILES,
  LOGINS,
  MAILS,
  OPENING_CODES,
  PASSWORDS,
  PEOPLE,
  QUALIFIERS,
  RESOURCES,
  ROLES,
  SECRETS,
  SETTINGS,
  SWITCH_VERBS,
  TOKENS,
  VAULTERS,
} from './nouns.ts'
import { isPromised, judgeNameless, judgeSetting } from './plain-rules.ts'
import { looksDrawn, looksRandom } from './random.ts'
import { isNumber, isPath, isSwitch, isUrl } from './values.ts'
import { judgeTerm } from './vendor-terms.ts'
import { dsn, hasSecretBeside, identifier, secret, setting, verdict } from './verdicts.ts'

/** Decides by the words of the name, checked against what the value can be; at last by the comments. */
export function judgeByName(subject: Subject): Verdict {
  const head = headOf(subject.words)
  const special = judgeTerm(subject) ?? serviceAccount(subject) ?? keyFile(subject) ?? abbreviated(subject)
  if (special !== null) return special
  // KEYCLOAK_ADMIN beside KEYCLOAK_ADMIN_PASSWORD.
  if (head === null && PEOPLE.has(subject.words.at(-1) ?? '') && subject.has([...subject.words, 'password']))
    return identifier(0.75, 'the login beside a password')
  if (head === null) return judgeNameless(subject)
  const before = new Set(head.before)
  // "verify token" is also a noun: without a value it is taken for one.
  const verb = SWITCH_VERBS.has(subject.words[0] ?? '')
  if (
    subject.words.length > 1 &&
    verb &&
    (isSwitch(subject.text) || /^[01]$/.test(subject.text) || (subject.state === 'empty' && !/^(verify|check|mask)$/.test(subject.words[0] ?? '')))
  ) {
    return setting(0.85, 'the name is that of a switch')
  }
  // A number behind words such as "rounds", "size" or any that nobody knows is no secret: SALT_ROUNDS, TOKEN_DEPTH.
  if (head.noun !== 'setting' && isNumber(subject.text) && head.behind.some((word) => !QUALIFIERS.has(word)))
    return setting(0.85, 'the value is a number of something')
  switch (head.noun) {
    case 'password':
      return judgePassword(subject, head)
    case 'salt':
      return isSwitch(subject.text)
        ? setting(0.85, 'the value is yes or no')
        : verdict('data-key', 0.9, 'a salt: what was hashed with it no longer matches when it changes')
    case 'token':
    case 'secret':
    case 'key':
    case 'credentials':
      return judgeKey(subject, head, before)
    case 'login':
      return judgeLogin(subject, head)
    case 'hook':
      return judgeHook(head)
    case 'address':
      return judgeAddress(subject, head)
    default:
      return judgeOther(subject, head, before)
  }
}

/** A service account's key file, written into the variable. */
function serviceAccount(subject: Subject): Verdict | null {
  const at = subject.words.indexOf('account')
  const behind = subject.words.slice(at + 1)
  if (at < 1 || subject.words[at - 1] !== 'service' || !behind.some((word) => ['json', 'base64', 'b64', 'credentials'].includes(word))) return null
  if (behind.some((word) => ['path', 'file', 'name', 'email', 'id'].includes(word)) || isPath(subject.text)) return null
  return secret(0.85, 'the key file of a service account, written out')
}

/** A file with a private key, written out: `SIGNING_PFX_BASE64`. */
const keyFile = ({ words, text }: Subject): Verdict | null =>
  words.slice(0, -1).some((word) => KEY_FILES.has(word)) && /^(base64|b64|contents?|data)$/.test(words.at(-1) ?? '') && !isPath(text)
    ? secret(0.8, 'the contents of a key file')
    : null

/** `API_AK` and `API_SK`, as clouds of China call the two halves of a key. */
function abbreviated({ words, has }: Subject): Verdict | null {
  const stem = words.slice(0, -1)
  if (words.at(-1) === 'sk' && has([...stem, 'ak'])) return secret(0.85, 'the secret key: the access key stands beside it')
  return words.at(-1) === 'ak' && has([...stem, 'sk']) ? identifier(0.85, 'the half that is shown: the secret key stands beside it') : null
}

function judgeHook(head: Head): Verdict {
  const last = head.before.at(-1) ?? ''
  if (TOKENS.has(last) || SECRETS.has(last)) return secret(0.8, `the name says ${last}`)
  return head.before.some((word) => CHATS.has(word)) ? secret(0.7, 'whoever knows the address of a webhook may post to it') : setting(0.6, 'a webhook')
}

function judgePassword(subject: Subject, head: Head): Verdict {
  if (isSwitch(subject.text))
    return isUnsetByFalse(subject, head) ? secret(0.6, '"false" says that nothing is set') : setting(0.85, 'a password is no yes or no')
  if (head.word === 'pass' && head.before.at(-1) === 'proxy' && isUrl(subject.text)) return setting(0.85, 'where a proxy passes requests to')
  if (head.word.endsWith('s') && head.word !== 'pass' && isNumber(subject.text)) return setting(0.8, 'a number of them')
  if (head.word === 'pin' && (/^\d{1,3}$/.test(subject.text) || /^gpio/.test(head.before[0] ?? ''))) return setting(0.6, 'the number of a pin, not a PIN')
  if (head.before.some((word) => ENCRYPTING.has(word) || VAULTERS.has(word))) return dataKey(0.85)
  return secret(0.95, 'the name says password')
}

function judgeLogin(subject: Subject, head: Head): Verdict {
  const { text } = subject
  if (isSwitch(text) || isNumber(text)) return setting(0.85, 'a number or a switch')
  if (text !== '' && /\s/.test(text.trim()) && !text.includes(',')) return setting(0.6, 'words, no login')
  if (head.word === 'uid' && !hasSecretBeside(subject, head.before)) return setting(0.7, 'the id of a thing')
  if (head.word === 'account' && !hasSecretBeside(subject, head.before) && !hasSecretBeside(subject, [...head.before, 'account']))
    return setting(0.6, 'an account without a password beside it')
  return identifier(0.9, 'a login name')
}

function judgeAddress(subject: Subject, head: Head): Verdict {
  if (head.word === 'dsn' && (/sentry|glitchtip|bugsink|raven/.test(subject.words.join(' ')) || /\bsentry\b/.test(subject.said))) {
    return verdict('public-dsn', 0.9, 'an address with a key that is made to be shown')
  }
  const hook = head.before.some((word) => HOOKS.has(word)) && head.before.some((word) => CHATS.has(word))
  if (hook) return secret(0.75, 'whoever knows the address of a webhook may post to it')
  if (APIS.has(head.before.at(-1) ?? '')) return setting(0.8, 'the address of an API')
  const open = subject.state === 'empty' || subject.state === 'placeholder'
  const last = head.before.at(-1) ?? ''
  const kept = head.before.some((word) => DATABASES.has(word)) || (MAILS.has(last) && last !== 'email' && last !== 'mail')
  // `DATABASE_URL=your database url`: words in the place of an address.
  const words = subject.text !== '' && !isUrl(subject.text) && /^[A-Za-z]+[ _-][A-Za-z _-]*$/.test(subject.text)
  if ((open || words) && (kept || (head.word === 'dsn' && !subject.words.includes('host'))))
    return dsn(0.75, 'the address of a database usually carries its password')
  return setting(0.85, 'an address')
}

function judgeOther(subject: Subject, head: Head, before: ReadonlySet<string>): Verdict {
  const { text } = subject
  const last = head.before.at(-1) ?? ''
  switch (head.noun) {
    case 'id':
    case 'sid':
      return judgeId(subject, head, before)
    case 'dn':
      return last === 'bind' ? identifier(0.85, 'the name that logs in at a directory') : setting(0.8, 'a place in a directory')
    case 'email':
    case 'mail':
      return hasSecretBeside(subject, head.before) || hasSecretBeside(subject, head.before.slice(0, -1))
        ? identifier(0.8, 'the login beside a password')
        : setting(0.8, 'an e-mail address')
    case 'hash':
    case 'htpasswd':
      if (last === 'api' || SECRETS.has(last)) return secret(0.8, 'a hash that logs in')
      if (/^[a-z][a-z0-9-]{1,11}$/.test(text) && !looksDrawn(text)) return setting(0.8, 'the name of a way to hash')
      return head.before.some((word) => PASSWORDS.has(word)) || last === 'auth' || head.noun === 'htpasswd'
        ? verdict('verifier', 0.8, 'the hash of a password')
        : setting(0.7, 'a hash')
    case 'cookie':
      if (last === 'secrets') return secret(0.75, 'one of the secrets, the one for cookies')
      if (text === '' && head.behind.length === 0 && isStrange(last)) return secret(0.6, 'a login at a site, copied from a browser')
      // Nodes of Erlang let each other in by it. A copied login is a list of `name=value`.
      return ['erlang', 'release'].includes(last) || looksDrawn(text) || /^[\w-]+=[^;\s]{8,};\s*[\w-]+=/.test(text)
        ? secret(0.7, 'a cookie that lets others in')
        : setting(0.7, 'about a cookie')
    case 'license':
    case 'licence':
      if (head.behind.some((word) => !QUALIFIERS.has(word)) && !looksRandom(text)) return setting(0.7, 'about a licence')
      return looksRandom(text) ||
        /^(?:[A-Z0-9]{4,8}-){2,}[A-Z0-9]{4,8}$/.test(text) ||
        (subject.words.length > 1 && (subject.state === 'empty' || subject.state === 'placeholder'))
        ? secret(0.7, 'a licence key')
        : setting(0.6, 'a licence')
    case 'mnemonic':
      return secret(0.85, 'the words that a private key is made from')
    case 'phrase':
      if (last === 'pass') return secret(0.9, 'the name says pass phrase')
      return ['seed', 'mnemonic', 'recovery', 'secret', 'backup'].includes(last)
        ? secret(0.85, 'the words that a private key is made from')
        : setting(0.7, 'words')
    case 'seed':
      return looksRandom(text) || /^([a-z]{3,8}( |$)){12,24}$/.test(text) || before.has('wallet') || before.has('secret')
        ? secret(0.8, 'what a private key is made from')
        : setting(0.6, 'the seed of something random')
    case 'code':
      if (isPromised(subject)) return secret(0.7, 'the placeholder says that a secret belongs there')
      return OPENING_CODES.has(last) && !isSwitch(text) ? secret(0.7, 'a code that lets somebody in') : setting(0.8, 'a code that stands for something')
    case 'iv':
    case 'nonce':
      return looksRandom(text) || before.has('creds') || head.before.some((word) => ENCRYPTING.has(word))
        ? dataKey(0.75)
        : setting(0.6, `the name says ${head.word}`)
    default:
      return judgeSetting(subject, head)
  }
}

/** A word that says nothing to us: the name of somebody's site, most likely. */
const isStrange = (word: string): boolean =>
  word !== '' && ![SETTINGS, RESOURCES, ROLES, TOKENS, SECRETS, PASSWORDS, LOGINS, PEOPLE, QUALIFIERS].some((set) => set.has(word)) && !COOKIE_WORDS.has(word)
const COOKIE_WORDS: ReadonlySet<string> = new Set(
  'csrf xsrf consent remember refresh persistent sticky http samesite user preference tracking app jwt login'.split(' '),
)

function judgeId(subject: Subject, head: Head, before: ReadonlySet<string>): Verdict {
  const last = head.before.at(-1) ?? ''
  if (last === 'key' || (last === 'pair' && before.has('key'))) return identifier(0.93, 'the name of a key, not the key')
  if (last === 'secret') {
    const stem = head.before.slice(0, -1)
    return subject.has([...stem, 'secret', 'key'])
      ? identifier(0.85, 'the half that is shown: the secret key stands beside it')
      : subject.state === 'given' && !looksDrawn(subject.text)
        ? setting(0.7, 'the name of a secret, not the secret')
        : secret(0.7, 'a secret with an id')
  }
  if (last === 'client')
    return head.before.some((word) => BROKERS.has(word)) ? setting(0.75, 'a label for the connection') : identifier(0.9, 'the public half of an OAuth client')
  if (last === 'role' && subject.has([...head.before.slice(0, -1), 'secret', 'id'])) return identifier(0.85, 'stands beside a secret id')
  if (head.noun === 'sid') return last === 'account' || before.has('key') ? identifier(0.85, 'the name of an account') : setting(0.7, 'the id of a thing')
  if (last === 'account' || last === 'tenant') return identifier(0.6, 'the name of an account')
  if (last === 'app' || last === 'application' || last === 'integration') {
    const stem = head.before.slice(0, -1)
    return hasSecretBeside(subject, head.before) || hasSecretBeside(subject, stem)
      ? identifier(0.8, 'stands beside a secret')
      : setting(0.6, 'the id of an application')
  }
  if (hasSecretBeside(subject, head.before)) return identifier(0.85, 'stands beside a secret')
  return setting(0.85, 'the id of a thing')
}
