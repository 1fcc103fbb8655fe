import type { Subject, Verdict } from './classify.ts'
import type { Head } from './heads.ts'
import { COUNTED, CREDENTIALS, ENCRYPTING, PLAIN_KEYS, PUBLIC_KEYS, PUBLIC_PREFIXES, QUALIFIERS, SALTS } from './nouns.ts'
import { isNumber, isPath, isSwitch, looksRandom } from './values.ts'
import { identifier, secret, setting, verdict } from './verdicts.ts'

export const dataKey = (confidence: number): Verdict =>
  verdict('data-key', confidence, 'it encrypts something that is kept: that becomes unreadable when it changes')

const saysKeptData = (subject: Subject): boolean => /\b(encrypt|decrypt)/.test(subject.said) && !/tls|https|ssl/.test(subject.said)

/** A name that ends in key, token, secret or credentials. */
export function judgeKey(subject: Subject, head: Head, before: ReadonlySet<string>): Verdict {
  const { text } = subject
  const last = head.before.at(-1) ?? ''
  if (isSwitch(text)) return setting(0.9, 'the value is yes or no')
  if (isNumber(text) && (head.word.endsWith('s') || /max|min|count|limit|num/.test(last))) return setting(0.9, 'the value is a number of them')
  if (head.word === 'tokens' && COUNTED.has(last)) return setting(0.85, 'a number of tokens')
  if (isNumber(text) && head.behind.length > 0) return setting(0.8, 'the value is a number')
  if (head.word === 'jwt' && head.behind.length > 0 && !looksRandom(text)) return setting(0.7, 'about a JWT')
  if (before.has('cors')) return setting(0.85, 'a CORS switch')
  if (isPath(text)) return setting(0.9, 'the value is the path of a file')
  if (head.noun === 'key' && (PLAIN_KEYS.has(last) || head.behind.includes('prefix'))) return setting(0.85, `a ${last} key opens nothing`)
  const vapid = before.has('vapid') || before.has('webpush')
  if (head.noun === 'key' && PUBLIC_KEYS.has(last)) return identifier(0.9, `a ${last} key is made to be shown`)
  if (head.noun === 'key' && hasPublicPrefix(subject.words) && !before.has('secret') && !before.has('private')) {
    return identifier(0.85, 'the first words say that every browser gets it')
  }
  if (head.noun === 'key' && (last === 'ssl' || last === 'tls') && !looksRandom(text)) return setting(0.6, 'most of these are the path of a key file')
  if (head.noun === 'credentials' && last === 'application' && head.behind.length === 0) return setting(0.7, 'by convention the path of a file')
  if (vapid && head.noun === 'key') return verdict('data-key', 0.9, 'every browser that subscribed is bound to it')
  const half = publicHalf(subject, head)
  if (half !== null) return half
  if (isDataKey(subject, head, before)) return dataKey(0.9)
  if (before.has('license') || before.has('licence')) return secret(0.85, 'a licence key')
  // Words behind the noun that nobody knows, and a value that a person typed: it may be anything.
  const unsure = head.behind.some((word) => !QUALIFIERS.has(word)) && !looksRandom(text)
  return secret(unsure ? 0.65 : 0.93, `the name says ${head.word}`)
}

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
      beside([...root, 'access', 'key', 'secret'], 'the secret')
    )
  }
  if (last === 'secret' || last === 'private') return null
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

const hasPublicPrefix = (words: readonly string[]): boolean => PUBLIC_PREFIXES.some((prefix) => prefix.every((word, at) => words[at] === word))
