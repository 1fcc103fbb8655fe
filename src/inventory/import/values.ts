/** What a value's own form says. These take the plain text: only `classify.ts` and `propose.ts` open the box for them. */

const BOOLEAN = /^(true|false|yes|no|on|off|enabled?|disabled?)$/i
const NUMBER = /^[+-]?\d{1,9}(\.\d+)?\s?(ms|s|sec|m|min|h|d|w|kb?|mb?|gb?|%)?$/i
const UNSET = /^(null|nil|none|undefined|~)?$/i

/** Nothing, or a word that readers take for nothing. */
export const isUnset = (value: string): boolean => UNSET.test(value.trim())
export const isSwitch = (value: string): boolean => BOOLEAN.test(value.trim())
export const isNumber = (value: string): boolean => NUMBER.test(value.trim())

/** A file or folder. Random base64 may begin with a slash, so that alone is not enough. */
export function isPath(value: string): boolean {
  if (/[\r\n]/.test(value) || value.length > 1024) return false
  if (/^[A-Za-z]:\\/.test(value)) return true
  if (/^(~|\.{1,2})\//.test(value)) return true
  if (/^\/(run|etc|var|opt|usr|home|root|app|apps|data|mnt|srv|tmp|path|secrets|certs?|config|keys?|ssl|vault|workspace)(\/|$)/i.test(value)) return true
  if (/^\/[^\s:=+]*\.[a-z0-9]{1,10}$/i.test(value)) return true
  return /^[\w./-]+\.(pem|key|crt|cer|p12|pfx|jks|json|ya?ml|txt|conf|env|pub|der)$/i.test(value)
}

/** Private key material in PEM, also with `\n` written out. */
export const isPrivatePem = (value: string): boolean => /-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----/.test(value)
export const isPublicPem = (value: string): boolean =>
  /-----BEGIN (CERTIFICATE|[A-Z0-9 ]*PUBLIC KEY( BLOCK)?)-----/.test(value) || /^ssh-(rsa|ed25519) /.test(value)

/** The hash of a password (crypt, bcrypt, argon2, htpasswd, Django, LDAP): it checks one and cannot be used as one. */
export const isPasswordHash = (value: string): boolean =>
  /^([^\s:]{1,64}:)?(\${1,2}(2[abxy]?|1|5|6|y|7|apr1|argon2(id|i|d)|scrypt|pbkdf2[a-z0-9-]*)\${1,2}|\{(SSHA|SHA|SSHA512|CRYPT|ARGON2)\}|(pbkdf2_sha256|pbkdf2_sha1|bcrypt_sha256|argon2|scrypt)\$|SCRAM-SHA-256\$)/.test(
    value,
  )

/** An address that Sentry and its like hand to browsers: a public key before the `@`, a project number at the end. */
export const isPublicDsn = (value: string): boolean => /^https?:\/\/[0-9a-f]{16,64}@[^/\s]+\/(\S*\/)?\d+$/i.test(value)

export interface Userinfo {
  /** With the scheme and `://`. */
  readonly before: string
  /** Both as they stand in the URL, percent-encoded or not. */
  readonly username: string
  readonly password: string
  /** From the `@`. */
  readonly after: string
}

/** The user and password inside a URL; `null` where there is no password. */
export function userinfoOf(value: string): Userinfo | null {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(value)?.[0] ?? /^jdbc:[a-z0-9:+.-]*\/\//i.exec(value)?.[0]
  if (scheme === undefined || /[\r\n]/.test(value)) return null
  const rest = value.slice(scheme.length)
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? ''
  // A password with a raw slash hides the end of the authority; the last `@` is then the best there is.
  const at = authority.includes('@') ? authority.lastIndexOf('@') : rest.lastIndexOf('@')
  if (at < 0) return null
  const userinfo = rest.slice(0, at)
  const colon = userinfo.indexOf(':')
  if (colon < 0 || colon === userinfo.length - 1 || (at >= authority.length && !/^[^/?#:]*:/.test(userinfo))) return null
  return { before: scheme, username: userinfo.slice(0, colon), password: userinfo.slice(colon + 1), after: rest.slice(at) }
}

export const isUrl = (value: string): boolean => /^[a-z][a-z0-9+.:-]*:\/\/\S+$/i.test(value)

/** `Server=...;Password=...` and `AccountKey=...;` strings, and addresses with a password in the query. */
export const hasPasswordPart = (value: string): boolean =>
  /(^|;)\s*(password|pwd|accountkey|sharedaccesskey|sharedaccesssignature|accesskey|secretkey)\s*=\s*[^;\s]/i.test(value) ||
  (isUrl(value) && /[?&](password|pwd|pass|token|access_token|api_?key|key|secret|sig|signature|auth|sslpassword)=[^&\s]/i.test(value)) ||
  /(^|\s)password=\S/i.test(value) ||
  /(^|[\s,;])(authorization|[\w-]*(api[-_]?key|token))\s*[=:]\s*((bearer|basic|token)(\s|%20))?[^\s,;]{8,}/i.test(value) ||
  /"(private_key|client_secret|api_?key|secret|password|token|key)"\s*:\s*"[^"]/i.test(value)

/** An address that is itself the permission to post. */
export const isCapabilityUrl = (value: string): boolean =>
  /^(discord|slack|telegram|gotify|pushover|mattermost|rocketchat|teams|pushbullet|ntfys?|join|matrix):\/\/[^\s@/]+@/i.test(value) ||
  /^https:\/\/(hooks\.slack\.com\/(services|workflows|triggers)\/|(\w+\.)?discord(app)?\.com\/api\/webhooks\/|[\w.-]+\.webhook\.office\.com\/|hooks\.zapier\.com\/hooks\/|chat\.googleapis\.com\/v1\/spaces\/|api\.telegram\.org\/bot\d+:)/i.test(
    value,
  )

/** Keys that their vendors mark as fit to be shown. */
export const isPublishable = (value: string): boolean => /^(pk_(live|test)_|phc_|pk\.eyJ|(AKIA|ASIA)[A-Z0-9]{16}$|age1[02-9ac-hj-np-z]{50,}$|ssh-)/.test(value)

/** Marks that vendors put before their secret keys. */
export const hasSecretMark = (value: string): boolean =>
  /^(sk-[\w-]{8,}|sk_(live|test)_|rk_(live|test)_|gh[opsur]_\w|github_pat_|glpat-|xox[abeprs]-|xapp-|AIza[\w-]{20,}|SG\.[\w-]{10,}|whsec_|hf_[A-Za-z]{8,}|gsk_|r8_\w{10,}|dop_v1_|dckr_pat_|npm_\w{20,}|pypi-|shpat_|sq0[a-z]{3}-|EAA[A-Za-z0-9]{20,}|ya29\.|AGE-SECRET-KEY-1|hvs\.|pul-[0-9a-f]{20,}|lin_api_|ntn_|eyJ[\w-]{10,}\.[\w-]{10,}\.)/.test(
    value,
  )

/** `user:password` in one value. */
export const isPair = (value: string): boolean => /^[^\s:/]{1,64}:[^\s/:][^\s:]{2,}$/.test(value) && !/^\w+:\d+$/.test(value)

/** Looks drawn at random: long, of mixed characters, no words that a person would type. */
export function looksRandom(value: string): boolean {
  if (value.length < 16 || value.length > 512 || /\s/.test(value) || isUrl(value) || isPath(value)) return false
  if (!/^[\w+/=.~!@#$%^&*:-]+$/.test(value)) return false
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value)) return true
  const classes = [/[a-z]/, /[A-Z]/, /\d/].filter((one) => one.test(value)).length
  const distinct = new Set(value).size
  if (/^[0-9a-f]{24,}$/i.test(value)) return distinct >= 8
  // Words joined by dashes or dots are names, however long.
  const longestRun = Math.max(...value.split(/[-_./:]/).map((part) => part.length))
  return classes === 3 && distinct >= 10 && longestRun >= 12
}

/** All `${NAME}` and `$NAME` in a value. */
export const referencesIn = (value: string): readonly string[] =>
  [...value.matchAll(/\$(?:\{([A-Za-z_]\w*)[^{}]*\}|([A-Za-z_]\w*))/g)].flatMap((match) => match[1] ?? match[2] ?? [])
