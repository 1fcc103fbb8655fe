import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect } from 'vitest'
import { BUSYBOX } from '../../servers/busybox.ts'
import type { Docker } from '../../servers/docker.ts'
import { canary } from '../../support/canary.ts'
import type { Result } from '../../support/program.ts'
import { makeProject, type Project } from '../../support/project.ts'

/** A Compose project with an agent that calls its provider with its key every 100 ms, and a service that has nothing to do with it. */
export interface Agent {
  readonly project: Project
  /** `secrets ...` where docker is at hand. */
  secrets(...args: readonly string[]): Promise<Result>
  /** `docker compose ...`, as a person types it. */
  compose(...args: readonly string[]): Promise<string>
  /** The container of a service. */
  id(service: string): Promise<string>
  /** Keys that the provider accepts. */
  live(): readonly string[]
  /** Calls that the provider answered, by key; and those that it refused. */
  readonly accepted: ReadonlyMap<string, number>
  readonly refused: string[]
  /** Waits until the agent has called with this key. */
  called(key: string): Promise<void>
  key(): string
  /** Environment of the program: more of it, or another. */
  env: Record<string, string>
  [Symbol.asyncDispose](): Promise<void>
}

// Its wget looks names up, which a static program cannot.
const CALLS = `trap 'exit 0' TERM; while :; do printf 'GET / HTTP/1.0\\r\\nAuthorization: Bearer %s\\r\\n\\r\\n' "$$API_KEY" | nc -w 2 127.0.0.1 PORT >/dev/null; sleep 0.1 & wait $$!; done`

/** The project's file: what the agent takes, what it does before it calls, and what else is set. `/state` is the project's folder `state`. */
export const agentFile = ({ takes = 'env_file: .env', first = '', more = '' } = {}): string => `services:
  agent:
    image: ${BUSYBOX}
    network_mode: host
    ${takes}
    volumes: [./state:/state]
    command: ["sh", "-c", ${JSON.stringify(first + CALLS)}]
    ${more}
  bystander:
    image: ${BUSYBOX}
    network_mode: none
    environment: { OTHER: "\${OTHER_SECRET}" }
    command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"]
`

export interface AgentOptions {
  readonly file?: string
  /** Of the output, as in secrets.yaml. */
  readonly consumers?: string
}

export async function makeAgent(
  engine: Docker,
  {
    file = agentFile(),
    consumers = '[{ kind: compose, service: agent, probation: 1s }, { kind: compose, service: bystander, probation: 1s }]',
  }: AgentOptions = {},
): Promise<Agent> {
  const project = makeProject({ '.env': `OTHER_SECRET=${canary()}\nPORT=80\n` })
  const keysFile = path.join(project.home, 'api', 'provider.json')
  const keys = (): readonly { readonly value: string; readonly ended: boolean }[] => Object.values(JSON.parse(readFileSync(keysFile, 'utf8')))
  const accepted = new Map<string, number>()
  const refused: string[] = []
  const provider = createServer((request, response) => {
    const key = (request.headers.authorization ?? '').replace('Bearer ', '')
    const alive = keys().some(({ value, ended }) => value === key && !ended)
    if (alive) accepted.set(key, (accepted.get(key) ?? 0) + 1)
    else refused.push(key)
    response.writeHead(alive ? 200 : 401).end()
  })
  await new Promise<void>((ready) => provider.listen(0, '127.0.0.1', ready))
  const name = path.basename(path.dirname(project.dir)).toLowerCase()
  const env: Record<string, string> = { ...engine.env, HOME: project.home, COMPOSE_PROJECT_NAME: name, PATH: `${engine.env.PATH}:${project.env.PATH}` }
  const list = async (service?: string): Promise<readonly string[]> => {
    const more = service === undefined ? [] : ['--filter', `label=com.docker.compose.service=${service}`]
    return (await engine.docker('ps', '-aq', '--no-trunc', '--filter', `label=com.docker.compose.project=${name}`, ...more)).split('\n').filter(Boolean)
  }
  const agent: Agent = {
    project,
    env,
    accepted,
    refused,
    secrets: (...args) => project.run(args, { env: agent.env, timeoutMs: 150_000 }),
    compose: async (...args) => {
      const { stdout, stderr, code } = await run(project, env, args)
      if (code !== 0) throw new Error(`docker compose ${args.join(' ')}: ${stderr}`)
      return stdout
    },
    id: async (service) => (await list(service)).join(' '),
    live: () => keys().flatMap(({ value, ended }) => (ended ? [] : [value])),
    called: (key) => expect.poll(() => accepted.get(key) ?? 0, { timeout: 20_000, interval: 50 }).toBeGreaterThan(0),
    key: () => /^API_KEY=(.*)$/m.exec(project.read('.env'))?.[1] ?? '',
    async [Symbol.asyncDispose]() {
      const ids = await list()
      if (ids.length > 0) await engine.docker('rm', '--force', ...ids)
      provider.closeAllConnections()
      await new Promise((closed) => provider.close(closed))
      await project[Symbol.asyncDispose]()
    },
  }
  await begin(agent, { file, consumers }, (provider.address() as AddressInfo).port)
  return agent
}

async function run(project: Project, env: Readonly<Record<string, string>>, args: readonly string[]): Promise<Result> {
  const { startCommand } = await import('../../support/program.ts')
  return startCommand(['docker', 'compose', ...args], 'docker compose', { cwd: project.dir, env }).done
}

/** Read by `init`, its key made by the provider, delivered to a project that runs. */
async function begin(agent: Agent, { file, consumers }: Required<AgentOptions>, port: number): Promise<void> {
  const { project } = agent
  project.write('compose.yaml', file.replaceAll('PORT', String(port)))
  project.write('state/there', '')
  mkdirSync(path.join(project.home, 'api'))
  copyFileSync(path.join(import.meta.dirname, '../../cli/changing/provider.mjs'), path.join(project.home, 'provider.mjs'))
  const must = async (...args: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await agent.secrets(...args)
    if (code !== 0) throw new Error(`secrets ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
  }
  await must('init', '.env', '--yes', '--recovery-key-file', path.join(project.home, 'recovery-key.txt'))
  const head = project.read('secrets.yaml').split('secrets:\n')[0] ?? ''
  const inventory = (watched: string): string => `${head}policy: { grace: 0s }
secrets:
  api:
    env: API_KEY
    rotator: { kind: command, command: [node, ../home/provider.mjs], verbs: [create, test, revoke, orphans], with: { at: ../home/api } }
  other: { env: OTHER_SECRET, rotator: random }
outputs:
  - { file: .env, unproven: ${watched === '[]' ? 'grace' : 'hold'}, consumers: ${watched} }
`
  project.write('secrets.yaml', inventory('[]'))
  // The first key of the provider's own making: nobody runs with the one before.
  await must('rotate', 'api')
  project.write('secrets.yaml', inventory(consumers))
  await agent.compose('up', '-d')
  await agent.called(agent.key())
}
