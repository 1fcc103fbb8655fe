import { headOf } from './heads.ts'
import { HOOKS, RESOURCES } from './nouns.ts'
import { isUuid, looksDrawn, looksRandom } from './random.ts'
import { hasSecretMark, isUrl, referencesIn } from './values.ts'
import { wordsOf } from './words.ts'

/** Addresses of notification services, with the token in the place of the user. */
const NOTIFIERS = /^(discord|slack|telegram|tgram|gotify|pushover|mattermost|rocketchat|teams|pushbullet|ntfys?|join|matrix|otpauth):\/\/[^\s@/]+[@/]/i
const CHAT_HOOKS =
  /^https:\/\/(hooks\.slack\.com\/(services|workflows|triggers)\/|(\w+\.)?discord(app)?\.com\/api\/webhooks\/|[\w.-]+\.webhook\.office\.com\/|hooks\.zapier\.com\/hooks\/|chat\.googleapis\.com\/v1\/spaces\/|api\.telegram\.org\/bot\d+:)/i
/** Behind these stands the id of a thing, which opens nothing without a login. */
const HOLDERS: ReadonlySet<string> = new Set([
  'd',
  'o',
  'p',
  'b',
  'e',
  'blob',
  'tree',
  'raw',
  'doc',
  'docs',
  'assets',
  'static',
  'img',
  'media',
  'embed',
  'accounts',
])
const CALLS: ReadonlySet<string> = new Set([...HOOKS, 'ping', 'push', 'trigger', 'triggers', 'ical', 'ics', 'incoming', 'heartbeat'])

const isSecretNoun = (name: string): boolean => /^(password|secret|token|key|credentials)$/.test(headOf(wordsOf(name))?.noun ?? '')

/** A password, key or signature among the parameters of an address: `?api_key=...`, `&sig=...`. What a program fills in is none. */
export function hasSecretParameter(value: string): boolean {
  if (!isUrl(value) && !/^[^\s?]{1,512}\?[\w.-]{1,64}=[^\s&]*(&[\w.-]{1,64}=[^\s&]*)*$/.test(value)) return false
  const query = value.slice(value.search(/[?;]/) + 1)
  return [...query.matchAll(/(?:^|[?&;])([\w.-]{1,64})=(?![{<:&]|%[sd])[^\s&;]/g)].some(
    ([, name = '']) => isSecretNoun(name) || /^(sig|signature|x-amz-signature|auth|code)$/i.test(name),
  )
}

/** A token in the place of the user: `https://TOKEN@host/`. */
export function hasTokenUser(value: string): boolean {
  const user = /^[a-z][a-z0-9+.-]*:\/\/([^\s/?#:@]{8,}):?@/i.exec(value)?.[1]
  if (user === undefined) return false
  const referred = referencesIn(user)
  if (referred.length > 0) return referred.some((name) => isSecretNoun(name))
  return hasSecretMark(user) || (/^https?:/i.test(value) ? looksDrawn(user) : looksRandom(user))
}

/** An address that is itself the permission to post to it or to read from it. `words`: those of the variable's name. */
export function isCapabilityUrl(value: string, words: readonly string[]): boolean {
  if (NOTIFIERS.test(value) || CHAT_HOOKS.test(value)) return true
  if (!isUrl(value) || !/^https?:|^webcals?:/i.test(value)) return false
  const segments = value
    .replace(/^[a-z]+:\/\/[^/?#]*/i, '')
    .replace(/[?#].*$/s, '')
    .split('/')
    .slice(1)
  const calls = [...words, ...segments.map((one) => one.toLowerCase())].some((word) => CALLS.has(word)) || /\.ics$/i.test(value)
  return segments.some((segment, at) => {
    if (/^private-[\w-]{16,}$/.test(segment)) return true
    if (!looksRandom(segment) && !(calls && (/^[0-9a-f]{20,}$/i.test(segment) || (segments[at - 1] === 'push' && looksDrawn(segment))))) return false
    if (calls) return true
    const holder = (segments[at - 1] ?? '').toLowerCase()
    const named = HOLDERS.has(holder) || RESOURCES.has(holder) || RESOURCES.has(holder.replace(/s$/, ''))
    return !isUuid(segment) && segment.length >= 24 && !named && !/\.[a-z0-9]{2,5}$/i.test(segment) && at === segments.length - 1
  })
}
