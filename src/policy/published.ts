/** Values that stand in manuals, sample files and images: whoever knows the product knows them. */

/** In lower case, without `-`, `_`, `.`, spaces. */
const DEFAULTS: ReadonlySet<string> = new Set(
  (
    'admin administrator admin123 admin1234 admin12345 adminadmin root toor guest test test123 testing demo user pass pass123 passwd password ' +
    'password1 password12 password123 password1234 pa55word passw0rd p@ssw0rd p@ssword secret secret123 secretkey mysecret mysecretkey topsecret ' +
    'supersecret supersecretkey supersecretpassword mysecretpassword mypassword mypass yourpassword yoursecret yoursecretkey verysecret verysecretkey ' +
    'changeme changemenow changeme123 changeit changethis changemeplease pleasechangeme default example sample insecure notsecure unsecure ' +
    'letmein welcome welcome1 welcome123 qwerty qwerty123 123 1234 12345 123456 1234567 12345678 123456789 1234567890 111111 000000 abc123 ' +
    'asterisk amp111 amp109 freepbx elastix vicidial fusionpbx postgres postgresql mysql mariadb redis mongo mongodb rabbitmq minio minioadmin ' +
    'minio123 grafana elastic kibana jenkins sonar nexus portainer traefik keycloak n8n dify chatwoot langfuse formbricks livekit devkey devsecret ' +
    'development production staging local localhost dev prod foobar foo bar baz hunter2 raspberry ubnt cisco oracle manager tiger scott system sa ' +
    'ariuser aripassword ariadmin amiuser amipassword none null undefined true false todo tbd fixme xxx dummy placeholder temp temporary value string ' +
    'token apikey key jwtsecret sessionsecret cookiesecret encryptionkey difyai123456 sk1234 sk123456 ' +
    // Of samples that many start from.
    'supersecretjwttokenwithatleast32characterslong your256bitsecret secretkeybase somerandomstring thisisasecret thisisnotasecret itsasecret ' +
    'arisecret amisecret asteriskari secretari 12345678901234567890123456789012 0123456789abcdef0123456789abcdef superdupersecret keyboardcat ' +
    'adminpass adminpassword rootpassword rootpass dbpassword userpassword defaultpassword pgpassword mysqlpassword postgrespassword redispassword ' +
    'adminsecret myadminsecretkey insecuresecret insecurekey unsafesecret helloworld'
  ).split(' '),
)

/** Marks around a name: `<your key>`, `[KEY]`, `{{ key }}`, `${KEY}`, and rows of `x`, `*`, `.`. */
const MARKS: readonly RegExp[] = [
  /^<[^>]*>$/,
  /^\[[^\]]*\]$/,
  /^\{\{.*\}\}$/,
  /^\$\{[A-Z_][A-Z0-9_]*\}$|^\$[A-Z_][A-Z0-9_]*$|^%[A-Z_][A-Z0-9_]*%$/,
  /^([a-z]{2,6}[-_])*(x{4,}|\*{3,}|\.{3,}|0{6,})$/i,
  /x{8,}|\*{6,}|\.{6,}/i,
  /change[-_ ]?(me|this|it)([^a-z]|$)/i,
]

/** Keys that stand in vendors' manuals and start kits, known by their ends: AWS's example keys, Supabase's demo tokens, what `django-admin startproject` makes. */
const MANUALS: readonly RegExp[] = [
  /^(AKIA[A-Z0-9]+|[A-Za-z0-9/+]{20,})EXAMPLE(KEY)?$/,
  /^eyJ[\w-]+\.eyAgCiAgICAicm9sZSI6/,
  /^django-insecure-/,
  /^sk_test_4eC39HqLyjWDarjtT1zdp7dc$/,
]

/** Said in words: `your-api-key-here`, `REPLACE_ME`, `sk-your-key`. Asked only of what consists of words, since chance spells short ones. */
const SAID: readonly RegExp[] = [
  /(^|[-_ .])(replace|fill|insert|put|add|enter|set|paste|use)[-_ ]?(me|this|your|with|here|in)([-_ .]|$)/i,
  /(^|[-_ .])(your|my|some)[-_ .]/i,
  /^(your|my)(api|secret|access|auth|super|strong)/i,
  /(key|token|secret|password|value)[-_ ]?(goes[-_ ]?)?here$/i,
  /(^|[-_ .])(placeholder|dummy|redacted|todo|fixme|unset|changeit|not[-_ ]set|not[-_ ]a[-_ ]real)([-_ .]|$)/i,
]

/** Words joined by `-`, `_`, `.` or spaces, with a short number at the end. */
const WORDY = /^[a-z]+([-_. ]+[a-z]+)*[-_. ]?\d{0,4}[!.]?$/i

/**
 * Why a value is known to everybody: `published default`, `placeholder`; `null` where it is not. `more` holds further published
 * values, such as those of a project's own sample file.
 */
export function publishedReason(value: string, more?: ReadonlySet<string>): 'published default' | 'placeholder' | null {
  if (more?.has(value)) return 'published default'
  if (MANUALS.some((known) => known.test(value))) return 'published default'
  // No placeholder is longer, and a certificate may hold anything.
  if (value.length > 100) return null
  if (DEFAULTS.has(value.toLowerCase().replace(/[-_. ]/g, ''))) return 'published default'
  const placeholder = MARKS.some((mark) => mark.test(value)) || (WORDY.test(value) && SAID.some((said) => said.test(value)))
  return placeholder ? 'placeholder' : null
}
