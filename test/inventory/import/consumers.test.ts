import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { proposeConsumers } from '../../../src/inventory/import/consumers.ts'
import { propose } from '../../../src/inventory/import/propose.ts'
import { makeProject } from '../../support/project.ts'
import { envSource } from './env.ts'

const ENV = 'OPENAI_API_KEY=canaryZq3vT8yLk2PwXr5NbJ7\nJWT_SECRET=canaryPz4vT8yLk2PwXr5NbJ8\nLOG_LEVEL=info\n'

/** What `init` proposes as consumers of the env files of a project, and what it says about them. */
async function proposed(files: Readonly<Record<string, string>>, { given = [], env = ['.env'] }: { given?: readonly string[]; env?: readonly string[] } = {}) {
  await using project = makeProject()
  const dir = project.dir
  for (const [name, text] of Object.entries({ '.env': ENV, ...files })) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
    writeFileSync(path.join(dir, name), text)
  }
  const proposal = propose(
    env.map((name) => envSource(files[name] ?? ENV, name)),
    null,
  )
  const { outputs, remarks } = await proposeConsumers(proposal.outputs, proposal.secrets, { dir, compose: given.map((name) => path.join(dir, name)) })
  expect(JSON.stringify({ outputs, remarks })).not.toContain('canary')
  return { consumers: outputs.map((one) => one.consumers ?? []), remarks }
}

const services = (text: string) => proposed({ 'compose.yaml': `services:\n${text}` }).then(({ consumers }) => consumers[0]?.map(({ service }) => service))

describe('services that read the env file', () => {
  test('are proposed with what a rotation will do to them', async () => {
    const { consumers, remarks } = await proposed({
      'compose.yaml': 'services:\n  agent: { env_file: .env }\n  ui: { env_file: [.env] }\n  cache: { image: x }\n',
    })
    expect(consumers).toEqual([
      [
        { kind: 'compose', service: 'agent' },
        { kind: 'compose', service: 'ui' },
      ],
    ])
    expect(remarks).toEqual([
      '.env is read by agent and ui (compose.yaml): a rotation recreates those that take what changed, and calls drop; nothing is revoked before all have proved the new value',
    ])
  })

  test.each([
    ['env_file, as a text', 'env_file: ./.env'],
    ['env_file, in the long form', 'env_file: [{ path: .env, required: false }]'],
    ['env_file with a default in its path', 'env_file: "${ENV_FILE:-.env}"'],
    ['environment, under another name', 'environment: { KEY: "${OPENAI_API_KEY}" }'],
    ['environment, in a text with more', 'environment: ["URL=x://u:$JWT_SECRET@h"]'],
    ['environment, within a fallback', 'environment: { KEY: "${OTHER:-${JWT_SECRET:?}}" }'],
    ['environment, passed on in a list', 'environment: [JWT_SECRET]'],
    ['environment, passed on in a map', 'environment: { JWT_SECRET: }'],
    ['command', 'command: [serve, "--key=${JWT_SECRET}"]'],
    ['a mount of the file', 'volumes: ["./.env:/app/.env:ro"]'],
    ['a mount of the file, in the long form', 'volumes: [{ type: bind, source: ./.env, target: /app/.env }]'],
  ])('by %s', async (_, text) => {
    expect(await services(`  agent: { ${text} }\n`)).toEqual(['agent'])
  })

  test.each([
    ['settings only', 'environment: { LEVEL: "${LOG_LEVEL}" }'],
    ['a dollar sign that stands for itself', 'command: [echo, "$$JWT_SECRET"]'],
    ['what the image is built from', 'build: { context: ., args: { K: "${JWT_SECRET}" } }'],
    ['another env file', 'env_file: other.env'],
    ['a literal value', 'environment: { JWT_SECRET: x }'],
    ['a volume of the same name', 'volumes: [".env-data:/x", "env:/y"]'],
  ])('are not those with %s', async (_, text) => {
    expect(await services(`  agent: { ${text} }\n`)).toEqual([])
  })

  test('are found through anchors, extends, and top-level secrets and configs', async () => {
    const { consumers } = await proposed({
      'compose.yaml': `x-base: &base { env_file: .env }
services:
  anchored: { <<: *base }
  base: { env_file: .env }
  extending: { extends: { service: base } }
  mounted: { secrets: [key], image: x }
  file: { configs: [{ source: whole, target: /x }] }
  none: { image: x }
secrets: { key: { environment: JWT_SECRET } }
configs: { whole: { file: ./.env } }
`,
    })
    expect(consumers[0]?.map(({ service }) => service)).toEqual(['anchored', 'base', 'extending', 'mounted', 'file'])
  })

  test('are looked for in the override and in what COMPOSE_FILE names, as Compose does', async () => {
    const both = { 'docker-compose.yml': 'services: { a: { image: x } }', 'docker-compose.override.yml': 'services: { a: { env_file: .env } }' }
    expect((await proposed(both)).consumers).toEqual([[{ kind: 'compose', service: 'a' }]])
    const named = {
      '.env': `${ENV}COMPOSE_FILE=docker-compose.yml:prod.yml\n`,
      'docker-compose.yml': both['docker-compose.yml'],
      'prod.yml': 'services: { b: { env_file: .env } }',
    }
    const { consumers, remarks } = await proposed(named)
    expect(consumers).toEqual([[{ kind: 'compose', service: 'b' }]])
    expect(remarks[0]).toContain('.env is read by b (docker-compose.yml, prod.yml): a rotation recreates it where it takes what changed')
  })

  test('are proposed with folder and files where the consumer would not find them', async () => {
    const text = 'services: { a: { env_file: .env } }'
    expect((await proposed({ 'deploy/.env': ENV, 'deploy/compose.yaml': text }, { env: ['deploy/.env'] })).consumers).toEqual([
      [{ kind: 'compose', service: 'a', directory: 'deploy' }],
    ])
    expect((await proposed({ 'stack.yaml': text }, { given: ['stack.yaml'] })).consumers).toEqual([[{ kind: 'compose', service: 'a', file: 'stack.yaml' }]])
  })

  test('of a file that Compose does not take by itself are named and not proposed', async () => {
    const { consumers, remarks } = await proposed({
      'compose.yaml': 'services: { a: { env_file: .env } }',
      'compose.gpu.yaml': 'services: { a: { image: x }, b: { env_file: .env } }',
    })
    expect(consumers).toEqual([[{ kind: 'compose', service: 'a' }]])
    expect(remarks).toContain('compose.gpu.yaml is no part of what Compose takes by itself; where you use it, add as consumers: b')
  })

  test('of a profile are proposed, and a profile that nobody made active is named', async () => {
    const file = { 'compose.yaml': 'services: { a: { env_file: .env, profiles: [debug] } }' }
    const { consumers, remarks } = await proposed(file)
    expect(consumers).toEqual([[{ kind: 'compose', service: 'a' }]])
    expect(remarks[1]).toBe('service a belongs to profile debug: if you never start it, take it out of the consumers, else it is waited for')
    expect((await proposed({ ...file, '.env': `${ENV}COMPOSE_PROFILES=x,debug\n` })).remarks).toHaveLength(1)
  })

  test('are those of each env file by itself', async () => {
    const other = 'DEEPGRAM_API_KEY=canaryWz4vT8yLk2PwXr5NbJ9\n'
    const { consumers } = await proposed(
      { 'other.env': other, 'compose.yaml': 'services: { a: { env_file: .env }, b: { env_file: other.env }, c: { command: "${DEEPGRAM_API_KEY}" } }' },
      { env: ['.env', 'other.env'] },
    )
    expect(consumers).toEqual([[{ kind: 'compose', service: 'a' }], [{ kind: 'compose', service: 'b' }]])
  })
})

describe('where the file set cannot be understood nothing is proposed, and one line says so', () => {
  test.each([
    ['include: [more.yaml]\nservices: { a: { env_file: .env } }', 'compose.yaml takes in other files (include)'],
    ['services: { a: { env_file: .env, environment: !reset null } }', 'compose.yaml has tags such as !reset or !override'],
    ['services: [', 'compose.yaml is no YAML'],
    ['- a', 'compose.yaml is no compose file'],
  ])('%s', async (text, why) => {
    const { consumers, remarks } = await proposed({ 'compose.yaml': text })
    expect(consumers).toEqual([[]])
    expect(remarks).toEqual([`Compose project: ${why}, so which services read what is not known; name them as consumers`])
  })

  test('a file of COMPOSE_FILE that is not there', async () => {
    const { consumers, remarks } = await proposed({ '.env': `${ENV}COMPOSE_FILE=gone.yaml\n`, 'compose.yaml': 'services: { a: { env_file: .env } }' })
    expect(consumers).toEqual([[]])
    expect(remarks).toEqual(['Compose project: gone.yaml is not there, so which services read what is not known; name them as consumers'])
  })

  test.each([
    [
      'a: { env_file: "${STAGE}.env" }',
      'service a of compose.yaml: its env_file depends on a variable without a value, so it is not proposed; name it as a consumer if it reads an env file',
    ],
    [
      'a: { extends: { file: base.yaml, service: x } }',
      'service a of compose.yaml: it extends a service of another file, so it is not proposed; name it as a consumer if it reads an env file',
    ],
  ])('a service alone: %s', async (text, remark) => {
    const { consumers, remarks } = await proposed({ 'compose.yaml': `services:\n  ${text}\n  b: { env_file: .env }\n` })
    expect(consumers).toEqual([[{ kind: 'compose', service: 'b' }]])
    expect(remarks[1]).toBe(remark)
  })

  test('and no project at all is no reason for a remark', async () => {
    expect(await proposed({})).toEqual({ consumers: [[]], remarks: [] })
  })
})
