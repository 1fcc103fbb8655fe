import { describe, expect, test } from 'vitest'
import { isDataEncryptionKey, suggestRotator, suggestRotatorForAll } from '../../src/inventory/names.ts'
import { looksLikeValue, PROVIDERS, providerOf } from '../../src/inventory/providers.ts'

describe('variables whose value stored data depends on', () => {
  test.each([
    'N8N_ENCRYPTION_KEY',
    'ENCRYPTION_KEY',
    'NEXT_PRIVATE_ENCRYPTION_SECONDARY_KEY',
    'APISERVER_CLOAK_ENCRYPTION_KEY',
    'ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY',
    'ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT',
    'DB_ENCRYPTION_PASSPHRASE',
    'APP_KEY',
    'SECRET_KEY_BASE',
    'RAILS_MASTER_KEY',
    'SALT',
    'HASH_SALT',
    'HASHSALT',
    'LITELLM_SALT_KEY',
    'PASSWORD_PEPPER',
    'VAPID_PRIVATE_KEY',
    'VAPID_PUBLIC_KEY',
    'OTP_SECRET',
    'AIRFLOW__CORE__FERNET_KEY',
    'RESTIC_PASSWORD',
    'encryption_key',
  ])('%s is never rotated, with a reason', (name) => {
    expect(isDataEncryptionKey(name)).toBe(true)
    expect(suggestRotator(name)).toMatchObject({ kind: 'none', reason: expect.stringMatching(/\w{3}/) })
  })

  test.each([
    'OPENAI_API_KEY',
    'MAIL_ENCRYPTION',
    'SALT_ROUNDS',
    'BCRYPT_SALT_ROUNDS',
    'ENCRYPTION_KEY_ID',
    'ENCRYPTION_KEY_FILE',
    'JWT_SECRET',
    'MEILI_MASTER_KEY',
    'KEYCLOAK_KEY',
    'DATABASE_URL',
    'APP_KEY_PATH',
    'MAPS_KEY',
  ])('%s is none', (name) => {
    expect(isDataEncryptionKey(name)).toBe(false)
  })
})

describe('variables that the application makes up itself', () => {
  test.each([
    'JWT_SECRET',
    'JWT_SECRET_KEY',
    'API_JWT_SECRET',
    'JWT_REFRESH_SECRET',
    'ACCESS_TOKEN_SECRET',
    'SESSION_SECRET',
    'COOKIE_SECRET',
    'CSRF_SECRET',
    'NEXTAUTH_SECRET',
    'AUTH_SECRET',
    'LOCAL_WS_AUTH_TOKEN',
    'INTERNAL_API_TOKEN',
    'INTERNAL_WEBHOOK_SECRET',
    'HEALTH_API_TOKEN',
    'HEALTH_TOKEN',
    'APP_HEALTHCHECK_TOKEN',
    'METRICS_AUTH_TOKEN',
    'READINESS_TOKEN',
  ])('%s may be random', (name) => {
    expect(suggestRotator(name).kind).toBe('random')
  })

  test.each([
    'ZOOM_JWT_SECRET',
    'TWILIO_AUTH_TOKEN',
    'SLACK_SIGNING_SECRET',
    'GITHUB_TOKEN',
    'DB_PASSWORD',
    'OPENAI_API_KEY',
    'JWT_EXPIRES_IN',
    'JWT_PRIVATE_KEY',
    'SECRET_KEY',
    'HEALTHCHECKS_API_TOKEN',
    'HEALTH_GORILLA_API_TOKEN',
    'GOOGLE_HEALTH_API_TOKEN',
    'INTERNAL_SLACK_BOT_TOKEN',
    'WEBHOOK_SECRET',
    'WEBHOOK_AUTH_TOKEN',
    'STRIPE_WEBHOOK_SECRET',
    'GRAFANA_METRICS_TOKEN',
    'CLOUDFLARE_METRICS_API_TOKEN',
  ])('%s is left to a person', (name) => {
    expect(suggestRotator(name).kind).toBe('manual')
  })

  test('several variables are as careful as the most careful one', () => {
    expect(suggestRotatorForAll(['JWT_SECRET', 'N8N_ENCRYPTION_KEY', 'DB_PASSWORD']).kind).toBe('none')
    expect(suggestRotatorForAll(['JWT_SECRET', 'DB_PASSWORD']).kind).toBe('manual')
    expect(suggestRotatorForAll(['JWT_SECRET', 'SESSION_SECRET']).kind).toBe('random')
    expect(suggestRotatorForAll([]).kind).toBe('manual')
  })
})

describe('providers', () => {
  test.each([
    ['OPENAI_API_KEY', 'openai'],
    ['AZURE_OPENAI_API_KEY', 'azure-openai'],
    ['DEEPGRAM_API_KEY', 'deepgram'],
    ['ELEVENLABS_API_KEY', 'elevenlabs'],
    ['NEXT_PRIVATE_ANTHROPIC_API_KEY', 'anthropic'],
    ['TWILIO_AUTH_TOKEN', 'twilio'],
    ['STRIPE_WEBHOOK_SECRET', 'stripe-webhook'],
    ['STRIPE_SECRET_KEY', 'stripe'],
    ['GITHUB_TOKEN', 'github'],
    ['GITHUB_CLIENT_SECRET', 'github-oauth'],
    ['GOOGLE_CLIENT_SECRET', 'google-oauth'],
    ['GOOGLE_API_KEY', 'google-ai'],
    ['AWS_SECRET_ACCESS_KEY', 'aws'],
    ['SLACK_BOT_TOKEN', 'slack'],
    ['TELEGRAM_BOT_TOKEN', 'telegram'],
    ['openai_api_key', 'openai'],
  ])('%s belongs to %s', (name, provider) => {
    expect(providerOf(name)?.provider).toBe(provider)
  })

  test.each(['OPENAI_MODEL', 'OPENAI_BASE_URL', 'TWILIO_ACCOUNT_SID', 'DB_PASSWORD', 'JWT_SECRET', 'MAX_KEYS'])('%s belongs to none', (name) => {
    expect(providerOf(name)).toBeNull()
  })

  test('each has a page of its own service and something to know', () => {
    for (const { provider, keysUrl, facts } of PROVIDERS) {
      expect(new URL(keysUrl).protocol, provider).toBe('https:')
      expect(facts.length, provider).toBeGreaterThan(0)
    }
    expect(new Set(PROVIDERS.map((one) => one.provider)).size).toBe(PROVIDERS.length)
  })
})

test('what looks like a value is told from a name', () => {
  const tail = 'CANARYabcdefghijkl0123456789'
  for (const value of [
    `sk-proj-${tail}`,
    `ghp_${tail}`,
    `AIza${tail}`,
    `AGE-SECRET-KEY-1${tail}`,
    '-----BEGIN PRIVATE KEY-----',
    `postgres://u:${tail}@h/db`,
    '0123456789abcdef0123456789abcdef',
  ]) {
    expect(looksLikeValue(value), value.slice(0, 8)).toBe(true)
  }
  for (const name of [
    'OPENAI_API_KEY',
    'openai',
    'sk-admin',
    'ASTERISK_ARI_PASSWORD',
    'https://example.org/keys',
    'a-very-long-name-of-a-secret-for-2026',
    'N8N_USER_MANAGEMENT_JWT_SECRET',
  ]) {
    expect(looksLikeValue(name), name).toBe(false)
  }
})
