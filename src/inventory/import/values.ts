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
  if (/^[A-Za-z]:\\/.test(value) || /^id_(rsa|dsa|ecdsa|ed25519)(_sk)?$/.test(value)) return true
  // `%kernel.project_dir%/`, `${HOME}/`: a folder that the program knows.
  if (/^(~|\.{1,2}|%[\w.]{1,64}%|\$\{?[A-Z_]{1,64}\}?)\/[\w./-]*$/.test(value) || /^(~|\.{1,2})\//.test(value)) return true
  if (/^\/(run|etc|var|opt|usr|home|root|app|apps|data|mnt|srv|tmp|path|secrets|certs?|config|keys?|ssl|vault|workspace)(\/|$)/i.test(value)) return true
  if (/^\/[^\s:=+]*\.[a-z0-9]{1,10}$/i.test(value)) return true
  // Words of lower case between slashes: chance does not draw them.
  if (/^(\/[a-z][a-z_.-]{1,40}){2,}\/?$/.test(value)) return true
  return /^[\w./-]+\.(pem|key|crt|cer|p12|pfx|jks|json|ya?ml|txt|conf|env|pub|der)$/i.test(value)
}

/** Private key material in PEM, also with `\n` written out. */
export const isPrivatePem = (value: string): boolean => /-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----/.test(value)
export const isCertificate = (value: string): boolean => /-----BEGIN (TRUSTED )?CERTIFICATE( REQUEST)?-----|-----BEGIN (DH|EC) PARAMETERS-----/.test(value)
export const isPublicKey = (value: string): boolean =>
  /-----BEGIN [A-Z0-9 ]*PUBLIC KEY( BLOCK)?-----/.test(value) || /^(ssh-(rsa|ed25519|dss)|ecdsa-sha2-\S+|sk-ssh-\S+) /.test(value)

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
  // `rest:https://`, `jdbc:mysql://`: a scheme may have others before it.
  const scheme = /^(?:[a-z][a-z0-9_+.-]{0,30}:){0,3}\/\//i.exec(value)?.[0] ?? ''
  if (scheme === '//') return null
  if (scheme === '' || /[\r\n]/.test(value)) return null
  const rest = value.slice(scheme.length)
  // What stands inside `${NAME:?message}` has no meaning for the address.
  const shape = rest.replace(/\$\{[^{}]*\}/g, (reference) => '$'.repeat(reference.length))
  const authority = /^[^/?#]*/.exec(shape)?.[0] ?? ''
  // A password with a raw slash hides the end of the authority; the last `@` is then the best there is.
  const at = authority.includes('@') ? authority.lastIndexOf('@') : shape.lastIndexOf('@')
  if (at < 0) return null
  const userinfo = rest.slice(0, at)
  const colon = shape.slice(0, at).indexOf(':')
  if (colon < 0 || colon === userinfo.length - 1 || (at >= authority.length && !/^[^/?#:]*:/.test(shape))) return null
  return { before: scheme, username: userinfo.slice(0, colon), password: userinfo.slice(colon + 1), after: rest.slice(at) }
}

/** A database's address as Go's drivers have it: `user:password@tcp(host:3306)/name`, also without the parentheses. */
export const isBareDsn = (value: string): boolean =>
  // Oracle's `user/password@//host:1521/name`.
  /^(jdbc:oracle:\w+:|oracle:\/\/)?[\w$#]{1,64}\/[^\s@/]{1,128}@(\/\/)?[\w.-]{1,253}:\d{2,5}([:/]|$)/.test(value) ||
  /^[^\s:@/]{1,64}:(?!\/\/)[^\s@]{1,256}@((tcp|unix)\([^()\s]*\)\/|[\w.-]{1,253}:\d{2,5}(\/|$))/.test(value)

export const isUrl = (value: string): boolean => /^[a-z][a-z0-9+.:-]*:\/\/\S+$/i.test(value)

/** `Server=...;Password=...` and `AccountKey=...;` strings, and addresses with a password in the query. */
export const hasPasswordPart = (value: string): boolean =>
  /(^|;)\s*(password|pwd|accountkey|sharedaccesskey|sharedaccesssignature|accesskey|secretkey)\s*=\s*[^;\s]/i.test(value) ||
  /(^|\s)password=\S/i.test(value) ||
  // An address with a password somewhere in a list or among options.
  /[\s,;="'(|][a-z][a-z0-9+.-]{1,30}:\/\/[^\s/:@,;]{0,64}:[^\s/@,;]{1,256}@[\w.[-]/i.test(value) ||
  // `host:port:password`, as `.pgpass` and some telephone systems have it.
  /^[\w.-]{1,253}:\d{2,5}:(?=[^\s:]*[A-Za-z])(?=[^\s:]*[\dA-Z!$%&#?*])[^\s:/]{6,}(:[^\s:]*){0,2}$/.test(value) ||
  /(^|[\s,;])(authorization|[\w-]*(api[-_]?key|token))\s*[=:]\s*((bearer|basic|token)(\s|%20))?[^\s,;]{8,}/i.test(value) ||
  /"(private_key|client_secret|secret_?(access_?)?key|api_?key|secret|password|(access_?|refresh_?)?token|key)"\s*:\s*"[^"]/i.test(value) ||
  // A registry login of Docker: base64 of `user:password`.
  /"auth"\s*:\s*"[A-Za-z0-9+/]{8,}={0,2}"/.test(value)

/** Keys and names that their vendors mark as fit to be shown. */
export const isPublishable = (value: string): boolean =>
  /^(pk_(live|test)_|pk_[A-Za-z0-9]{20,}$|pk-lf-|pk\.eyJ|phc_|sb_publishable_|rzp_(live|test)_|sq0idp-|(AKIA|ASIA)[A-Z0-9]{16}$|(AC|SK)[0-9a-f]{32}$|Iv[12]\.[0-9A-Za-z]{16,}$|age1[02-9ac-hj-np-z]{50,}$|\d+-[0-9a-z]{20,}\.apps\.googleusercontent\.com$)/.test(
    value,
  )

/** Marks that vendors put before their secret keys. */
export const hasSecretMark = (value: string): boolean =>
  /^(sk-[\w-]{8,}|[sr]k_[a-z0-9]{2,8}_|gh[opsur]_\w|github_pat_|gl(pat|dt|rt|ptt|soat|agent)-|xox[abeprs][-.]|xapp-|AIza[\w-]{20,}|SG\.[\w-]{10,}|whsec_|hf_[A-Za-z]{8,}|gsk_|r8_\w{10,}|do[opr]_v1_|dckr_(pat|oat)_|npm_\w{20,}|pypi-|shp(at|ss|ca|pa)_|sq0(csp|atp)-|EAA[A-Za-z0-9]{20,}|ya29\.|1\/\/0[\w-]{20,}|AGE-SECRET-KEY-1|hv[sbr]\.|pul-[0-9a-f]{20,}|lin_api_|ntn_|secret_[A-Za-z0-9]{20,}|nvapi-|pplx-|lsv2_|glsa_|phx_|sntry[su]_|sb_secret_|sbp_[0-9a-f]{20,}|tskey-|tvly-|xai-\w{20,}|fc-[0-9a-f]{32}|key-[0-9a-f]{32}$|re_[A-Za-z0-9]{8,}_|apify_api_|dapi[0-9a-f]{32}|dp\.(st|pt|ct)\.|atlasv1\.|pat-[a-z]{2}\d-|\d{8,10}:A[A-Za-z0-9_-]{33,}$|eyJ[\w-]{10,}\.[\w-]{10,}\.)/.test(
    value,
  )

/** A checksum that says so: `sha256:...`, `sha384-...`, `image@sha256:...`. */
const isChecksum = (value: string): boolean => /(^|@)(sha(1|224|256|384|512)|md5)[-:/][A-Za-z0-9+/=]{20,}$/.test(value)

/** The address of a secret that is kept elsewhere: an ARN, a path of a secret manager, a reference for a program that fetches it. */
export const isPointer = (value: string): boolean =>
  /^(arn:aws[\w-]*:|projects\/[\w-]+\/secrets\/|op:\/\/|(vault|awssm|aws-sm|gcpsm|azkv|keyvault|ssm|secretref|bws|doppler|ref\+[a-z]+|file):\/?\/?[\w.-]+\/)/.test(
    value,
  )

/** The address of an account or contract on a chain. */
const isChainAddress = (value: string): boolean => /^(0x[0-9a-fA-F]{40}|bc1[02-9ac-hj-np-z]{20,})$/.test(value)
/** The name of an entry in Redis or S3: lower-case words and a separator. */
export const isEntryName = (value: string): boolean => /^[a-z][a-z0-9_-]{0,30}([:.][a-z0-9_*{}-]{0,30}){1,6}$/.test(value)
/** Dates, versions, addresses of machines and people, cron lines, lists of words: nobody gives out such keys. */
export const isPlainForm = (value: string): boolean =>
  [
    /^\d{4}-\d\d(-\d\d)?([T ][\d:.]+Z?)?$/,
    /^v?\d{1,3}\.\d{1,3}\.\d{1,5}([-+][\w.]{1,16})?$/,
    /^\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?(:\d{1,5})?$/,
    /^([a-z0-9-]{1,63}\.)+(com|org|net|io|dev|app|de|at|ch|eu|uk|fr|local|internal|lan)(:\d{1,5})?$/i,
    /^[\w.+-]{1,64}@([\w-]{1,63}\.)+[a-z]{2,24}$/i,
    /^([\d*/,-]{1,16} ){4}[\d*/,a-z-]{1,16}$/i,
    /^[a-z]{2,24}(,\s?[a-z]{2,24}){1,20}$/,
    /^[A-Z][a-z]+\/[A-Z][A-Za-z_]+$/,
  ].some((form) => form.test(value))

/** What no key can be, whatever it is called. */
export const isPublicForm = (value: string): boolean => isChecksum(value) || isChainAddress(value)

/** `user:password` in one value. */
export const isPair = (value: string): boolean => /^[^\s:/]{1,64}:[^\s/:][^\s:]{2,}$/.test(value) && !/^\w+:\d+$/.test(value)

/** `user/password`, as Neo4j has it. */
export const isSlashedPair = (value: string): boolean => /^[a-z][\w.-]{0,31}\/[^\s/]{4,128}$/i.test(value) && !isPath(value)

/** All `${NAME}` and `$NAME` in a value. */
export const referencesIn = (value: string): readonly string[] =>
  [...value.matchAll(/\$(?:\{([A-Za-z_]\w*)[^{}]*\}|([A-Za-z_]\w*))/g)].flatMap((match) => match[1] ?? match[2] ?? [])
