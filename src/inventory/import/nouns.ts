/**
 * What the last telling word of a name says the variable is. English compounds have their head at the end:
 * a `TOKEN_EXPIRE_MINUTES` is minutes, a `KEY_PATH` is a path, a `PASSWORD_RESET_DISABLED` is a switch.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''))

/** They say which one of several, or how it is written; the noun stands before them. */
export const QUALIFIERS = words(`
  test testing sandbox prod production dev development staging stage live demo local
  primary secondary tertiary old new previous prev next current backup alt alternative fallback default
  value values val raw plain plaintext string str text b64 base64 hex encoded json pem content contents data inline base here
  v1 v2 v3 v4 1 2 3 4 5 6 7 8 9 0 a b one two three`)

/** Also as people who do not write English name them. */
export const PASSWORDS = words(`
  password passwords passwd pass passphrase passphrases passcode passkey pwd pswd passwrd psw pw psk pin puk
  passwort passwoerter kennwort kennwoerter losung mdp passe motdepasse contrasena contrasenha contrasenia clave senha palavrapasse
  wachtwoord wachtwoorden haslo losenord adgangskode salasana jelszo heslo parola parole sifre lozinka parol`)
export const SALTS = words('salt salts pepper')
export const TOKENS = words('token tokens jwt bearer otp totp pat jeton jetons')
export const SECRETS = words('secret secrets geheimnis geheim segreto segredo secreto geheimen')
export const KEYS = words('key keys schluessel chiave clef cle llave chave sleutel klucz nyckel')
export const CREDENTIALS = words('credential credentials creds cred zugangsdaten')
export const LOGINS = words(`
  user users username usernames login logins account uname loginname uid benutzer benutzername nutzer nutzername anmeldename kennung utilisateur usuario
  utente gebruiker gebruikersnaam uzytkownik identifiant`)
/** Who a login is for, where the name says no more. */
export const PEOPLE = words('admin administrator root superuser master operator')
export const ADDRESSES = words('url urls uri uris dsn')
export const HOOKS = words('webhook webhooks hook hooks')

/** Things that have an id, which may be as random as a key and opens nothing. They are a name's head only where no other is. */
export const RESOURCES = words(`
  id ids sid sha rev base commit digest checksum fingerprint etag version tag release revision build image model voice assistant bucket project org organization
  organisation workspace tenant team owner customer page channel room chat group list topic queue stream table database collection index
  namespace dataset document doc sheet spreadsheet folder drive file path dir board calendar price product plan tax rate coupon sku campaign template flow
  workflow pipeline zone region site client device sensor node peer address addr wallet contract network subnet vpc distribution home location station
  stage job task event meeting merchant partner publisher subscriber kid thumbprint measurement property pixel asset bundle serial mac imei segment
  audience form survey space instance subscription registry repo repository deployment function script variant guild mailbox inbox member shop app application integration verification conference extension trunk number phone domain host url arn color colour theme avatar logo icon uuid guid ref slug`)

/** Values that belong to these are plain settings, whatever stands before them. */
export const SETTINGS = words(`
  host hosts hostname hostnames port ports path paths file files filename filenames filepath dir directory directories folder root capath home
  name names label labels arn title description prefix suffix template pattern regex format formats style class module type types kind mode modes level levels
  enabled enable disabled disable required optional allowed allow denied deny verify verification validate validation check checks skip ignore force debug verbose secure insecure unauthorized
  endpoint endpoints address addresses addr addrs ip ips origin origins domain domains domainname server servers cluster clusters node nodes broker brokers sentinel sentinels replicas
  region regions zone zones location timezone tz locale language lang country currency
  ttl timeout timeouts interval intervals period duration delay expiry expires expire expiration expiring lifetime lifespan age retention days day hours hour minutes minute seconds second secs sec ms millis milliseconds time times cron schedule window
  limit limits max maximum min minimum size sizes length len count counts number num amount total depth width height rate ratio threshold thresholds factor attempts retries retry backoff concurrency workers threads connections pool capacity quota bytes kb mb gb percent percentage precision weight score
  version versions revision release tag tags branch commit sha checksum digest digests fingerprint fingerprints sha1 sha256 sha384 sha512 md5 serializer deserializer converter encoder decoder formatter algorithm algorithms alg algo cipher ciphers protocol protocols scheme schema method methods mechanism strategy policy policies
  provider providers driver drivers backend engine adapter transport mailer client_name service services plugin plugins backends
  database databases db dbname table tables collection collections index indexes bucket buckets container containers queue queues topic topics channel channels stream streams namespace dataset keyspace
  cert certs certificate certificates crt ca chain fullchain issuer iss audience aud exp leeway scope scopes realm claim claims role roles group groups permission permissions header headers cookie_name param params parameter parameters option options
  hasher hashers symbol symbols contract contracts decimals budget bits helper helpers through
  filter filters attr attrs attribute attributes alias aliases consent
  env environment tier plan project org organization organisation workspace tenant team owner sender recipient recipients from to cc bcc subject phone contact
  url_prefix redirect callback callbacks redirects proxy proxies whitelist blacklist allowlist denylist includes excludes methods_allowed
  model models voice prompt greeting message messages color theme logo icon image images
  ssl tls starttls samesite signup signin signups registration reset rotation redaction
  enforcement encryption authentication authorization auth authn authz oauth oidc saml sso ldap iam session sessions signature signing
  store storage cache memory cpu log logs logging metrics telemetry tracing trace events event
  manager vault agent state status rounds complexity strength cost iterations tries hint hints bypass claim`)

/** Names that begin so hold yes or no: `DISABLE_API_KEY`, `REQUIRE_PASSWORD`. */
export const SWITCH_VERBS = words(
  'enable disable accept ask prompt require requires use allow skip is has show hide force ignore bypass no with without check verify mask redact expose reveal',
)

/** Services that call somebody, and whose routing and integration keys let others do so. */
export const PAGERS = words('pagerduty pager opsgenie victorops splunk oncall')
/** Services that switch features; their client key goes to every browser, another one stays on the server. */
export const FLAGGERS = words('growthbook launchdarkly statsig eppo configcat flagsmith devcycle unleash')
/** Files that hold a private key, under a password. */
export const KEY_FILES = words('pfx p12 pkcs12 keystore jks')
/** Protocols of mail. */
export const MAILS = words('smtp imap pop3 mail email mailer')
/** With one of these anywhere, a name that ends in `PASSWORD` may be a question after all. */
export const QUESTION_WORDS = words('empty random reset forgot forgotten change login signin signup register only by via optional rotate generate')

/** `X_KEY` is no secret after these. */
export const PLAIN_KEYS = words(
  'prefix routing partition cache sort foreign index hot dedupe dedup idempotency object map group lookup translation i18n shortcut keyboard header field column attribute record label metadata queue lock bucket topic answer tab menu theme feature flag',
)
/** `X_KEY` is meant to be shown after these. */
export const PUBLIC_KEYS = words('public publishable site anon anonymous consumer project publish subscribe browser frontend')
/** The half of a pair that is shown, and ends the name itself: `WG_PUBLIC`. */
export const PUBLIC_ENDS = words('public pub publishable site client browser')
/** What these mark encrypts something that is kept. */
export const ENCRYPTING = words('encryption encrypt encrypting encrypted crypto cipher aes aes256 fernet dek kek enc crypt')
/** A value drawn at random can be nothing but a credential behind these; a typed one is a switch or a name. */
export const ROLES = words(
  'sig signing signature auth authorization authentication api claim access bypass enc encryption private shared bot admin tunnel backend server invite invitation activation unlock master root cookie session signup security internal',
)
/** `X_CODE` lets somebody in after these. */
export const OPENING_CODES = words(
  'access activation registration security secret pairing unlock admin recovery backup auth invite invitation license licence login entry door gate',
)
/** Programs whose password opens what they wrote earlier. */
export const VAULTERS = words('restic borg borgmatic kopia duplicati duplicity gocryptfs cryptomator luks veracrypt')
/** `X_TOKENS` are counted after these. */
export const COUNTED = words('max min num total input output prompt completion context budget count limit used per stop special eos bos')
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
  ['mix'],
  ['ng', 'app'],
  ['sveltekit', 'public'],
  ['gatsby'],
  ['public'],
  ['storybook'],
]

/** An address under one of these usually carries a password. */
export const DATABASES = words(
  'database db postgres postgresql pgsql pg psql mysql mariadb mongo mongodb sql mssql sqlserver cockroach cockroachdb redis valkey keydb amqp rabbitmq broker connection conn clickhouse couchdb cassandra jdbc influx result kv cloudamqp rediscloud jawsdb cleardb elephantsql mongolab cloudinary',
)
/** Services whose webhook addresses let anybody who knows them post. */
export const CHATS = words('slack discord teams msteams mattermost rocketchat googlechat gchat zapier telegram alert alerts notification notify incoming')
/** There a client id is a label for the connection. */
export const BROKERS = words('kafka mqtt nats amqp rabbitmq pulsar stomp redis')
