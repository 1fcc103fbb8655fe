import { expect, it, onTestFinished } from 'vitest'
import { SIGNER, startSecretsManager } from '../servers/aws/server.ts'
import { startVault } from '../servers/vault/server.ts'
import { canary } from '../support/canary.ts'
import { makeProject, type Project } from '../support/project.ts'

const ID = 'kt_8f3k2m9q'
const PATHS = ['one', 'two', 'three'].map((name) => `demo/production/${name}`)
const FIELDS = ['a', 'b', 'c', 'd']
/** The file before, what others wrote, and the file as it is written. */
const TIMES = 3

/** A project with four secrets to a path. */
function makeShared(store: string): Project {
  const secrets = PATHS.flatMap((path, at) =>
    FIELDS.map((field) => `  s${at}-${field}: { env: S${at}_${field.toUpperCase()}, path: ${path}, field: ${field}, rotator: manual }\n`),
  )
  const project = makeProject({
    'secrets.yaml': `id: ${ID}\nproject: demo\nenvironment: production\nstores:\n  main: ${store}\nsecrets:\n${secrets.join('')}outputs:\n  - { file: .env, dialect: dotenv }\n`,
  })
  onTestFinished(() => project[Symbol.asyncDispose]())
  return project
}

const someFields = () => Object.fromEntries(FIELDS.map((field) => [field, canary()]))

it('sync reads each path of a Vault a few times, however many secrets lie there, and writes what others changed', async () => {
  const server = await startVault()
  onTestFinished(() => server.close())
  for (const path of PATHS) await server.ask('POST', `secret/data/${path}`, { data: someFields() })
  const project = makeShared(`{ kind: vault, address: "${server.address}" }`)
  const options = { env: { VAULT_TOKEN: server.tokens.make({ root: true }) } }
  expect(await project.run(['restore'], options)).toMatchObject({ code: 0 })
  expect(await project.run(['sync'], options)).toMatchObject({ code: 0 })
  const readsIn = async () => {
    const from = server.log.length
    expect(await project.run(['sync'], options)).toMatchObject({ code: 0 })
    return PATHS.map((path) => server.log.slice(from).filter((line) => line === `GET secret/data/${path} 200`).length)
  }
  expect(await readsIn()).toEqual([TIMES, TIMES, TIMES])

  const changed = someFields()
  await server.ask('POST', `secret/data/${PATHS[1]}`, { data: changed })
  expect(await project.run(['sync'], options)).toMatchObject({ code: 0, stdout: expect.stringContaining('~ S1_A') })
  for (const field of FIELDS) expect(project.read('.env')).toContain(`S1_${field.toUpperCase()}=${changed[field]}`)
  expect(await readsIn()).toEqual([TIMES, TIMES, TIMES])
})

it('sync reads all paths of AWS by its batch call', async () => {
  const aws = await startSecretsManager({ clock: { now: Date.now } })
  onTestFinished(() => aws[Symbol.asyncDispose]())
  for (const path of PATHS) aws.plant(path, JSON.stringify(someFields()))
  const project = makeShared(`{ kind: aws, region: ${aws.region}, endpoint: "${aws.url}" }`)
  const { accessKeyId, secretAccessKey } = SIGNER
  const options = { env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_EC2_METADATA_DISABLED: 'true' } }
  expect(await project.run(['restore'], options)).toMatchObject({ code: 0 })
  expect(await project.run(['sync'], options)).toMatchObject({ code: 0 })
  const from = aws.asked.length
  expect(await project.run(['sync'], options)).toMatchObject({ code: 0 })
  const asked = aws.asked.slice(from)
  expect(asked.filter((name) => name === 'BatchGetSecretValue')).toHaveLength(TIMES)
  // The key of the fingerprints.
  expect(asked.filter((name) => name !== 'BatchGetSecretValue')).toEqual(['GetSecretValue'])
})
