import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Classified, classify, type EnvVariable, type Kind, type ValueState } from '../../../src/inventory/import/classify.ts'
import { Sensitive } from '../../../src/sensitive.ts'

const variable = (name: string, value = '', more: Partial<EnvVariable> = {}): EnvVariable => ({
  name,
  value: new Sensitive(value),
  written: new Sensitive(value),
  line: 1,
  comments: [],
  quoting: 'none',
  duplicate: false,
  swallowed: false,
  ...more,
})

/** The first variable, classified with the others beside it. */
const judge = (first: EnvVariable, ...others: EnvVariable[]): Classified => classify([first, ...others])[0] as Classified
const kindOf = (name: string, value = '', ...beside: string[]): Kind => judge(variable(name, value), ...beside.map((other) => variable(other))).kind

const RANDOM_HEX = '9f86d081884c7d659a2feaa0c55ad015'
const RANDOM_MIXED = 'Zq3vT8yLk2PwXr5NbJ7mHd4c'

describe('what the value says', () => {
  test.each<[string, string, Kind]>([
    ['ACME_APP_SECRET', 'false', 'secret'],
    ['DIRECTORY_PASS', 'false', 'secret'],
    ['ALLOW_EMPTY_PASSWORD', 'false', 'setting'],
    ['STORE_RANDOM_PASSWORD', 'false', 'setting'],
    ['ACME_APP_SECRET', 'true', 'setting'],
    ['SUITE_LICENSE', '', 'secret'],
    ['LICENSE', '', 'setting'],
    ['ROOM_ANON_TOKEN', 'Zq3vT8yLk2PwXr5NbJ7mHd4c', 'identifier'],
    ['SIGN_IN_URL_TOKEN', 'https://id.example.org/oauth/token', 'setting'],
    ['SIGN_IN_URL_TOKEN', '', 'setting'],
    ['BROKER_KEY_DESERIALIZER', 'org.example.Strings', 'setting'],
    ['STOP_TOKENS', '</s>,<|end|>', 'setting'],
    ['LEAF_CERT_SHA256', 'b53aaec1e5a8887599617864464da7192c0cd4d911e8afd47652f1d3cc55c718', 'setting'],
    ['PRIMARY_KEY', 'order_id', 'setting'],
    ['STORAGE_PRIMARY_KEY', 'Zq3vT8yLk2PwXr5NbJ7mHd4c', 'secret'],
    ['SWITCH_SNMP_COMMUNITY', 'canary-lan', 'secret'],
    ['PLUGIN_LICENSE', 'CCR7-M9M16-I7A4V-N53XO', 'secret'],
    ['UPSTREAM_AUTH', 'Basic Y2FuYXJ5OmNhbmFyeS1wdw==', 'secret'],
    ['ANON_KEY', `eyJhbGciOiJIUzI1NiJ9.${Buffer.from('{  "role": "anon" }').toString('base64url')}.c2ln`, 'identifier'],
    ['SIGNING_FILE', '-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----', 'secret'],
    ['SIGNING_FILE', '-----BEGIN RSA PRIVATE KEY-----\\nCANARY\\n-----END RSA PRIVATE KEY-----', 'secret'],
    ['SAML_KEY', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'setting'],
    ['UPSTREAM', 'postgres://app:canary-pw@db:5432/app', 'dsn'],
    ['UPSTREAM', 'redis://:canary-pw@cache:6379/0', 'dsn'],
    ['PROXY', 'http://user:canary@pw@proxy:3128', 'dsn'],
    ['REDIS_URL', 'redis://cache:6379/0', 'setting'],
    ['REDIS_URL', 'redis://default@cache:6379/0', 'setting'],
    ['APP_URL', 'https://example.org/a:b@c', 'setting'],
    ['STORAGE', 'DefaultEndpointsProtocol=https;AccountName=x;AccountKey=canary==;', 'secret'],
    ['PG', 'host=db user=app password=canary-pw dbname=app', 'secret'],
    ['JDBC', 'jdbc:postgresql://db/app?user=app&password=canary-pw', 'secret'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'Authorization=Bearer canary-token', 'secret'],
    ['NOTIFY', 'https://hooks.slack.com/services/T000/B000/canary', 'secret'],
    ['SENTRY', 'https://0123456789abcdef0123456789abcdef@o1.ingest.example.org/42', 'public-dsn'],
    ['ADMIN_TOKEN', '$argon2id$v=19$m=65540,t=3,p=4$c2FsdA$aGFzaA', 'verifier'],
    ['TRAEFIK_USERS', 'admin:$2y$05$abcdefghijklmnopqrstuv', 'verifier'],
    ['DASHBOARD_AUTH', 'admin:$apr1$salt$hash', 'verifier'],
    ['TLS_KEY', '/etc/ssl/private/app.key', 'setting'],
    ['JWT_SECRET_KEY', './keys/jwt', 'setting'],
    ['PAYMENT', `sk_live_${RANDOM_MIXED}`, 'secret'],
    ['STRIPE_KEY', `pk_test_${RANDOM_MIXED}`, 'identifier'],
    ['GOOGLE_API_CREDENTIALS', '{"web":{"client_id":"a","client_secret":"canary"}}', 'secret'],
    ['SOMETHING_ODD', RANDOM_HEX, 'secret'],
  ])('%s=%s is a %s', (name, value, kind) => expect(kindOf(name, value)).toBe(kind))
})

describe('what the name says', () => {
  test.each<[Kind, string]>([
    ['secret', 'DB_PASSWORD MYSQL_ROOT_PASSWORD PGPASSWORD WEBPASSWORD PAPERLESS_DBPASS RABBITMQ_DEFAULT_PASS GITEA__database__PASSWD LDAP_BIND_PW MYSQL_PWD'],
    [
      'secret',
      'OPENAI_API_KEY API_KEY_OPENAI AZURE_SPEECH_KEY TS_AUTHKEY SERVICE_ROLE_KEY INNGEST_SIGNING_KEY LITELLM_MASTER_KEY apiKey someApiToken HF_TOKEN GITHUB_PAT',
    ],
    ['secret', 'JWT_SECRET APPLICATION_SECRET COOKIE_SECRET STRIPE_WEBHOOK_SECRET TURN_SHARED_SECRET OIDC_CLIENT_SECRET AMI_SECRET SECRET TOKEN'],
    [
      'secret',
      'GITHUB_APP_PRIVATE_KEY TURN_CREDENTIAL TELEGRAM_API_HASH RABBITMQ_ERLANG_COOKIE WALLET_MNEMONIC SEED_PHRASE CALCOM_LICENSE_KEY SLACK_WEBHOOK_URL',
    ],
    ['secret', 'GCP_SERVICE_ACCOUNT_JSON FIREBASE_SERVICE_ACCOUNT_BASE64 API_KEY_2 JWT_SECRET_OLD'],
    [
      'data-key',
      'ENCRYPTION_KEY N8N_ENCRYPTION_KEY APP_KEY SECRET_KEY_BASE PASSWORD_SALT API_TOKEN_SALT VAULT_ENC_KEY AIRFLOW__CORE__FERNET_KEY PG_META_CRYPTO_KEY',
    ],
    [
      'data-key',
      'VAPID_PRIVATE_KEY APPSMITH_ENCRYPTION_PASSWORD LITELLM_SALT_KEY RESTIC_PASSWORD XPACK_SECURITY_ENCRYPTIONKEY RAILS_MASTER_KEY CREDS_KEY CREDS_IV',
    ],
    ['dsn', 'DATABASE_URL MONGO_URI REDIS_URL POSTGRES_CONNECTION_STRING MAILER_DSN CELERY_BROKER_URL'],
    ['public-dsn', 'SENTRY_DSN NEXT_PUBLIC_SENTRY_DSN'],
    ['identifier', 'DB_USER PGUSER MINIO_ROOT_USER SMTP_USERNAME SMTP_LOGIN DISCOURSE_SMTP_USER_NAME TWILIO_ACCOUNT_SID AWS_ACCESS_KEY_ID GOOGLE_CLIENT_ID'],
    ['identifier', 'VAPID_PUBLIC_KEY LANGFUSE_PUBLIC_KEY RECAPTCHA_SITE_KEY HCAPTCHA_SITEKEY NEXT_PUBLIC_SUPABASE_ANON_KEY LDAP_BIND_DN'],
    ['setting', 'PASSWORD_RESET_DISABLED ACCESS_TOKEN_EXPIRE_MINUTES JWT_ALGORITHM JWT_EXPIRES_IN KEY_PATH API_KEY_HEADER SECRETS_DIR NEXTAUTH_URL'],
    ['setting', 'MAX_TOKENS OPENAI_MAX_TOKENS CACHE_KEY_PREFIX REDIS_PREFIX_KEY AMQP_ROUTING_KEY KAFKA_CLIENT_ID AUTH_TYPE KEY_VAULT_URL AWS_SECRET_NAME'],
    ['setting', 'BYPASS_CACHE COMPASS_MODE TOKENIZERS_PARALLELISM KEYBOARD_LAYOUT SESSION_DRIVER MAIL_ENCRYPTION STORAGE_PRIVATE_BUCKET STRIPE_PRICE_ID'],
    ['setting', 'GOOGLE_APPLICATION_CREDENTIALS TWILIO_PHONE_NUMBER UPSTASH_REDIS_REST_URL ADMIN_EMAIL LOG_LEVEL PORT TZ'],
  ])('%s: %s', (kind, names) => {
    for (const name of names.split(' ')) expect([name, kindOf(name)]).toEqual([name, kind])
  })

  test.each<[string, string]>([
    ['REQUIRE_API_KEY', 'true'],
    ['DISABLE_PASSWORD', ''],
    ['CORS_CREDENTIALS', 'true'],
    ['PASSWORD_MIN_LENGTH', '12'],
    ['SKIP_ACCESS_TOKENS', '1'],
    ['REFRESH_TOKEN_LIFETIME', '7d'],
    ['MYSQL_RANDOM_ROOT_PASSWORD', 'yes'],
    ['JWT_ISS', 'https://login.example.org'],
  ])('%s=%s is a setting', (name, value) => expect(kindOf(name, value)).toBe('setting'))

  test('a password may look like a number or a path', () => {
    expect(kindOf('DB_PASSWORD', '123456')).toBe('secret')
    expect(kindOf('DB_PASSWORD', '/etc/passwd')).toBe('secret')
  })
})

describe('what stands beside it', () => {
  test.each<[string, string[]]>([
    ['S3_ACCESS_KEY', ['S3_SECRET_KEY']],
    ['OSS_ACCESS_KEY', ['OSS_ACCESS_KEY_SECRET']],
    ['PUSHER_APP_KEY', ['PUSHER_APP_SECRET']],
    ['LIVEKIT_API_KEY', ['LIVEKIT_API_SECRET']],
    ['COS_SECRET_ID', ['COS_SECRET_KEY']],
    ['GITHUB_ID', ['GITHUB_SECRET']],
    ['PLIVO_AUTH_ID', ['PLIVO_AUTH_TOKEN']],
    ['VAULT_ROLE_ID', ['VAULT_SECRET_ID']],
    ['OWNER_EMAIL', ['OWNER_PASSWORD']],
    ['KEYCLOAK_ADMIN', ['KEYCLOAK_ADMIN_PASSWORD']],
  ])('%s beside %s is an identifier', (name, beside) => expect(kindOf(name, '', ...beside)).toBe('identifier'))

  test('alone, an access key is a secret', () => expect(kindOf('UNSPLASH_ACCESS_KEY')).toBe('secret'))
  test('alone, a secret id is a secret', () => expect(kindOf('VAULT_SECRET_ID')).toBe('secret'))
})

test('a comment that speaks of encrypting stored data makes a key a data key', () => {
  expect(judge(variable('STORE_KEY', '', { comments: ['Used to encrypt credentials in the database'] })).kind).toBe('data-key')
  expect(judge(variable('VENDOR_API_KEY', '', { comments: ['The vendor encrypts data at rest'] })).kind).toBe('secret')
})

describe('what stands there now', () => {
  test.each<[string, ValueState]>([
    ['', 'empty'],
    ['   ', 'empty'],
    ['null', 'empty'],
    ['your-api-key-here', 'placeholder'],
    ['<your key>', 'placeholder'],
    ['xxxxxxxx', 'placeholder'],
    ['sk-xxxxxxxxxxxxxxxx', 'placeholder'],
    ['replace_me', 'placeholder'],
    ['SomeRandomStringOf32Characters', 'placeholder'],
    ['${OTHER_KEY}', 'reference'],
    ['${OTHER_KEY:-fallback}', 'reference'],
    ['pa$word', 'given'],
    ['xxl-size-Fits-4', 'given'],
    [RANDOM_MIXED, 'given'],
  ])('%j is %s', (value, state) => expect(judge(variable('SOME_API_KEY', value)).state).toBe(state))

  test('a reference in single quotes is a value', () => {
    expect(judge(variable('SOME_API_KEY', '${OTHER}', { quoting: 'single' })).state).toBe('given')
  })

  test('a URL made of references refers to them', () => {
    const url = judge(variable('DATABASE_URL', 'postgres://$DB_USER:$DB_PASSWORD@db/app'), variable('DB_USER', 'app'), variable('DB_PASSWORD', 'canary-pw'))
    expect([url.kind, url.state, url.references]).toEqual(['dsn', 'reference', ['DB_USER', 'DB_PASSWORD']])
  })
})

test('no words of it ever hold the value', () => {
  const name = fc.stringMatching(/^[A-Z]{2,6}(_(API_KEY|PASSWORD|URL|SECRET|TOKEN|MODE|USER|ID|SALT))$/)
  const value = fc.stringMatching(/^canary-[A-Za-z0-9]{8,40}$/)
  fc.assert(
    fc.property(name, value, (name, value) => {
      const judged = judge(variable(name, value))
      expect(JSON.stringify(judged)).not.toContain(value)
      expect(judged.confidence).toBeGreaterThan(0)
    }),
  )
})

test('any text at all can be classified', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, value) => {
      expect(judge(variable(name, value)).why).not.toBe('')
    }),
  )
})

test('a value of a megabyte costs no time', () => {
  const started = performance.now()
  for (const unit of ['a', 'a:', '/', 'x.', '$', '-', 'Aa1', '@']) judge(variable('SOME_KEY', unit.repeat(1_000_000 / unit.length)))
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('a secret that is "false" is one that nobody has given yet', () => {
  expect(judge(variable('ACME_APP_SECRET', 'false'))).toMatchObject({ kind: 'secret', state: 'empty' })
})

test('SMTP_AUTH is a method, and a client key beside a secret key is the half that is shown', () => {
  expect(kindOf('SMTP_AUTH', '', 'SMTP_USERNAME')).toBe('setting')
  expect(kindOf('ROBOT_CHECK_CLIENT_KEY', '', 'ROBOT_CHECK_SECRET_KEY')).toBe('identifier')
})
