/**
 * What the last telling word of a name says the variable is. English compounds have their head at the end:
 * a `TOKEN_EXPIRE_MINUTES` is minutes, a `KEY_PATH` is a path, a `PASSWORD_RESET_DISABLED` is a switch.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''))

/** They say which one of several, or how it is written; the noun stands before them. */
export const QUALIFIERS = words(`
  test testing sandbox prod production dev development staging stage live demo local
  primary secondary tertiary old new previous prev next current backup alt alternative fallback default
  value values val raw plain plaintext string str text b64 base64 hex encoded json pem content contents data inline base
  v1 v2 v3 v4 1 2 3 4 5 6 7 8 9 0 a b one two three`)

export const PASSWORDS = words('password passwords passwd pass passphrase passcode pwd pw psk pin')
export const SALTS = words('salt salts pepper')
export const TOKENS = words('token tokens jwt bearer otp pat')
export const SECRETS = words('secret secrets')
export const KEYS = words('key keys')
export const CREDENTIALS = words('credential credentials creds cred')
export const LOGINS = words('user users username usernames login logins account uname loginname')
export const ADDRESSES = words('url urls uri uris dsn')
export const HOOKS = words('webhook webhooks hook hooks')

/** Values that belong to these are plain settings, whatever stands before them. */
export const SETTINGS = words(`
  host hosts hostname hostnames port ports path paths file files filename filenames filepath dir directory directories folder root capath home
  name names label labels arn title description prefix suffix template pattern regex format formats style class module type types kind mode modes level levels
  enabled enable disabled disable required optional allowed allow denied deny verify verification validate validation check checks skip ignore force debug verbose secure insecure unauthorized
  endpoint endpoints address addresses addr addrs ip ips origin origins domain domains domainname server servers cluster clusters node nodes broker brokers sentinel sentinels replicas
  region regions zone zones location timezone tz locale language lang country currency
  ttl timeout timeouts interval intervals period duration delay expiry expires expire expiration expiring lifetime lifespan age retention days day hours hour minutes minute seconds second secs sec ms millis milliseconds time times cron schedule window
  limit limits max maximum min minimum size sizes length count counts number num amount total depth width height rate ratio threshold thresholds factor attempts retries retry backoff concurrency workers threads connections pool capacity quota bytes kb mb gb percent percentage precision weight score
  version versions revision release tag tags branch commit sha checksum digest fingerprint fingerprints algorithm algorithms alg algo cipher ciphers protocol protocols scheme schema method methods mechanism strategy policy policies
  provider providers driver drivers backend engine adapter transport mailer client_name service services plugin plugins backends
  database databases db dbname table tables collection collections index indexes bucket buckets container containers queue queues topic topics channel channels stream streams namespace dataset keyspace
  cert certs certificate certificates crt ca chain fullchain issuer iss audience aud exp leeway scope scopes realm claim claims role roles group groups permission permissions header headers cookie_name param params parameter parameters option options
  env environment tier plan project org organization organisation workspace tenant team owner sender recipient recipients from to cc bcc subject phone contact
  url_prefix redirect callback callbacks redirects proxy proxies whitelist blacklist allowlist denylist includes excludes methods_allowed
  model models voice prompt greeting message messages color theme logo icon image images
  ssl tls starttls samesite signup signin signups registration reset rotation redaction
  enforcement encryption authentication authorization auth authn authz oauth oidc saml sso ldap iam session sessions signature signing
  store storage cache memory cpu log logs logging metrics telemetry tracing trace events event
  manager vault agent state status`)

/** Names that begin so hold yes or no: `DISABLE_API_KEY`, `REQUIRE_PASSWORD`. */
export const SWITCH_VERBS = words(
  'enable disable require requires use allow skip is has show hide force ignore bypass no with without check verify mask redact',
)

/** `X_KEY` is no secret after these. */
export const PLAIN_KEYS = words(
  'prefix routing partition cache sort foreign index hot dedupe dedup idempotency object map group lookup translation i18n shortcut keyboard header cookie session',
)
/** `X_KEY` is meant to be shown after these. */
export const PUBLIC_KEYS = words('public publishable site anon anonymous consumer project publish subscribe browser frontend')
/** What these mark encrypts something that is kept. */
export const ENCRYPTING = words('encryption encrypt encrypting encrypted crypto cipher aes aes256 fernet dek kek enc crypt')
/** Programs whose password opens what they wrote earlier. */
export const VAULTERS = words('restic borg borgmatic kopia duplicati duplicity gocryptfs cryptomator luks veracrypt')
/** `X_TOKENS` are counted after these. */
export const COUNTED = words('max min num total input output prompt completion context budget count limit used per')
/** A URL after these is that of an API, and a key of its own goes with it. */
export const APIS = words('rest http https api base public web app site dashboard admin console docs frontend backend ui server')
/** Bundlers hand variables with these first words to every browser. */
export const PUBLIC_PREFIXES: readonly (readonly string[])[] = [
  ['next', 'public'],
  ['nuxt', 'public'],
  ['expo', 'public'],
  ['react', 'app'],
  ['vue', 'app'],
  ['vite'],
  ['gatsby'],
  ['public'],
  ['storybook'],
]

/** An address under one of these usually carries a password. */
export const DATABASES = words(
  'database db postgres postgresql pg psql mysql mariadb mongo mongodb sql mssql sqlserver cockroach cockroachdb redis valkey keydb amqp rabbitmq broker connection conn clickhouse couchdb cassandra jdbc influx result',
)
/** Services whose webhook addresses let anybody who knows them post. */
export const CHATS = words('slack discord teams msteams mattermost rocketchat googlechat gchat zapier telegram alert alerts notification notify incoming')
/** There a client id is a label for the connection. */
export const BROKERS = words('kafka mqtt nats amqp rabbitmq pulsar stomp redis')
