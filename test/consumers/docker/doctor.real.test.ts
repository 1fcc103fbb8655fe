import { createServer } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BUSYBOX, loadBusybox } from '../../servers/busybox.ts'
import { type Docker, dockerMissing, startDocker } from '../../servers/docker.ts'
import { canary, expectNoCanary } from '../../support/canary.ts'
import { makeProject, type Project } from '../../support/project.ts'
import { WAITING } from './case.ts'

interface Finding {
  readonly severity: string
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** A project whose services wait, and that `init` reads: nothing was ever rotated. */
interface Waiting {
  readonly project: Project
  readonly env: Record<string, string>
  compose(...args: readonly string[]): Promise<string>
  secrets(...args: readonly string[]): Promise<string>
  /** The whole record, as text. */
  ledger(): Promise<string>
  /** What `doctor` finds about what runs, one line each. */
  found(): Promise<readonly string[]>
  [Symbol.asyncDispose](): Promise<void>
}

const service = (more: string): string => `\n    image: ${BUSYBOX}\n    network_mode: none\n    command: ${WAITING}\n    ${more}\n`

async function makeWaiting(engine: Docker, files: Readonly<Record<string, string>>): Promise<Waiting> {
  const project = makeProject(files)
  const name = path.basename(path.dirname(project.dir)).toLowerCase()
  const env: Record<string, string> = { ...engine.env, HOME: project.home, COMPOSE_PROJECT_NAME: name, PATH: `${engine.env.PATH}:${project.env.PATH}` }
  const { startCommand } = await import('../../support/program.ts')
  const must = async (what: string, { code, stdout, stderr }: { code: number | null; stdout: string; stderr: string }): Promise<string> => {
    if (code !== 0) throw new Error(`${what} ended with ${code}:\n${stdout}${stderr}`)
    return stdout
  }
  return {
    project,
    env,
    compose: async (...args) => must(args.join(' '), await startCommand(['docker', 'compose', ...args], 'docker compose', { cwd: project.dir, env }).done),
    secrets: async (...args) => must(args.join(' '), await project.run(args, { env, timeoutMs: 150_000 })),
    ledger: async () => (await project.run(['history', '--json'], { env })).stdout,
    async found() {
      const { code, stdout, stderr } = await project.run(['doctor', '--json'], { env, timeoutMs: 150_000 })
      expectNoCanary(stdout + stderr, 'what doctor says')
      const findings: readonly Finding[] = JSON.parse(stdout).findings
      expect(code).toBe(findings.some(({ severity }) => severity === 'error') ? 1 : 0)
      const ours = ['OLD_VALUE_RUNS', 'UNDECLARED', 'NOT_RUNNING', 'UNPROVEN', 'CONSUMER_FAILED', 'CONSUMER_MISSING']
      return findings
        .filter((one) => ours.includes(one.code))
        .map(({ severity, code: what, message, hint }) => `${severity} ${what} ${message} => ${hint}`.replaceAll(project.dir, 'DIR'))
    },
    async [Symbol.asyncDispose]() {
      const ids = (await engine.docker('ps', '-aq', '--filter', `label=com.docker.compose.project=${name}`)).split('\n').filter(Boolean)
      if (ids.length > 0) await engine.docker('rm', '--force', ...ids)
      await project[Symbol.asyncDispose]()
    },
  }
}

const init = (w: Waiting): Promise<string> => w.secrets('init', '.env', '--yes', '--recovery-key-file', path.join(w.project.home, 'recovery-key.txt'))

const RECREATE = 'docker compose up -d --no-deps --force-recreate'
const TRAP = '(docker compose restart keeps the environment that a container was created with)'

describe.skipIf(await dockerMissing())('doctor, with a real engine', () => {
  let engine: Docker
  beforeAll(async () => {
    engine = await startDocker()
    await loadBusybox(engine)
  })
  afterAll(() => engine.stop())

  it('names what runs on an older file although nothing was ever rotated, and tells what does not run', async () => {
    await using w = await makeWaiting(engine, {
      '.env': `OPENAI_API_KEY=${canary()}\n`,
      'compose.yaml': `services:\n  ai_engine:${service('env_file: .env')}  worker:${service(`environment: { KEY: "\${OPENAI_API_KEY}" }`)}  never:${service('env_file: .env')}  night:${service('env_file: .env\n    profiles: [night]')}  apart:${service('')}`,
    })
    await w.compose('up', '-d', 'ai_engine', 'worker', 'apart')
    w.project.write('.env', `OPENAI_API_KEY=${canary()}\n`)
    await init(w)
    const idle = [
      'note NOT_RUNNING service never does not run (never started), so there is nothing to compare => run docker compose up -d never',
      'note NOT_RUNNING service night does not run (never started, of profile night), so there is nothing to compare => run docker compose --profile night up -d night',
    ]
    const strange = (name: string, where = 'container created just now', more = ''): string =>
      `warning OLD_VALUE_RUNS service ${name} still runs a value of OPENAI_API_KEY that this store never held (${where}), the store has version 1 => run ${RECREATE}${more} ${name}   ${TRAP}`
    const before = await w.ledger()
    expect(await w.found()).toEqual([strange('ai_engine'), strange('worker'), ...idle])
    // What was never started is no alarm, and nothing was recorded.
    await w.compose('up', '-d', '--no-deps', '--force-recreate', 'worker')
    expect(await w.found()).toEqual([strange('ai_engine'), ...idle])
    expect(await w.ledger()).toBe(before)
    // One old container and one new.
    await w.compose('up', '-d', '--no-recreate', '--scale', 'ai_engine=2', 'ai_engine')
    expect(await w.found()).toEqual([strange('ai_engine', '1 of 2 containers, created just now', ' --scale ai_engine=2'), ...idle])
    await w.compose('stop', 'ai_engine')
    expect(await w.found()).toEqual([
      'note NOT_RUNNING service ai_engine does not run (exited); started as it is, it would run a value of OPENAI_API_KEY that this store never held => run docker compose up -d ai_engine',
      ...idle,
    ])
  }, 240_000)

  it('names the version, and a service that no consumer names with the lines that declare it', async () => {
    await using w = await makeWaiting(engine, {
      '.env': `JWT_SECRET=${canary()}\n`,
      'compose.yaml': `services:\n  ai_engine:${service('env_file: .env')}  worker:${service('env_file: .env')}  apart:${service('')}`,
    })
    await w.compose('up', '-d')
    await init(w)
    const declared = w.project.read('secrets.yaml').replace('service: ai_engine }', 'service: ai_engine, probation: 1s }')
    expect(declared).toContain('probation')
    w.project.write('secrets.yaml', declared.replace(/^.*service: worker.*\n/m, ''))
    expect(w.project.read('secrets.yaml')).not.toBe(declared)
    const undeclared =
      'warning UNDECLARED service worker reads .env without being declared as its consumer, so nothing proves what runs there before an old value is revoked => in secrets.yaml, below "file: .env":\n    consumers:\n      - { kind: compose, service: worker }'
    expect(await w.found()).toEqual([undeclared])
    await w.secrets('rotate', 'jwt', '--yes')
    expect(await w.found()).toEqual([
      `warning OLD_VALUE_RUNS service worker still runs JWT_SECRET version 1 (container created just now), the store has version 2 => run ${RECREATE} worker   ${TRAP}`,
      undeclared,
    ])
    expect((await w.project.run(['doctor'], { env: w.env, timeoutMs: 150_000 })).stdout).toContain(
      '\n    in secrets.yaml, below "file: .env":\n        consumers:\n          - { kind: compose, service: worker }\n',
    )
    // The lines are what they say.
    w.project.write('secrets.yaml', declared)
    await w.compose('up', '-d', '--no-deps', '--force-recreate', 'worker')
    expect(await w.found()).toEqual([])
  }, 240_000)

  it('knows the files and the profile that a service was started with, and asks of one that only these name', async () => {
    await using w = await makeWaiting(engine, {
      '.env': `JWT_SECRET=${canary()}\n`,
      'compose.yaml': `services:\n  agent:${service('env_file: .env')}`,
      'compose.prod.yaml': `services:\n  agent: { environment: { MODE: production } }\n  extra:${service('env_file: .env\n    profiles: [night]')}`,
      'compose.test.yaml': `services:\n  unused:${service('env_file: .env')}`,
    })
    const files = '-f compose.yaml -f compose.prod.yaml'
    await w.compose(...files.split(' '), '--profile', 'night', 'up', '-d')
    w.project.write('.env', `JWT_SECRET=${canary()}\n`)
    await init(w)
    const old = (name: string): string =>
      `warning OLD_VALUE_RUNS service ${name} still runs a value of JWT_SECRET that this store never held (container created just now), the store has version 1 => run ${RECREATE.replace('compose', `compose ${files}`)} ${name}   ${TRAP}`
    expect(await w.found()).toEqual([
      old('agent'),
      old('extra'),
      'warning UNDECLARED service extra reads .env without being declared as its consumer, so nothing proves what runs there before an old value is revoked => in secrets.yaml, below "file: .env":\n    consumers:\n      - { kind: compose, service: extra }',
    ])
    // What it says is what mends it.
    await w.compose(...files.split(' '), 'up', '-d', '--no-deps', '--force-recreate', 'agent')
    await w.compose(...files.split(' '), 'up', '-d', '--no-deps', '--force-recreate', 'extra')
    expect(await w.found()).toEqual([expect.stringMatching(/^warning UNDECLARED service extra /)])
  }, 240_000)

  it('says what is in the way: no engine, no docker, an engine that says nothing', async () => {
    await using w = await makeWaiting(engine, {
      '.env': `JWT_SECRET=${canary()}\n`,
      'compose.yaml': `services:\n  ai_engine:${service('env_file: .env')}  worker:${service('env_file: .env')}`,
    })
    await w.compose('up', '-d')
    await init(w)
    w.project.write('secrets.yaml', w.project.read('secrets.yaml').replace(/^.*service: worker.*\n/m, ''))
    const seen = (why: string, hint: string): readonly unknown[] => [
      expect.stringMatching(/^warning UNDECLARED service worker reads \.env /),
      `warning CONSUMER_MISSING what runs cannot be seen of consumer ai_engine (.env), service worker: ${why} => ${hint}; then: secrets doctor`,
    ]
    const { DOCKER_HOST, PATH } = w.env as { DOCKER_HOST: string; PATH: string }
    w.env.DOCKER_HOST = 'unix:///nowhere/docker.sock'
    expect(await w.found()).toEqual(
      seen(
        'docker: no engine answers at unix:///nowhere/docker.sock',
        'start it ("systemctl start docker"), or set DOCKER_HOST to where it is; nothing is revoked meanwhile',
      ),
    )
    w.env.DOCKER_HOST = DOCKER_HOST
    w.env.PATH = path.dirname(process.execPath)
    expect(await w.found()).toEqual(seen('docker: not installed, or not in PATH', "install Docker's command line; nothing is revoked meanwhile"))
    w.env.PATH = PATH
    const hangs = createServer(() => {})
    const socket = path.join(w.project.home, 'hangs.sock')
    await new Promise<void>((ready) => hangs.listen(socket, ready))
    w.env.DOCKER_HOST = `unix://${socket}`
    const patient = w.project.read('secrets.yaml')
    w.project.write(
      'secrets.yaml',
      patient.replace('service: ai_engine }', 'service: ai_engine, timeout: 2s }\n      - { kind: compose, service: worker, timeout: 2s }'),
    )
    expect(await w.found()).toEqual([
      'warning CONSUMER_FAILED what runs cannot be seen of consumer ai_engine (.env), consumer worker (.env): docker: no end after 2 s => see whether the engine answers ("docker info"); nothing is revoked meanwhile; then: secrets doctor',
    ])
    hangs.close()
  }, 240_000)
})
