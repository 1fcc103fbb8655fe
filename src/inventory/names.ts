import { providerOf } from './providers.ts'

/**
 * What the name of a variable tells about how its value may be replaced. Pure, and one table: `secrets init` and the short form
 * of the inventory both ask here. Careful on purpose: a wrong `random` breaks a login, a wrong `none` only leaves a secret old.
 */

/** How to rotate, judged by the name alone, with the reason in words for a person. */
export interface Suggestion {
  readonly kind: 'random' | 'manual' | 'none'
  readonly reason: string
}

interface NameRule {
  readonly match: RegExp
  readonly reason: string
  /** What was signed with the old value is refused with the new one. */
  readonly signs?: true
}

const STORED = 'it encrypts stored data'
const HASHES = 'stored hashes depend on it'

/** Values that stored data depends on: a new one makes the old data unreadable, or breaks every subscription or hash. */
const DATA_KEYS: readonly NameRule[] = [
  { match: /(^|_)VAPID(_|$)/, reason: 'push subscriptions are bound to it: a new pair silences every subscriber' },
  { match: /ENCRYPT(ION)?_?(.+_)?(KEY|SECRET|PASSPHRASE|PASSWORD|PHRASE|SALT)S?(_?\d+)?(_(HEX|BASE64|B64|OLD|NEW|PREVIOUS))?$/, reason: STORED },
  { match: /(^|_)(CRYPTO|CIPHER|CLOAK|FERNET|DATA|COLUMN|FIELD|ATTRIBUTE|LOCKBOX|AES(_?(128|192|256))?)_KEYS?(_?\d+)?(_(BASE64|B64|HEX))?$/, reason: STORED },
  { match: /(^|_)(KEK|DEK|CLOAK_KEYCHAIN|RAILS_MASTER_KEY)$/, reason: STORED },
  { match: /(^|_)APP_KEYS?$/, reason: 'stored data and cookies are encrypted with it' },
  { match: /(^|_)APP_PREVIOUS_KEYS$/, reason: 'it decrypts what was stored with former keys' },
  { match: /(^|_)SECRET_KEY_BASE$/, reason: 'the keys of stored data are derived from it' },
  { match: /(^|_)OTP_SECRET$/, reason: 'the second factors of all users are encrypted with it' },
  { match: /(^|_)[A-Z]*(SALT|PEPPER)S?(_(KEY|VALUE|SECRET))?$/, reason: HASHES },
  { match: /(^|_)(BACKUP|RESTIC|BORG)_(PASSWORD|PASSPHRASE|KEY)$/, reason: 'existing backups can only be read with it' },
  { match: /(^|_)(WALLET_SEED|SEED_PHRASE|SEED_WORDS|MNEMONIC)$/, reason: 'it is the thing itself, not a key to it: there is no second one' },
]

// A name with a vendor in front (`ZOOM_JWT_SECRET`) is the vendor's, so only these may stand there.
const OWN = '^((APP|API|ADMIN|AUTH|BACKEND|SERVER|WEB|NEXT|EXPRESS|FLASK|HTTP|USER|LOCAL|INTERNAL)_)*'
const own = (rest: string): RegExp => new RegExp(`${OWN}${rest}$`)

/** Signing secrets that the application itself makes up: any good random value will do; a new one logs people out at worst. */
const SELF_MADE: readonly NameRule[] = [
  { match: /^(NEXTAUTH|AUTHJS|BETTER_AUTH|LUCIA|AUTH)_SECRET$/, reason: 'it signs sessions: a new one logs people out', signs: true },
  {
    match: own('(JWT|(JWT_)?(ACCESS|REFRESH|ID)_TOKEN)_((SIGNING|ACCESS|REFRESH|AUTH|HMAC)_)?(SECRET|SECRET_KEY|KEY)'),
    reason: 'it signs login tokens: a new one logs people out',
    signs: true,
  },
  { match: own('SESSIONS?_((SIGNING|AUTH)_)?(SECRET|SECRET_KEY|KEY)'), reason: 'it signs sessions: a new one logs people out', signs: true },
  { match: own('COOKIES?_((SIGNING|AUTH)_)?(SECRET|SECRET_KEY|KEY)'), reason: 'it signs cookies: a new one logs people out', signs: true },
  { match: own('(CSRF|XSRF)_((TOKEN|AUTH)_)?(SECRET|SECRET_KEY|KEY)'), reason: 'it signs forms: open ones must be loaded again', signs: true },
  { match: own('MAGIC_LINK_SECRET'), reason: 'it signs login links: those already sent stop working', signs: true },
  { match: /^(LOCAL|INTERNAL)_(.+_)?(AUTH_|API_|ACCESS_)?(TOKEN|SECRET)$/, reason: 'it is shared by services of this project only' },
  {
    match: own('(HEALTHZ?|HEALTH_?CHECK|LIVENESS|READINESS|METRICS)_((API|AUTH|ACCESS|BEARER|BIND|SERVER)_)*(TOKEN|SECRET)'),
    reason: "it guards a page of this project's own: whoever looks at that page needs the new one",
  },
]

// Not here: a webhook's secret (`WEBHOOK_SECRET`, `WEBHOOK_TOKEN`). Whoever calls the hook holds it too, and is mostly somebody else.

// A length, a driver or a switch is a setting, whatever it is named after.
const SETTING = /_(ROUNDS|LENGTH|SIZE|BITS|ALGORITHM|ALG|ENABLED|DISABLED|TYPE|MODE|ID|FILE|PATH|NAME|URL|TTL|EXPIRY|EXPIRES(_IN)?|ISSUER|AUDIENCE)$/

const find = (rules: readonly NameRule[], name: string): NameRule | undefined => {
  const upper = name.toUpperCase()
  return SETTING.test(upper) ? undefined : rules.find((rule) => rule.match.test(upper))
}

/**
 * Whether stored data depends on the value of this variable, judged by its name (`*ENCRYPTION_KEY`, `APP_KEY`, `SECRET_KEY_BASE`,
 * `*SALT`, VAPID, ...). Such a value is never replaced by itself and never by `--all`.
 */
export const isDataEncryptionKey = (name: string): boolean => find(DATA_KEYS, name) !== undefined

/** What a person loses when this value is replaced, where its name says that things are signed with it; `null`: nothing that the name tells. */
export function signedWith(name: string): string | null {
  const rule = providerOf(name) === null ? find(SELF_MADE, name) : undefined
  return rule?.signs ? rule.reason : null
}

/** How a secret in this variable may be rotated, by its name alone: `none` for data keys, `random` for self-made signing secrets, else guided. */
export function suggestRotator(name: string): Suggestion {
  const data = find(DATA_KEYS, name)
  if (data) return { kind: 'none', reason: data.reason }
  // `INTERNAL_SLACK_TOKEN` is Slack's, whatever stands before it.
  const own = providerOf(name) === null ? find(SELF_MADE, name) : undefined
  if (own) return { kind: 'random', reason: own.reason }
  return { kind: 'manual', reason: 'nothing here can change it at its provider: a person makes the new one' }
}

/** How a secret with several variables may be rotated: never if one of them is a data key, by itself only if all of them may. */
export function suggestRotatorForAll(names: readonly string[]): Suggestion {
  const all = names.map(suggestRotator)
  const never = all.find((suggestion) => suggestion.kind === 'none')
  const byHand = all.find((suggestion) => suggestion.kind === 'manual')
  return never ?? byHand ?? all[0] ?? { kind: 'manual', reason: 'no variable tells what it is: a person makes the new one' }
}
