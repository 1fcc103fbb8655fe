import { describe, expect, test } from 'vitest'
import { classify, type Kind } from '../../../src/inventory/import/classify.ts'
import { DRAWN, HEX, kindOf, variable } from './variables.ts'

const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e'
const token = (payload: object): string => `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.${DRAWN}`
const packed = (text: string): string => Buffer.from(text).toString('base64')

describe('words for a password in other languages', () => {
  test.each(
    'GARAGE_KENNWORT MAREE_MOT_DE_PASSE BODEGA_CONTRASENA BODEGA_CLAVE PADARIA_SENHA MOLEN_WACHTWOORD ZAMEK_HASLO FJORD_LOSENORD routerPasswort'.split(' '),
  )('%s is a secret', (name) => expect(kindOf(name, 'canary-pw')).toBe('secret'))
  test.each('GARAGE_BENUTZER MAREE_UTILISATEUR BODEGA_USUARIO MOLEN_GEBRUIKER'.split(' '))('%s is a login name', (name) =>
    expect(kindOf(name, 'otto')).toBe('identifier'),
  )
})

describe('a random value under a name that does not say what it is', () => {
  test.each<[string, string, Kind]>([
    ['COURIER_SIGNING', HEX, 'secret'],
    ['COURIER_SIG', 'VP165BVbgJy3au', 'secret'],
    ['ARCHIVE_ENC', `${DRAWN}+/4=`, 'data-key'],
    ['PUZZLE_BACKEND', DRAWN, 'secret'],
    ['GATE_BYPASS', UUID, 'secret'],
    ['LIGHTHOUSE', DRAWN, 'secret'],
    ['LIGHTHOUSE', UUID, 'setting'],
    ['NARRATOR_VOICE', UUID, 'setting'],
    ['BAKERY_PRICE_BUN', 'price_1ygvWkbTSaN5A97ZEsfo2jWf', 'setting'],
    ['RELEASE_SHA', HEX, 'setting'],
    ['LIGHTHOUSE', 'MyApplicationHandlerVersion2', 'setting'],
    ['LIGHTHOUSE', 'web01-mail02.fra1.example-hosting.net', 'setting'],
    ['BASE_IMAGE', `alpine@sha256:${HEX}${HEX}`, 'setting'],
    ['CERT_PIN', `sha256/${DRAWN}${DRAWN}=`, 'setting'],
    ['TREASURY', '0x52908400098527886E0F7030069857D2E4169EE7', 'setting'],
    ['TUNNEL_PEER_PUBLIC', `${DRAWN}Jgw2H7sdThZm4dxkd=`, 'identifier'],
    ['VITE_PUZZLE_SITE', DRAWN, 'identifier'],
  ])('%s=%s is a %s', (name, value, kind) => expect(kindOf(name, value)).toBe(kind))
})

describe('what is no secret though its name has the word', () => {
  test.each<[string, string]>([
    ['SALT_ROUNDS', '12'],
    ['TOKEN_SALT_COMPLEXITY', '10'],
    ['PIN_MAX_TRIES', '3'],
    ['DOORBELL_PIN', '17'],
    ['TRANSFER_KEY', '*2'],
    ['PUSH_TO_TALK_KEY', 'F9'],
    ['KEY_DERIVATION', 'scrypt'],
    ['SHELF_KEY', 'shelf:jobs:'],
    ['DB_SECRET', 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:db'],
    ['DB_PASSWORD_HINTS', 'false'],
    ['SECRET_SANTA_DRAW', '2026-12-01'],
    ['KEY_CEREMONY', 'v1.4.2'],
    ['TOKEN_HOLDER', 'otto@example.org'],
    ['KEY_EXCHANGE', 'dh, rsa, psk'],
    ['DEPLOY_KEY', 'id_ed25519'],
    ['PROXY_PASS', 'http://127.0.0.1:3000'],
    ['FETCH_CREDENTIALS', 'same-origin'],
    ['ADMIN_AUTH_HASH', 'argon2'],
    ['COUNTRY_CODE', 'AT'],
    ['VAULT_SECRET_ID', 'prod/orchard'],
    ['MYSQL_SSL_KEY', ''],
  ])('%s=%s', (name, value) => expect(kindOf(name, value)).toBe('setting'))
})

describe('which half of a pair it is', () => {
  test.each<[string, readonly string[], Kind]>([
    ['SPACES_ACCESS_KEY', ['SPACES_SECRET'], 'identifier'],
    ['CHOOSER_APP_KEY', [], 'identifier'],
    ['BARN_APP_KEY', ['BARN_KEY_ID'], 'secret'],
    ['CINEMA_APP_CERTIFICATE', ['CINEMA_APP_ID'], 'secret'],
    ['CINEMA_APP_CERTIFICATE', [], 'setting'],
    ['BELFRY_AUTH', ['BELFRY_ACCOUNT'], 'secret'],
    ['BELFRY_UID', ['BELFRY_PWD'], 'identifier'],
    ['BELFRY_PUSH_ID', ['BELFRY_PUSH_KEY'], 'identifier'],
    ['NEXT_PUBLIC_ATLAS_TOKEN', [], 'identifier'],
    ['LEDGER_VERIFY_KEY', [], 'identifier'],
    ['SIGNING_KEY_PUBLIC', [], 'identifier'],
    ['CLIENT_SECRET_ORCHARD_APP', [], 'secret'],
    ['CLIENT_ID_ORCHARD_APP', [], 'identifier'],
  ])('%s beside %j is a %s', (name, beside, kind) => expect(kindOf(name, '', beside)).toBe(kind))

  test('a name for an identifier is one as well', () => {
    const [, second] = classify([
      variable('ORCHARD_APP_KEY', 'd2471390e15f059e8d3f'),
      variable('MIXER_KEY', '${ORCHARD_APP_KEY}'),
      variable('ORCHARD_APP_SECRET', HEX),
    ])
    expect(second).toMatchObject({ kind: 'identifier', state: 'reference' })
  })
})

describe('addresses', () => {
  test.each<[string, string, Kind]>([
    ['ATTIC', 'rest:https://otto:canary-pw@backup.example.org/otto', 'dsn'],
    ['ATTIC', 'otto:canary-pw@tcp(db:3306)/attic', 'dsn'],
    ['ATTIC', 'otto/canary-pw@//db:1521/attic', 'dsn'],
    ['ATTIC', 'postgres://${U:?say who}:${P:?say what}@db/attic', 'dsn'],
    ['ATTIC_OPTIONS', '-Durl=amqp://otto:canary-pw@mq:5672 -Dx=1', 'secret'],
    ['ATTIC', `https://${DRAWN}@git.example.org/x.git`, 'secret'],
    ['ATTIC', '127.0.0.1:8022:canaryR0ck$:inside', 'secret'],
    ['ATTIC', 'https://x.example.org/in?sv=1&sig=canary', 'secret'],
    ['ATTIC', 'https://x.example.org/reset?token={token}', 'setting'],
    ['ATTIC', 'https://cal.example.org/ical/otto/private-7fe6fcc4a6564ed46a1bf1a15f37bab7/basic.ics', 'secret'],
    ['DOOR_HOOK', `https://flows.example.org/webhook/${UUID}`, 'secret'],
    ['ATTIC', `https://sheets.example.org/spreadsheets/d/${DRAWN}${DRAWN}`, 'setting'],
    ['ATTIC', 'https://example.org/holidays/?year=2026&land=BE', 'setting'],
    ['DATABASE_URL', 'DB URL', 'dsn'],
  ])('%s=%s is a %s', (name, value, kind) => expect(kindOf(name, value)).toBe(kind))
})

describe('what is packed into the value', () => {
  test.each<[string, string, Kind]>([
    ['STORE_TOKEN', token({ role: 'anon' }), 'identifier'],
    ['STORE_TOKEN', token({ role: 'service_role' }), 'secret'],
    ['STORE', token({ sub: 'otto' }), 'secret'],
    ['SIGNER', packed('-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----'), 'secret'],
    ['SIGNER', packed('-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----'), 'setting'],
    ['SIGNER', packed('{"type":"service_account","private_key":"canary"}'), 'secret'],
    ['REGISTRY', `{"auths":{"registry.example.org":{"auth":"${packed('otto:canary-pw')}"}}}`, 'secret'],
    ['PANEL_USERS', 'otto:$apr1$salt$hash', 'verifier'],
    ['PANEL_USERS', '$2b$12$pP9rLmyCTvd99IR5AVO2gwGStftveD5r7GqJ4', 'verifier'],
    ['SERVER_KEY', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', 'identifier'],
    ['BOT', '9670490713:AAXKPQ4lAR9rT8Q9tiIvTCJVyby4HhUtChf', 'secret'],
    ['WALLET_SEED', 'apple brave chair dance eagle flame grape house igloo jolly kite lemon', 'secret'],
    ['SHUFFLE_SEED', '42', 'setting'],
  ])('%s=%s is a %s', (name, value, kind) => expect(kindOf(name, value)).toBe(kind))
})

describe('what the comment says', () => {
  test.each<[string, string, Kind]>([
    ['HARBOR_TLS_KEY', 'Base64 encoded private key', 'secret'],
    ['HARBOR_TLS_KEY', 'location of the file on the host', 'setting'],
    ['HARBOR_KEY', 'Path to the private key', 'setting'],
    ['HARBOR_KEY', 'Whitelist your domain in the settings of the vendor', 'identifier'],
    ['HARBOR_DSN', 'Sentry, for errors', 'public-dsn'],
  ])('%s below "%s" is a %s', (name, comment, kind) => expect(kindOf(name, '', [], [comment])).toBe(kind))
})

test('what nobody has filled in is a placeholder, and may say what belongs there', () => {
  const [first, second, third] = classify([
    variable('PARROT_API_KEY', 'PARROT_API_KEY'),
    variable('PARROT', '<your bot token>'),
    variable('MACAW_KEY', 'user_provided'),
  ])
  expect([first?.state, second?.state, third?.state]).toEqual(['placeholder', 'placeholder', 'placeholder'])
  expect(second?.kind).toBe('secret')
})
