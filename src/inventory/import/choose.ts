import type { Json } from '../../terms.ts'
import { isDataEncryptionKey, suggestRotator, suggestRotatorForAll } from '../names.ts'
import { providerOf } from '../providers.ts'
import type { Classified } from './classify.ts'
import { packsSecret, roleOf } from './encoded.ts'
import { PASSWORDS } from './nouns.ts'
import type { Group } from './pairing.ts'
import { hasPasswordPart, isPrivatePem, isUrl } from './values.ts'
import { wordsOf } from './words.ts'

/** How a secret is to be replaced, as it will stand in the inventory. */
export interface Choice {
  readonly kind: 'random' | 'manual' | 'none' | 'asterisk-ari'
  readonly params: { readonly [key: string]: Json | undefined }
  /** It is what the short form means anyhow, so the file need not say it. */
  readonly implied: boolean
  /** In words for a person; stands in the file where `kind` is `none`. */
  readonly reason: string
}

/** What else the project tells: settings beside the secrets, and files that were given. */
export interface Surroundings {
  /** The value of a setting of the same file; `null` where it has none. */
  setting(name: string): string | null
  /** `ari.conf` as the inventory shall name it, if it was given or found. */
  readonly ariConf: string | null
}

/**
 * The rotator for a group. Careful: `random` only for what the project's own programs make up and read from this file, never
 * for anything that encrypts stored data, and `manual` for all that something outside has to be told of.
 */
export function chooseRotator(group: Group, around: Surroundings): Choice {
  const secrets = group.members.filter((one) => one.kind !== 'identifier')
  const names = secrets.map((one) => one.variable.name)
  const never = secrets.find((one) => one.kind === 'data-key' || isDataEncryptionKey(one.variable.name))
  if (never !== undefined) return { kind: 'none', params: {}, implied: false, reason: reasonNever(never) }
  if (isAriLogin(group)) return ariChoice(group, around)
  const suggested = suggestRotatorForAll(names)
  if (suggested.kind === 'random' && secrets.some((one) => one.kind === 'secret' && one.variable.value.tells(isMade))) {
    return { kind: 'manual', params: {}, implied: false, reason: 'a key pair, a key file or an address: it is made elsewhere, as a whole' }
  }
  if (suggested.kind === 'random' && secrets.every((one) => one.kind === 'secret'))
    return { kind: 'random', params: {}, implied: false, reason: suggested.reason }
  if (names.some((name) => providerOf(name) !== null))
    return { kind: 'manual', params: {}, implied: true, reason: 'its provider has no admin key here: you make the new one' }
  if (secrets.some(isPassword)) {
    const reason = 'nothing here can change it where it is checked: you change it there, and that ends the old one'
    return { kind: 'manual', params: { replaces: true }, implied: false, reason }
  }
  return { kind: 'manual', params: {}, implied: true, reason: suggested.reason }
}

/** No random text can take its place. */
const isMade = (value: string): boolean => isPrivatePem(value) || isUrl(value) || hasPasswordPart(value) || packsSecret(value) || roleOf(value) !== null

function reasonNever(one: Classified): string {
  const suggested = suggestRotator(one.variable.name)
  return suggested.kind === 'none' ? suggested.reason : one.why
}

const isPassword = (one: Classified): boolean => one.kind === 'dsn' || PASSWORDS.has(wordsOf(one.variable.name).at(-1) ?? '')

/** A login name and a password, both named for Asterisk's REST interface. */
const isAriLogin = (group: Group): boolean =>
  Object.values(group.env).includes('username') &&
  group.members.every((one) => one.kind === 'identifier' || one.kind === 'secret') &&
  group.members.every((one) => wordsOf(one.variable.name).includes('ari'))

/** Asterisk's file must be on this machine: only where it runs here, or its `ari.conf` was given, can anything be edited. */
function ariChoice(group: Group, around: Surroundings): Choice {
  const url = ariUrl(group, around)
  if (around.ariConf === null && !isHere(url.hostname)) {
    const reason = `Asterisk runs on ${url.hostname}: with its ari.conf at hand (or Keyturn there) the rotator asterisk-ari can do it`
    return { kind: 'manual', params: { replaces: true }, implied: false, reason }
  }
  const address = url.href.replace(/\/$/, '')
  return {
    kind: 'asterisk-ari',
    params: { ...(address !== DEFAULT_URL && { url: address }), ...(around.ariConf !== null && { config: around.ariConf }) },
    implied: false,
    reason: 'edits ari.conf, reloads Asterisk, and proves both passwords by logging in',
  }
}

const DEFAULT_URL = 'http://127.0.0.1:8088/ari'

/** From the settings beside it: `ASTERISK_ARI_URL`, or scheme, host and port. */
function ariUrl(group: Group, around: Surroundings): URL {
  const stem = group.members[0]?.variable.name.replace(/_?(USERNAME|USER|LOGIN|PASSWORD|PASSWD|PASS|SECRET)$/i, '') ?? 'ASTERISK_ARI'
  const settings = (end: string): string | null => around.setting(`${stem}_${end}`) ?? around.setting(stem.replace(/_?ARI$/i, `_${end}`))
  const host = settings('HOST') ?? '127.0.0.1'
  const made = `${settings('SCHEME') ?? 'http'}://${host.includes(':') ? `[${host}]` : host}:${around.setting(`${stem}_PORT`) ?? '8088'}/ari`
  const given = settings('URL')
  const url = URL.parse(given ?? made)
  if (url === null || !/^https?:$/.test(url.protocol)) return new URL(DEFAULT_URL)
  if (url.pathname === '/') url.pathname = '/ari'
  // What stands in the address goes into a file that is committed.
  url.username = ''
  url.password = ''
  url.search = ''
  return url
}

const isHere = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0|host\.docker\.internal)$/i.test(host)
