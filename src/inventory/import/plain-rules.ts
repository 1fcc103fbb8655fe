import type { Subject, Verdict } from './classify.ts'
import { packsPair } from './encoded.ts'
import { type Head, headOf } from './heads.ts'
import { dataKey, hasPublicPrefix } from './key-rules.ts'
import { CHATS, ENCRYPTING, HOOKS, LOGINS, MAILS, PEOPLE, PUBLIC_ENDS, RESOURCES, ROLES } from './nouns.ts'
import { isUuid, looksDrawn, looksRandom } from './random.ts'
import { isNumber, isPair, isSlashedPair, isSwitch } from './values.ts'
import { dsn, hasSecretBeside, identifier, secret, setting } from './verdicts.ts'
import { wordsOf } from './words.ts'

const SETTINGS_OF_HOOKS: ReadonlySet<string> = new Set(
  'enabled enable disabled timeout channel port host path method name retries id level interval'.split(' '),
)

/** The comment is no more than a command that draws secrets. Where it says more, it may be about something else. */
const isDrawnBySaying = (said: string): boolean =>
  /^(generated? (it |one |this )?(with|using|by)?:? ?)?`?(openssl rand|pwgen|mix phx\.gen\.secret|rails secret|rake secret|head -c ?\d+ \/dev\/urandom)\b[^\n]{0,40}$/.test(
    said.trim(),
  )
const ADDRESS_WORDS = /^(urls?|uris?|hosts?|hostname|ports?|paths?|files?|dir|domain|names?|enabled)$/

/** The head is a plain word: a setting, unless form, neighbours and comment say otherwise. */
export function judgeSetting(subject: Subject, head: Head): Verdict {
  const { words, text } = subject
  const open = subject.state === 'empty' || subject.state === 'placeholder'
  const tail = words.slice(-3)
  if (tail.includes('connection') && tail.includes('string') && open) return dsn(0.75, 'a connection string usually carries the password')
  const last = head.before.at(-1) ?? ''
  if (head.word === 'name' && (LOGINS.has(last) || (PEOPLE.has(last) && last !== 'master'))) return identifier(0.9, 'a login name')
  const hook = words.findIndex((word) => HOOKS.has(word))
  if (hook > 0 && CHATS.has(words[hook - 1] ?? '') && subject.state === 'empty' && !SETTINGS_OF_HOOKS.has(head.word)) {
    return secret(0.6, 'whoever knows the address of a webhook may post to it')
  }
  const written = words.at(-1) === 'contents' || words.at(-1) === 'content' || words.at(-1) === 'base64' || words.at(-1) === 'b64'
  if (written && /\b(private key|\.?p12|\.?pfx|pkcs|keystore)\b/.test(subject.said) && !/certificate file|chain/.test(subject.said)) {
    return secret(0.75, 'the contents of a key file')
  }
  if (head.word.startsWith('cert')) return judgeCertificate(subject, head)
  if (last === 'secrets' && /^(cipher|session|encryption|signing|signature)$/.test(head.word) && !isNumber(text) && !isSwitch(text))
    return secret(0.75, `one of the secrets, the one for ${head.word}`)
  if (head.word === 'headers' && open && /\b(auth(entication|orization)?|api[ -]?key|token|credentials?)\b/.test(subject.said))
    return secret(0.6, 'headers, and the comment says that they log in')
  // The third part of a login, as PayPal has it.
  if (head.word === 'signature' && open && subject.has([...head.before, 'password'])) return secret(0.7, 'what logs in beside a password')
  if (open && isDrawnBySaying(subject.said) && !ADDRESS_WORDS.test(head.word)) return secret(0.65, 'the comment says how to draw it at random')
  if ((head.word === 'auth' || head.word === 'authorization') && head.behind.length === 0) {
    if (isPair(text) || isSlashedPair(text) || packsPair(text)) return secret(0.8, 'a user and a password in one value')
    const stem = head.before
    const login = ['account', 'sid', 'user', 'username', 'login'].some((word) => subject.has([...stem, word]) || subject.has([...stem, 'account', word]))
    // SMTP_AUTH is how one logs in at a mail server, not with what.
    if (login && !stem.some((word) => MAILS.has(word)) && (open || looksDrawn(text))) return secret(0.7, 'what logs in beside an account')
  }
  // What such words mostly name is never drawn at random, save where they stand for a key: `MAIL_SIGNING`, `SITE_BACKEND`.
  return (ROLES.has(head.word) || isPublicName(words) ? judgeDrawn(subject, head.word) : null) ?? setting(0.92, `the name says ${head.word}`)
}

/** A certificate is a long text or a path. Some vendors call a key so: it has the form of one, or an id beside it. */
function judgeCertificate(subject: Subject, head: Head): Verdict {
  if (looksRandom(subject.text) && subject.text.length <= 64 && !subject.text.startsWith('MII'))
    return secret(0.75, 'too short for a certificate: a key that is called one')
  if (subject.text === '' && head.behind.length === 0 && head.word === 'certificate' && head.before.at(-1) === 'app' && subject.has([...head.before, 'id'])) {
    return secret(0.6, 'the other half of an id that stands beside it')
  }
  return setting(0.9, 'a certificate')
}

/** No word of the name is known: the value and the comments are all there is. */
export function judgeNameless(subject: Subject): Verdict {
  const { words, said, text } = subject
  const last = words.at(-1) ?? ''
  if (words.includes('connection') && (subject.state === 'empty' || subject.state === 'placeholder')) {
    return words.includes('string') ? dsn(0.7, 'a connection string usually carries the password') : setting(0.7, 'about a connection')
  }
  const named = /\b(api key|secret key|access token|password|passphrase|private key|auth token|secret)\b/.test(said)
  if (isPromised(subject)) return secret(0.75, 'the placeholder says that a secret belongs there')
  // `mysafepasswd`: a typed password that says what it is, in the place of a better one.
  if (/^\S{2,40}(passw(or)?d|passwort|passphrase)\d{0,4}!?$/i.test(text) && !/[=:/]/.test(text)) return secret(0.6, 'the value calls itself a password')
  const drawn = judgeDrawn(subject, last)
  if (drawn?.kind === 'secret' && named) return secret(0.8, 'a random value, and the comment speaks of a secret')
  if (drawn !== null) return drawn
  if (ROLES.has(last) && (isPair(text) || packsPair(text)) && hasSecretBeside(subject, words)) return secret(0.7, 'a user and a password in one value')
  return setting(0.8, 'nothing in name, value or comment speaks of a secret')
}

const isPublicName = (words: readonly string[]): boolean => words.slice(-2).some((word) => PUBLIC_ENDS.has(word)) || hasPublicPrefix(words)

/** A value that nobody typed, under a name that does not say what it is; `null` for one that somebody typed. */
function judgeDrawn(subject: Subject, last: string): Verdict | null {
  const { text, words } = subject
  const role = ROLES.has(last)
  if (!(role ? looksDrawn(text) : looksRandom(text))) return null
  if (isPublicName(words)) return identifier(0.8, 'a random value that the name calls public')
  if (ENCRYPTING.has(last)) return dataKey(0.75)
  if (role) return secret(0.7, `a random value: what the name calls ${last} is a key`)
  // `price_1Abc`: what stands before the first dash is the kind of thing, and the name says the same.
  const mark = /^([a-z]{2,12})[_-]/.exec(text)?.[1]
  if (RESOURCES.has(last) || (mark !== undefined && (RESOURCES.has(mark) || words.includes(mark)) && !ROLES.has(mark)))
    return setting(0.75, 'the id of a thing')
  // Things are numbered so; a token of that form has a name that says it.
  if (isUuid(text)) return setting(0.6, 'a UUID, and the name says of no secret')
  return secret(0.55, 'the value looks drawn at random')
}

/** What a placeholder such as `<your bot token>` says belongs there. */
export function isPromised({ text: placeholder, state }: Subject): boolean {
  if (state !== 'placeholder') return false
  if (placeholder.length > 80) return false
  const noun = headOf(wordsOf(placeholder.replace(/([a-z])([A-Z])/g, '$1_$2')))?.noun
  return noun === 'password' || noun === 'secret' || noun === 'token' || noun === 'key'
}
