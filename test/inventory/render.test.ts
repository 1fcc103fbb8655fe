import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadInventoryText } from '../../src/inventory/load.ts'
import { type NewInventory, renderInventory, secretValue } from '../../src/inventory/render.ts'
import { KINDS } from './files.ts'

const load = (text: string) => loadInventoryText(text, '/srv/app/secrets.yaml', { cwd: '/srv/app', kinds: KINDS, host: 'pbx-1' })

const NEW: NewInventory = {
  id: 'kt_8f3k2m9q',
  project: 'voice agent',
  recipients: [{ recipient: `age1${'q'.repeat(58)}`, comment: 'this machine' }, { recipient: `age1${'p'.repeat(58)}` }],
  secrets: [
    { name: 'openai', env: { OPENAI_API_KEY: 'value' }, rotator: { kind: 'manual' } },
    { name: 'jwt', env: { JWT_SECRET: 'value' }, rotator: { kind: 'random' } },
    {
      name: 'ari',
      env: { ASTERISK_ARI_USERNAME: 'username', ASTERISK_ARI_PASSWORD: 'password', ASTERISK_ARI_PASSWORD_COPY: 'password' },
      rotator: { kind: 'asterisk-ari' },
    },
    { name: 'n8n-encryption', env: { N8N_ENCRYPTION_KEY: 'value' }, rotator: { kind: 'none' }, reason: 'it encrypts stored data' },
    { name: 'db', env: { DB_PASSWORD: 'password' }, rotator: { kind: 'postgres', params: { host: '127.0.0.1', users: ['a', 'b'] }, admin: 'db-admin' } },
    { name: 'db-admin', env: {}, owner: 'ops' },
  ],
  outputs: [
    { file: '.env' },
    {
      file: 'worker.env',
      only: ['db'],
      vars: { DATABASE_URL: 'postgres://app:{db.password|url}@h/app' },
      consumers: [{ kind: 'exec', run: ['systemctl', 'restart', 'worker'] }],
      unproven: 'grace',
    },
  ],
}

describe('a new inventory', () => {
  test('is small, says what a reader would ask, and loads', () => {
    const text = renderInventory(NEW)
    expect(text).toBe(`# Commit this file: it names the secrets and holds no values. "secrets schema" prints all that may stand here.
id: kt_8f3k2m9q  # marks streams, tags at providers and the store: never change it
project: voice agent
recipients:  # every one of them can read the store
  - age1${'q'.repeat(58)}  # this machine
  - age1${'p'.repeat(58)}
secrets:
  openai: OPENAI_API_KEY
  jwt: { env: JWT_SECRET, rotator: random }
  ari:
    env:
      ASTERISK_ARI_USERNAME: username
      ASTERISK_ARI_PASSWORD: password
      ASTERISK_ARI_PASSWORD_COPY: password
    rotator: asterisk-ari
  n8n-encryption: { env: N8N_ENCRYPTION_KEY, rotator: none, reason: it encrypts stored data }
  db:
    env: DB_PASSWORD
    field: password
    rotator: { kind: postgres, host: 127.0.0.1, users: [ a, b ], admin: db-admin }
  db-admin: { owner: ops }
outputs:
  - .env
  - file: worker.env
    only: [ db ]
    vars:
      DATABASE_URL: "postgres://app:{db.password|url}@h/app"
    consumers:
      - { kind: exec, run: [ systemctl, restart, worker ] }
    unproven: grace
`)
    const inventory = load(text)
    expect(inventory.project).toBe('voice agent')
    expect(inventory.secrets.map(({ name, rotator }) => [name, rotator.kind])).toEqual([
      ['openai', 'manual'],
      ['jwt', 'random'],
      ['ari', 'asterisk-ari'],
      ['n8n-encryption', 'none'],
      ['db', 'postgres'],
      ['db-admin', 'manual'],
    ])
    expect(inventory.outputs[1]).toMatchObject({ only: ['db'], unproven: 'grace', consumers: [{ params: { run: ['systemctl', 'restart', 'worker'] } }] })
  })

  test('refers to a schema only where one was written beside it', () => {
    expect(renderInventory({ ...NEW, schema: 'secrets.schema.json' })).toMatch(/^# yaml-language-server: \$schema=secrets\.schema\.json\n/)
    expect(renderInventory(NEW)).not.toContain('$schema')
  })

  test('may be empty', () => {
    expect(load(renderInventory({ id: 'kt_8f3k2m9q', project: 'x', environment: 'staging', secrets: [], outputs: [] }))).toMatchObject({
      environment: 'staging',
      secrets: [],
      outputs: [],
    })
  })

  test('keeps a wide space at the end of a text', () => {
    const text = renderInventory({ ...NEW, secrets: [{ name: 'a', env: { A_KEY: 'value' }, owner: 'ops\u2000' }], outputs: [] })
    expect(load(text).secrets).toMatchObject([{ owner: 'ops\u2000' }])
  })

  test('says with the shortest form what it was given, whatever words are in it', () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/)
    const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 140 })
    const variable = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,30}$/)
    const kind = fc.constantFrom('random', 'manual', 'asterisk-ari')
    fc.assert(
      fc.property(name, fc.uniqueArray(variable, { maxLength: 4 }), kind, words, words, (secret, variables, rotator, owner, project) => {
        const env = Object.fromEntries(variables.map((one, index) => [one, index === 0 ? 'value' : `field_${index}`]))
        const text = renderInventory({
          id: 'kt_8f3k2m9q',
          project: /^[A-Za-z0-9][A-Za-z0-9 _.-]*$/.test(project) ? project.slice(0, 60).trim() : 'p',
          secrets: [{ name: secret, env, rotator: { kind: rotator }, owner }],
          outputs: [],
        })
        expect(load(text).secrets).toMatchObject([{ name: secret, env, rotator: { kind: rotator, params: {} }, owner }])
      }),
      { numRuns: 150 },
    )
  })
})

test('a kind that acts by itself, or never, is always written out', () => {
  expect(secretValue({ name: 'a', env: { JWT_SECRET: 'value' }, rotator: { kind: 'random' } })).toEqual({ env: 'JWT_SECRET', rotator: 'random' })
  expect(secretValue({ name: 'a', env: { JWT_SECRET: 'value' }, rotator: { kind: 'manual' } })).toEqual({ env: 'JWT_SECRET', rotator: 'manual' })
  expect(secretValue({ name: 'a', env: { OPENAI_API_KEY: 'value' }, rotator: { kind: 'manual' } })).toBe('OPENAI_API_KEY')
  expect(secretValue({ name: 'a', env: { OPENAI_API_KEY: 'value' } })).toBe('OPENAI_API_KEY')
})
