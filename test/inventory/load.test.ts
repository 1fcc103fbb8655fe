import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LONG, SHORT } from './documented.ts'
import { folderWith, load, loadText, withSecrets } from './files.ts'

const DAY = 86_400_000

describe('a small inventory', () => {
  test('gets every default', () => {
    const folder = folderWith({ 'secrets.yaml': SHORT })
    const inventory = load(folder)
    expect(inventory).toMatchObject({
      id: 'kt_8f3k2m9q',
      project: 'voice-agent',
      environment: 'production',
      file: join(folder, 'secrets.yaml'),
      dir: folder,
      state: null,
      stores: [{ name: 'main', kind: 'local', params: {} }],
      recipients: [],
      rules: [],
      schedule: { zone: null, sweep: '*/15 * * * *', report: null, window: null },
      ledger: { kind: 'sqlite' },
      policy: { maxAgeMs: 90 * DAY, rotateBeforeMs: 14 * DAY, graceMs: DAY, askAfterMs: 2 * DAY, minLength: 16, minEntropyBits: 80, retainMs: 180 * DAY },
      outputs: [
        { file: '.env', target: join(folder, '.env'), dialect: 'compose', perm: 0o600, host: 'pbx-1', only: null, vars: {}, consumers: [], unproven: 'hold' },
      ],
    })
    expect(inventory.secrets.map(({ name, env, fields, path, rotator, rotatorDeclared }) => ({ name, env, fields, path, rotator, rotatorDeclared }))).toEqual([
      {
        name: 'openai',
        env: { OPENAI_API_KEY: 'value' },
        fields: ['value'],
        path: 'voice-agent/production/openai',
        rotator: { kind: 'manual', params: {} },
        rotatorDeclared: false,
      },
      {
        name: 'jwt',
        env: { JWT_SECRET: 'value' },
        fields: ['value'],
        path: 'voice-agent/production/jwt',
        rotator: { kind: 'random', params: {} },
        rotatorDeclared: true,
      },
      {
        name: 'ari',
        env: { ASTERISK_ARI_USERNAME: 'username', ASTERISK_ARI_PASSWORD: 'password' },
        fields: ['username', 'password'],
        path: 'voice-agent/production/ari',
        rotator: { kind: 'asterisk-ari', params: {} },
        rotatorDeclared: true,
      },
    ])
  })

  test('has a hash that follows every byte of it', () => {
    const one = loadText(SHORT)
    expect(one.hash).toMatch(/^[0-9a-f]{64}$/)
    expect(loadText(SHORT).hash).toBe(one.hash)
    expect(loadText(SHORT.replace('short form', 'short_form')).hash).not.toBe(one.hash)
  })

  test('may hold nothing but its id', () => {
    expect(loadText('id: kt_8f3k2m9q\n')).toMatchObject({ secrets: [], outputs: [] })
  })

  test.each([
    ['Windows line ends', SHORT.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\uFEFF${SHORT}`],
    ['no final newline', SHORT.trimEnd()],
    ['a document start', `---\n${SHORT}`],
  ])('is read the same with %s', (_, text) => {
    expect(loadText(text).secrets.map((secret) => secret.name)).toEqual(['openai', 'jwt', 'ari'])
  })
})

describe('a long inventory', () => {
  test('keeps every word of it', () => {
    const inventory = loadText(LONG)
    expect(inventory.secrets[0]).toEqual({
      id: 'openai',
      name: 'openai',
      env: { OPENAI_API_KEY: 'openai' },
      fields: ['openai'],
      store: 'vault',
      path: 'voice-agent/keys',
      rotator: { kind: 'openai', params: { project: 'proj_abc' }, admin: 'openai-admin' },
      rotatorDeclared: true,
      owner: 'platform@example.org',
      policy: inventory.policy,
      accept: [{ rule: 'max-age', until: Date.parse('2027-01-31T23:59:59.999Z'), reason: 'vendor freeze', by: 'ops' }],
    })
    expect(inventory.secrets.find((secret) => secret.name === 'n8n-encryption')).toMatchObject({ rotator: { kind: 'none' }, reason: 'encrypts stored data' })
    expect(inventory.stores.map((store) => store.name)).toEqual(['main', 'vault', 'aws'])
    expect(inventory.stores[1]?.params).toMatchObject({ mount: 'secret', auth: { kind: 'approle', secret_id_file: '/run/secret-id' } })
    expect(inventory.outputs[0]).toMatchObject({
      host: 'pbx-2',
      consumers: [
        { key: 'ai_engine', kind: 'compose', params: { service: 'ai_engine' }, unproven: 'hold', timeoutMs: 60_000 },
        { key: 'http-1', kind: 'http', params: { method: 'POST', bearer: 'health-token' }, unproven: 'grace' },
      ],
    })
    expect(inventory.schedule.window).toEqual({ days: ['sat', 'sun'], from: '02:00', to: '05:00' })
    expect(inventory.rules).toEqual([{ when: { UVICORN_HOST: 'not-loopback' }, require: ['JWT_SECRET'] }])
  })

  test('has policies of the secrets over its own, and its own over the defaults', () => {
    const inventory = loadText('id: kt_8f3k2m9q\npolicy: { max_age: 60d, min_length: 20 }\nsecrets:\n  a: { env: A, max_age: 30d }\n  b: B\n')
    expect(inventory.secrets.map(({ policy }) => [policy.maxAgeMs / DAY, policy.minLength, policy.graceMs / DAY])).toEqual([
      [30, 20, 1],
      [60, 20, 1],
    ])
  })

  test('lets consumers have the word of their output where they say nothing', () => {
    const [output] = loadText(
      'id: kt_8f3k2m9q\noutputs:\n  - file: .env\n    unproven: grace\n    consumers:\n      - { kind: exec, run: [a] }\n      - { kind: exec, run: [b], unproven: hold, name: second, timeout: 5m }\n      - { kind: exec, run: [c] }\n',
    ).outputs
    expect(output?.consumers.map(({ key, unproven, timeoutMs }) => [key, unproven, timeoutMs])).toEqual([
      ['exec-1', 'grace', 60_000],
      ['second', 'hold', 300_000],
      ['exec-3', 'grace', 60_000],
    ])
  })

  test('calls a consumer by its service: another one before it changes nothing of what is recorded', () => {
    const keys = (lines: string) => loadText(`id: kt_8f3k2m9q\noutputs:\n  - file: .env\n    consumers:\n${lines}`).outputs[0]?.consumers.map(({ key }) => key)
    const two = '      - { kind: compose, service: api }\n      - { kind: compose, service: worker }\n'
    expect(keys(two)).toEqual(['api', 'worker'])
    expect(keys(`      - { kind: exec, run: [a] }\n      - { kind: compose, service: web }\n${two}`)).toEqual(['exec-1', 'web', 'api', 'worker'])
    expect(keys(`${two}      - { kind: compose, service: api }\n`)).toEqual(['api', 'worker', 'compose-3'])
    expect(keys('      - { kind: compose, service: api }\n      - { kind: exec, run: [a], name: api }\n')).toEqual(['compose-1', 'api'])
  })

  test('understands anchors and merge keys', () => {
    const inventory = loadText(withSecrets('  a: &shared { env: A, owner: ops, max_age: 30d }\n  b: { <<: *shared, env: B }'))
    expect(inventory.secrets.map(({ name, env, owner, policy }) => [name, env, owner, policy.maxAgeMs / DAY])).toEqual([
      ['a', { A: 'value' }, 'ops', 30],
      ['b', { B: 'value' }, 'ops', 30],
    ])
  })
})

describe('a secret', () => {
  const only = (lines: string) => loadText(withSecrets(lines)).secrets[0]

  test('that was renamed keeps its stream and its place', () => {
    expect(only('  openai-prod: { env: OPENAI_API_KEY, renamed_from: openai }')).toMatchObject({
      id: 'openai',
      name: 'openai-prod',
      path: 'voice-agent/production/openai',
    })
  })

  test('that no variable holds has one field', () => {
    expect(only('  admin: {}')).toMatchObject({ env: {}, fields: ['value'], rotator: { kind: 'manual' } })
    expect(only('  admin: { field: token }')).toMatchObject({ env: {}, fields: ['token'] })
  })

  test('may have two variables of one field', () => {
    expect(only('  maps: { env: { MAPS_KEY: value, VITE_MAPS_KEY: value } }')).toMatchObject({ fields: ['value'] })
  })

  test('in short form is never rotated when stored data depends on it', () => {
    expect(only('  n8n: N8N_ENCRYPTION_KEY')).toMatchObject({ rotator: { kind: 'none' }, rotatorDeclared: false, reason: 'it encrypts stored data' })
  })

  test('in short form is made by us when it only signs logins', () => {
    expect(only('  jwt: JWT_SECRET')).toMatchObject({ rotator: { kind: 'random' }, rotatorDeclared: false })
  })
})

describe('the file that is read', () => {
  const id = (text: string) => `id: kt_${text.padEnd(8, '0')}\n`

  test('is the nearest upwards', () => {
    const folder = folderWith({ 'secrets.yaml': id('above'), 'a/secrets.yaml': id('below'), 'a/b/c/x': '', 'd/x': '' })
    expect(load(join(folder, 'a/b/c')).id).toBe('kt_below000')
    expect(load(join(folder, 'd')).id).toBe('kt_above000')
  })

  test('is the one named with --config, relative to the present folder', () => {
    const folder = folderWith({ 'secrets.yaml': id('one'), 'deploy/other.yaml': id('two') })
    const inventory = load(join(folder, 'deploy'), { config: 'other.yaml' })
    expect(inventory).toMatchObject({ id: 'kt_two00000', dir: join(folder, 'deploy'), project: 'deploy' })
  })

  test('is chosen by -e, with an id of its own', () => {
    const folder = folderWith({ 'secrets.yaml': id('prod'), 'secrets.staging.yaml': `${id('stage')}secrets: { a: A }\n` })
    expect(load(folder, { environment: 'staging' })).toMatchObject({ id: 'kt_stage000', environment: 'staging', secrets: [{ path: 'voice-agent/staging/a' }] })
    expect(load(folder, { environment: 'production' })).toMatchObject({ id: 'kt_prod0000', environment: 'production' })
  })
})
