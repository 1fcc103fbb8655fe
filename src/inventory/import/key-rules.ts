import type { Subject, Verdict } from './classify.ts'
import type { Head } from './heads.ts'
import {
  ADDRESSES,
  COUNTED,
  CREDENTIALS,
  DATABASES,
  ENCRYPTING,
  FLAGGERS,
  PAGERS,
  PLAIN_KEYS,
  PUBLIC_ENDS,
  PUBLIC_KEYS,
  PUBLIC_PREFIXES,
  QUALIFIERS,
  QUESTION_WORDS,
  SALTS,
  SWITCH_VERBS,
} from './nouns.ts'
import { looksRandom } from './random.ts'
import { isEntryName, isNumber, isPath, isPlainForm, isSwitch } from './values.ts'
import { identifier, secret, setting, verdict } from './verdicts.ts'

export const dataKey = (confidence: number): Verdict =>
  verdict('data-key', confidence, 'it encrypts something that is kept: that becomes unreadable when it changes')

/** Words in the place of a key are no keys of a keyboard. */
const isTooShort = (text: string): boolean => /^(\S{1,3}|\d{1,5}|F\d{1,2})$/.test(text) && !/^(key|xxx?|abc|foo|bar|asd|tbd|\.{2,3})$/i.test(text)
/** With these before it, a key opens something however its value looks. */
const OPENERS: ReadonlySet<string> = new Set('api secret private access auth encryption signing master admin license licence shared service'.split(' '))

/** `KEY_DERIVATION=scrypt`: words that nobody knows stand behind the noun, and the value is a plain word. */
const isAbout = (head: Head, text: string): boolean =>
  /^[a-z]{2,12}(-[a-z]{2,8})?$/.test(text) &&
  head.behind.some((word) => !QUALIFIERS.has(word)) &&
  (head.noun === 'key' || head.noun === 'token' || DERIVED.test(head.behind.join(' ')))
/** What a tokenizer has for the ends of a text. */
const MARKS: ReadonlySet<string> = new Set('eos bos pad unk sep cls mask stop'.split(' '))
/** What English makes of verbs. */
const DERIVED = /(tion|sion|ing|ment|ity|ance|ence)s?$/

/** Said of what belongs there, not of what some option beside it takes. */
const PATH_SAID = /^(the )?(absolute |full )?(path|file ?name) (to|of) [^.\n]*$/m

const saysKeptData = (subject: Subject): boolean => /\b(encrypt|decrypt)/.test(subject.said) && !/tls|https|ssl/.test(subject.said)

/** A name that ends in key, token, secret or credentials. */
export function judgeKey(subject: Subject, head: Head, before: ReadonlySet<string>): Verdict {
  const { text } = subject
  const last = head.before.at(-1) ?? ''
  const outer = head.before.at(-2) ?? ''
  if (isSwitch(text)) return isUnsetByFalse(subject, head) ? secret(0.6, '"false" says that nothing is set') : setting(0.9, 'the value is yes or no')
  if (isNumber(text) && (head.word.endsWith('s') || /max|min|count|limit|num/.test(last))) return setting(0.9, 'the value is a number of them')
  if (head.word === 'tokens' && COUNTED.has(last)) return setting(0.85, 'tokens of a text, not of a login')
  if (head.word === 'token' && MARKS.has(last)) return setting(0.75, 'a token of a text, not of a login')
  // OIDC_URL_TOKEN, WEBHOOK_URL_SECRET: several addresses, and this is the one for that.
  if (ADDRESSES.has(last) && !looksRandom(text)) return setting(0.8, 'the address for it')
  if (head.word === 'key' && head.before.length === 1 && last === 'primary' && !looksRandom(text)) return setting(0.7, 'the key of a table')
  if ((head.noun === 'key' || head.noun === 'token') && subject.state === 'given' && isTooShort(text) && !OPENERS.has(last))
    return setting(0.7, 'too short for a key: one on a keyboard or a telephone, or a number')
  if (isPlainForm(text)) return setting(0.7, 'the value is a date, a version, an address or a list of words')
  if (head.noun === 'key' && isEntryName(text) && !OPENERS.has(last)) return setting(0.7, 'the name of an entry')
  if (isNumber(text) && head.behind.length > 0) return setting(0.8, 'the value is a number')
  if (head.word === 'jwt' && head.behind.length > 0 && !looksRandom(text)) return setting(0.7, 'about a JWT')
  if (before.has('cors')) return setting(0.85, 'a CORS switch')
  if (isPath(text)) return setting(0.9, 'the value is the path of a file')
  if (head.noun === 'key' && isPlainKey(subject, head, before)) return setting(0.85, `a ${last} key opens nothing`)
  const vapid = before.has('vapid') || before.has('webpush')
  if (head.noun === 'token' && /^anon(ymous)?$/.test(last)) return identifier(0.9, 'a token for everybody')
  if (head.noun === 'token' && (last === 'public' || (last === 'side' && outer === 'client'))) return identifier(0.85, 'a token that is made to be shown')
  if (head.noun === 'key' && isSearchKey(head.before)) return identifier(0.8, 'a key that may search and nothing more is made to be shown')
  if (head.noun === 'key' && PUBLIC_KEYS.has(last)) return identifier(0.9, `a ${last} key is made to be shown`)
  if (head.noun === 'key' && head.behind.some((word) => PUBLIC_ENDS.has(word) && word !== 'client'))
    return identifier(0.85, 'the name says that it is the public half')
  if (head.noun === 'key' && last === 'client' && [...before].some((word) => FLAGGERS.has(word)))
    return identifier(0.8, 'browsers get the client key of such a service')
  if (head.noun === 'key' && (last === 'verify' || last === 'verifying')) return identifier(0.65, 'what checks a signature is its public half')
  if (head.noun === 'credentials' && /^(include|omit|same-origin)$/.test(text)) return setting(0.85, 'how a browser sends them')
  if ((head.noun === 'key' || head.noun === 'token') && hasPublicPrefix(subject.words) && !before.has('secret') && !before.has('private')) {
    return identifier(0.85, 'the first words say that every browser gets it')
  }
  if (head.noun === 'key' && (last === 'ssl' || last === 'tls')) return judgeServerKey(subject, before)
  if (
    head.noun === 'key' &&
    /\b(white|allow)-?list(ed)? your domain|\bsafe to (expose|share|publish)|\bexposed to (the )?(browser|client|frontend)|\bclient-side key/.test(subject.said)
  ) {
    return identifier(0.7, 'the comment says that it is made to be shown')
  }
  if (head.noun === 'credentials' && last === 'application' && head.behind.length === 0) return setting(0.7, 'by convention the path of a file')
  if (vapid && head.noun === 'key') return verdict('data-key', 0.9, 'every browser that subscribed is bound to it')
  if (head.noun === 'key' && last === 'api' && (PUBLIC_ENDS.has(outer) || PUBLIC_KEYS.has(outer))) return identifier(0.8, `a ${outer} key is made to be shown`)
  const half = publicHalf(subject, head)
  if (half !== null) return half
  if (isDataKey(subject, head, before)) return dataKey(0.9)
  // Vendors call the public half of what they give an app its key; a base64 value, or a key id beside it, says otherwise.
  if (
    head.noun === 'key' &&
    last === 'app' &&
    head.before.length > 1 &&
    subject.state !== 'given' &&
    !subject.has([...head.before.slice(0, -1), 'key', 'id'])
  ) {
    return identifier(0.6, "what vendors call an app's key is its public half")
  }
  if (text === '' && PATH_SAID.test(subject.said)) return setting(0.65, 'the comment says that a path belongs there')
  if (before.has('license') || before.has('licence')) return secret(0.85, 'a licence key')
  if (isAbout(head, text)) return setting(0.6, 'words behind it and a plain value: something about it')
  // Words behind the noun that nobody knows, and a value that a person typed: it may be anything.
  const unsure = head.behind.some((word) => !QUALIFIERS.has(word)) && !looksRandom(text)
  return secret(unsure ? 0.65 : 0.93, `the name says ${head.word}`)
}

/** Search engines that browsers ask give out a key for that. A key of a search engine of the web is bought. */
function isSearchKey(before: readonly string[]): boolean {
  const stem = before.at(-1) === 'api' ? before.slice(0, -1) : before
  if (stem.at(-1) === 'only' && stem.at(-2) === 'search') return true
  return stem.at(-1) === 'search' && /^(algolia|docsearch|meili|meilisearch|typesense)$/.test(stem.at(-2) ?? '')
}

/** `SESSION_KEY` signs, unless its value is the name of a cookie. A pager's routing key lets anybody call. */
function isPlainKey({ text }: Subject, head: Head, before: ReadonlySet<string>): boolean {
  const last = head.before.at(-1) ?? ''
  if (head.behind.includes('prefix')) return true
  if (last === 'cookie' || last === 'session') return /^[a-z_.-]*(sid|sess|session|cookie|id)[a-z_.-]*$/i.test(text)
  return PLAIN_KEYS.has(last) && !looksRandom(text) && !(last === 'routing' && [...before].some((word) => PAGERS.has(word)))
}

/** The key of a TLS server: its path or its text, as the comment or the value says. Paths are mostly called so. */
function judgeServerKey(subject: Subject, before: ReadonlySet<string>): Verdict {
  if ([...before].some((word) => DATABASES.has(word))) return setting(0.7, 'clients of databases take the path of a key file')
  const path = /\b(path|file|location)\b/.test(subject.said) && !/\b(base64|contents?|encoded|pem)\b/.test(subject.said)
  return path ? setting(0.7, 'the comment speaks of a file') : secret(0.6, 'the private key of a server')
}

const SIGNS: ReadonlySet<string> = new Set('jwt token session cookie csrf hmac hash signing encryption'.split(' '))

/** The half of a pair that is shown: known by the other half being in the file. */
function publicHalf(subject: Subject, head: Head): Verdict | null {
  const stem = head.before
  const last = stem.at(-1) ?? ''
  const beside = (words: readonly string[], other: string): Verdict | null =>
    subject.has([...words, ...head.behind]) ? identifier(0.85, `the half that is shown: ${other} stands beside it`) : null
  if (head.noun !== 'key') return null
  if (last === 'access') {
    const root = stem.slice(0, -1)
    return (
      beside([...root, 'secret', 'key'], 'the secret key') ??
      beside([...root, 'secret', 'access', 'key'], 'the secret key') ??
      beside([...root, 'access', 'key', 'secret'], 'the secret') ??
      (root.length === 0 ? null : beside([...root, 'secret'], 'the secret')) ??
      beside([...root, 'access', 'secret'], 'the secret')
    )
  }
  if (last === 'client') {
    const root = stem.slice(0, -1)
    return (
      beside([...root, 'secret', 'key'], 'the secret key') ??
      beside([...root, 'server', 'key'], "the server's key") ??
      (root.length === 0 ? null : beside([...root, 'api', 'key'], 'the key of the API'))
    )
  }
  // `JWT_KEY` beside `JWT_SECRET`, and several keys, are no halves of a pair.
  if (last === 'secret' || last === 'private' || SIGNS.has(last) || head.word.endsWith('s')) return null
  return beside([...stem, 'secret'], 'the secret') ?? (last === 'api' || last === 'app' ? null : beside([...stem, 'key', 'secret'], 'the secret'))
}

function isDataKey(subject: Subject, head: Head, before: ReadonlySet<string>): boolean {
  if (head.before.some((word) => ENCRYPTING.has(word) || SALTS.has(word) || CREDENTIALS.has(word))) return true
  if (head.noun === 'key' && subject.words.length === 2 && before.has('app')) return true
  if (head.word === 'key' && before.has('secret') && head.behind[0] === 'base') return true
  if (head.noun === 'key' && before.has('rails') && before.has('master')) return true
  // A key that is bought is no data key, whatever the comment tells about the product.
  return (
    !before.has('api') &&
    !before.has('access') &&
    !before.has('client') &&
    saysKeptData(subject) &&
    /\b(data|database|stored|at rest|credential|secret|field|column|value)/.test(subject.said)
  )
}

/** The first words are those that bundlers hand to every browser. */
export const hasPublicPrefix = (words: readonly string[]): boolean => PUBLIC_PREFIXES.some((prefix) => prefix.every((word, at) => words[at] === word))

/** `OAUTH_APP_SECRET=false`, as applications in PHP have it: there is none yet. Not where the name asks whether. */
export const isUnsetByFalse = (subject: Subject, head: Head): boolean =>
  /^(false|null)$/i.test(subject.text.trim()) &&
  subject.words.length > 1 &&
  head.behind.length === 0 &&
  !subject.words.some((word) => SWITCH_VERBS.has(word) || QUESTION_WORDS.has(word))
