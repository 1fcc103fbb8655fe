import { expect, it, onTestFinished } from 'vitest'
import { type Fault, startVault, type VaultServer } from '../servers/vault/server.ts'
import { canary, watch } from '../support/canary.ts'
import { makeProject, type Project } from '../support/project.ts'

const ID = 'kt_8f3k2m9q'
const NAMES = ['alpha', 'beta', 'gamma']

interface Running {
  readonly server: VaultServer
  readonly project: Project
  secrets(...args: readonly string[]): ReturnType<Project['run']>
  current(name: string): Promise<string>
}

/** A project whose store is a Vault, with three random secrets and their first values in `.env`. */
async function start(): Promise<Running> {
  const server = await startVault()
  onTestFinished(() => server.close())
  const project = makeProject({
    'secrets.yaml': `id: ${ID}
project: demo
environment: production
stores:
  main: { kind: vault, address: "${server.address}", timeout: 500ms }
secrets:
${NAMES.map((name) => `  ${name}: { env: ${name.toUpperCase()}_SECRET, rotator: random, grace: 0s }\n`).join('')}outputs:
  - { file: .env, dialect: dotenv }
`,
    '.env': 'LOG_LEVEL=info\n',
  })
  onTestFinished(() => project[Symbol.asyncDispose]())
  const env = { VAULT_TOKEN: server.tokens.make({ root: true }) }
  const current = async (name: string) => {
    const { body } = await server.ask('GET', `secret/data/demo/production/${name}`)
    return watch((body as { data: { data: { value: string } } }).data.data.value)
  }
  const secrets = (...args: readonly string[]) => project.run(args, { env })
  expect(await secrets('restore')).toMatchObject({ code: 0, stderr: expect.stringContaining('No value') })
  for (const name of NAMES) expect(await secrets('rotate', name, '--yes')).toMatchObject({ code: 0 })
  return { server, project, secrets, current }
}

it('a project on a Vault is rotated, delivered and looked at like any other', async () => {
  const { project, secrets, current, server } = await start()
  const before = await current('beta')
  expect(project.read('.env')).toContain(`BETA_SECRET=${before}`)

  expect((await secrets('rotate', 'beta', '--yes')).stdout).toContain('beta: done, version 2')
  const after = await current('beta')
  expect(after).not.toBe(before)
  expect(project.read('.env')).toContain(`LOG_LEVEL=info\n`)
  for (const name of NAMES) expect(project.read('.env')).toContain(`${name.toUpperCase()}_SECRET=${await current(name)}`)
  expect((await server.ask('LIST', `secret/metadata/.keyturn/${ID}/versions/demo/production/beta/`)).body).toMatchObject({ data: { keys: { length: 2 } } })

  expect((await secrets('doctor')).stdout).toContain('ok  store main')
  expect(await secrets('sync', '--check')).toMatchObject({ code: 0 })
  expect((await secrets('rollback', 'beta', '--yes')).code).toBe(0)
  expect(await current('beta')).toBe(before)
  expect(project.read('.env')).toContain(`BETA_SECRET=${before}`)
  expect((await secrets('history', '--verify')).code).toBe(0)

  // Nothing but the file that holds values has one; the token is nowhere.
  expect(project.leaks()).toEqual(['project/.env'])
})

const OUTAGES: readonly (readonly [string, Fault, RegExp])[] = [
  ['is sealed', { status: 503, body: { errors: ['Vault is sealed'] } }, /Vault is sealed/],
  ['answers with a page', { status: 200, raw: '<html></html>', headers: { 'content-type': 'text/html' } }, /answered with text\/html/],
  ['answers with half of it', { status: 200, body: { data: { data: { value: 'x' } } }, cut: 12 }, /cut off/],
  ['says nothing any more', { status: 200, hang: true }, /no answer within 500 ms/],
  ['sends to a login page', { status: 302, headers: { location: 'https://login.example.org/' } }, /redirect \(302\)/],
]

it('an outage in the middle of sync leaves the old file byte for byte', async () => {
  const { server, project, secrets, current } = await start()
  // Two values have changed; the file still has the old ones.
  for (const name of ['alpha', 'gamma']) {
    const value = canary()
    await server.ask('PATCH', `secret/data/demo/production/${name}`, { options: { cas: 1 }, data: { value } })
    expect(await current(name)).toBe(value)
  }
  const before = project.read('.env')
  for (const [what, fault, message] of OUTAGES) {
    let documents = 0
    server.intercept = (call) => (/^secret\/data\/demo\//.test(call.path) && ++documents > 2 ? fault : null)
    const { code, stderr } = await secrets('sync')
    expect([what, code === 0, project.read('.env') === before]).toEqual([what, false, true])
    expect(stderr).toMatch(message)
    expect(documents).toBeGreaterThan(2)
  }
  expect(project.list().filter((name) => name.startsWith('.env'))).toEqual(['.env'])
  server.intercept = null
  expect(await secrets('sync')).toMatchObject({ code: 0 })
  for (const name of NAMES) expect(project.read('.env')).toContain(`${name.toUpperCase()}_SECRET=${await current(name)}`)
})

it('doctor says that the server is away, sealed, or lets us do too little, and status needs none', async () => {
  const { server, secrets, project } = await start()
  const policy = 'path "secret/data/*" { capabilities = ["read"] }'
  const little = await project.run(['doctor'], { env: { VAULT_TOKEN: server.tokens.make({ policy }) } })
  expect(little.stdout).toContain('"create" on secret/data/')
  expect(little.code).toBe(1)
  server.state = 'sealed'
  expect((await secrets('doctor')).stdout).toMatch(/store main \(127\.0\.0\.1:\d+\): .*Vault is sealed/)
  await server.close()
  const away = await secrets('doctor')
  expect(away.stdout).toMatch(/no connection \(ECONNREFUSED\)/)
  expect(away.code).toBe(1)
  expect(await secrets('status')).toMatchObject({ code: 0, stderr: '' })
})

it('a project that says too little or too much of its Vault is told where', async () => {
  const write = (store: string) => `id: ${ID}\nstores:\n  main: ${store}\n`
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{ kind: vault, address: "vault.example.org" }', /stores\.main\.address: is no address: write it like https:/],
    ['{ kind: vault, address: "https://u:p@vault.example.org" }', /stores\.main\.address: this looks like a secret value/],
    ['{ kind: vault, adress: "https://vault.example.org" }', /unknown key "adress"[\s\S]*did you mean "address"/],
    ['{ kind: vault, mount: "../sys" }', /stores\.main\.mount/],
    ['{ kind: vault, cert: c.pem }', /cert and key are given together/],
    ['{ kind: vault, timeout: 2h }', /stores\.main\.timeout: write it like 500ms, 10s or 1m/],
    ['{ kind: vault, auth: { kind: approle, role_id: x } }', /needs exactly one of secret_id_file, secret_id_env/],
    ['{ kind: vault, auth: { kind: jwt } }', /needs exactly one of jwt_file, jwt_env/],
    ['{ kind: vault, auth: { kind: kubernetes } }', /stores\.main\.auth: "role" is missing/],
    ['{ kind: vault, auth: { kind: ldap } }', /stores\.main\.auth\.kind/],
  ]
  for (const [store, message] of cases) {
    await using project = makeProject({ 'secrets.yaml': write(store) })
    const { code, stderr } = await project.run(['status'])
    expect(stderr).toMatch(message)
    expect(code).toBe(2)
  }
  for (const [store, env, message] of [
    ['{ kind: vault }', {}, /stores\.main: has no address/],
    ['{ kind: vault, address: "http://vault.example.org:8200" }', {}, /would send token and values unencrypted/],
    ['{ kind: vault, address: "http://127.0.0.1:9" }', {}, /VAULT_TOKEN is not set/],
  ] as const) {
    await using project = makeProject({ 'secrets.yaml': write(store) })
    expect((await project.run(['doctor'], { env })).stdout).toMatch(message)
  }
})
