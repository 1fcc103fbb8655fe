import { describe, expect, test } from 'vitest'
import { classify, type Kind } from '../../../src/inventory/import/classify.ts'
import { DRAWN, HEX, kindOf, variable } from './variables.ts'

const CHAIN = `0x${'0a1b2c3d4e'.repeat(4)}`

describe('terms of protocols and vendors', () => {
  test.each<[string, string, Kind]>([
    ['SWITCH_SNMP_COMMUNITY_STRING', 'canary-community', 'secret'],
    ['LEDGER_BASIC_AUTH_USER_INFO', '', 'secret'],
    ['BUS_SASL_JAAS_CONFIG', '', 'secret'],
    ['ATTIC_PLEX_CLAIM', '', 'secret'],
    ['ROLE_CLAIM', '', 'setting'],
    ['SUPABASE_SERVICE_ROLE', '', 'secret'],
    ['TASK_SERVICE_ROLE', '', 'setting'],
    ['DEV_ROOT_TOKEN_ID', 'canary-token', 'secret'],
    ['BUS_NKEY_SEED', '', 'secret'],
    ['OWL_SESSION_STRING', '', 'secret'],
    ['TELEGRAM_HASH', '', 'secret'],
    ['WORLD_SEED', '', 'setting'],
    ['MINTER_PK', '', 'secret'],
    ['ORDERS_PK', '', 'setting'],
    ['JOBS__SQL_ALCHEMY_CONN', '', 'dsn'],
    ['MAX_CONN', '', 'setting'],
    ['DB_MAX_CONN', '', 'setting'],
    ['REPORTS_DB_CONN', '', 'dsn'],
  ])('%s=%s is %s', (name, value, kind) => expect(kindOf(name, value)).toBe(kind))

  test.each<[string, string, Kind]>([
    ['OWL_CAPTCHA', 'OWL_CAPTCHA_PUBLIC', 'secret'],
    ['OWL_CAPTCHA', 'OWL_CAPTCHA_ENABLED', 'setting'],
    ['SESSION', 'API_HASH', 'secret'],
    ['SESSION', 'API_URL', 'setting'],
  ])('%s beside %s is %s', (name, beside, kind) => expect(kindOf(name, '', [beside])).toBe(kind))

  test("Prisma's second address is one of the same database", () => {
    expect(kindOf('DIRECT_URL', '', ['DATABASE_URL'])).toBe('dsn')
    expect(kindOf('DIRECT_URL')).toBe('setting')
  })
})

describe('words of a name', () => {
  test.each<[string, string, Kind]>([
    ['GARAGE_RCONPW', 'canary1', 'secret'],
    ['GARAGE_DNPASS', 'canary1', 'secret'],
    ['BYPASS', 'canary1', 'setting'],
    ['VAULT_PASS_PHRASE', 'canary words', 'secret'],
    ['OWL_MNEMONIC_PHRASE', '', 'secret'],
    ['OWL_SECRET_HASH', '', 'secret'],
    ['OWL_HASH', '', 'setting'],
    ['OWL_SECRETS_COOKIE', 'canary-cookie', 'secret'],
    ['OWL_SECRETS_CIPHER', 'canary-cipher', 'secret'],
    ['OWL_CIPHER', 'aes-256-cbc', 'setting'],
    ['OWL_AES_IV', '', 'data-key'],
    ['NODE_RELEASE_COOKIE', 'canary-cookie', 'secret'],
    ['OWLSITE_COOKIE', '', 'secret'],
    ['OWLSITE_COOKIE', 'a_id=canary12345; b_id=canary67890', 'secret'],
    ['CSRF_COOKIE', '', 'setting'],
    ['SESSION_COOKIE', '', 'setting'],
    ['OWL_SESSION_KEY', '', 'secret'],
    ['OWL_SESSION_KEY', 'owl_session_id', 'setting'],
    ['PAGERDUTY_ROUTING_KEY', '', 'secret'],
    ['QUEUE_ROUTING_KEY', '', 'setting'],
    ['QUEUE_ROUTING_KEY', HEX, 'secret'],
    ['STAMP_PFX_BASE64', '', 'secret'],
    ['STAMP_KEYSTORE_CONTENT', '', 'secret'],
    ['STAMP_KEYSTORE_ALIAS', '', 'setting'],
    ['STAMP_CERT_BASE64', '', 'setting'],
    ['STAMP_SSL_KEY_ALIAS', 'tomcat', 'setting'],
    ['DOOR_PASS_FILTER', '(&(objectClass=person)(uid=%n))', 'setting'],
    ['DOOR_LICENSE_CONSENT', '', 'setting'],
    ['ACCEPT_LICENSE', '', 'setting'],
    ['TOKEN_SYMBOL', '', 'setting'],
    ['SECTION_KEY_BITS', '', 'setting'],
    ['PROOF_PROGRAM_VKEY', `0x${HEX}${HEX}`, 'identifier'],
    ['OWL_PUBLIC_TOKEN', '', 'identifier'],
    ['OWL_SEARCH_ONLY_API_KEY', '', 'identifier'],
    ['TYPESENSE_SEARCH_KEY', '', 'identifier'],
    ['OWL_SEARCH_API_KEY', '', 'secret'],
    ['KV_URL', '', 'dsn'],
    ['OWL_SMTP_URL', '', 'dsn'],
    ['KV_REST_API_URL', '', 'setting'],
  ])('%s=%s is %s', (name, value, kind) => expect(kindOf(name, value)).toBe(kind))
})

describe('which half it is', () => {
  test.each<[string, string[], Kind]>([
    ['OWL_API_AK', ['OWL_API_SK'], 'identifier'],
    ['OWL_API_SK', ['OWL_API_AK'], 'secret'],
    ['OWL_API_SK', [], 'setting'],
    ['OWL_CLIENT_KEY', ['OWL_SERVER_KEY'], 'identifier'],
    ['OWL_CLIENT_KEY', ['OWL_API_KEY'], 'identifier'],
    ['OWL_CLIENT_KEY', [], 'secret'],
    ['JWT_KEY', ['JWT_SECRET'], 'secret'],
    ['OWL_SIGNATURE', ['OWL_PASSWORD'], 'secret'],
    ['OWL_SIGNATURE', [], 'setting'],
  ])('%s beside %j is %s', (name, beside, kind) => expect(kindOf(name, '', beside)).toBe(kind))
})

describe('forms of values', () => {
  test.each<[string, string, Kind]>([
    ['OWL_STORAGE_CREDENTIAL', '/the/keyfile/path', 'setting'],
    ['OWL_CAPTCHA_SECRET', CHAIN, 'secret'],
    ['OWL_TOKEN', CHAIN, 'setting'],
    ['GRAPH_AUTH', 'owl/canary-password', 'secret'],
    ['MAIL_AUTH', 'login', 'setting'],
    ['OWL_STORE_CONFIG', 'minio|minio?accessKey=owl&secretKey=canary12', 'secret'],
    ['OWL_STORE_CONFIG', 'minio|minio?region=here&ssl=true', 'setting'],
    ['OWL_UP_URL', 'https://up.example.org/api/push/Ab3dE6gH9k?status=up', 'secret'],
    ['OWLROOT', 'canarysafepasswd', 'secret'],
    ['OWLMODE', 'password', 'setting'],
    ['OWL_IPN_KEY', 'key', 'secret'],
    ['JUMP_KEY', 'F2', 'setting'],
    ['NEXT_PUBLIC_OWL_ANON_KEY', `eyJhbGciOiJIUzI1NiJ9.${DRAWN}.${DRAWN}`, 'identifier'],
    ['NEXT_PUBLIC_MAPS_KEY', `AIza${DRAWN}${DRAWN}`, 'identifier'],
    ['MAPS_KEY', `AIza${DRAWN}${DRAWN}`, 'secret'],
    ['EOS_TOKEN', '</s>', 'setting'],
    ['OWL_API_TOKEN', 'ABCDE', 'secret'],
    ['OWL_TOKEN', 'XXXX', 'secret'],
    ['ASK_PASSWORD', 'false', 'setting'],
    ['EXPOSE_SECRETS', '', 'setting'],
    ['EXPOSED_SECRET', '', 'secret'],
    ['STATSIG_CLIENT_KEY', '', 'identifier'],
    ['STATSIG_SERVER_KEY', '', 'secret'],
    ['OWL_CERT', `MII${DRAWN}${DRAWN}`, 'setting'],
    ['JWT_SECRET_KEY', '%kernel.project_dir%/config/jwt/private.pem', 'setting'],
    ['LOCK_DSN', 'flock', 'setting'],
    ['OWL_DSN', 'your database url', 'dsn'],
    ['CODE', 'your-password', 'secret'],
    ['CODE', 'your-country', 'setting'],
  ])('%s=%s is %s', (name, value, kind) => expect(kindOf(name, value)).toBe(kind))

  test('the hash of a password is one, though its reader took the dollars for references', () => {
    const [judged] = classify([variable('DOOR_BASIC_AUTH', 'admin:.', [], `admin:$apr1$${DRAWN.slice(0, 8)}$${DRAWN}`)])
    expect(judged?.kind).toBe('verifier')
  })
})

describe('comments', () => {
  test.each<[string, string, string, Kind]>([
    ['OWL_EXPORTER_HEADERS', '', 'Any headers required, usually authentication info', 'secret'],
    ['OWL_EXPORTER_HEADERS', '', 'Headers to add, comma-separated', 'setting'],
    ['OWL_CLIENT_STATE', '', 'openssl rand -hex 32', 'secret'],
    ['OWL_CLIENT_STATE', 'ready', 'openssl rand -hex 32', 'setting'],
    ['OWL_CALLBACK_URL', '', 'openssl rand -hex 32', 'setting'],
  ])('%s=%s with "%s" is %s', (name, value, comment, kind) => expect(kindOf(name, value, [], [comment])).toBe(kind))
})
