import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadBusybox } from '../../servers/busybox.ts'
import { type Docker, dockerMissing, startDocker } from '../../servers/docker.ts'
import { expectNoCanary } from '../../support/canary.ts'
import { runs } from '../../support/runs.ts'
import { type Agent, agentFile, makeAgent } from './agent.ts'

const ROTATIONS = runs('docker', 2)

/** The command ends with this status, and says this. */
async function rotate(agent: Agent, status: number | null = 0, ...more: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await agent.secrets('rotate', 'api', '--yes', ...more)
  if (status !== null) expect(`${code} ${code === status ? '' : stdout + stderr}`).toBe(`${status} `)
  return stdout + stderr
}

describe.skipIf(await dockerMissing())('rotating the key of a service that runs in a real Compose project', () => {
  let engine: Docker
  beforeAll(async () => {
    engine = await startDocker()
    await loadBusybox(engine)
  })
  afterAll(() => engine.stop())

  it(`fails no call in ${ROTATIONS} rotations, kills the old key each time, and recreates the one service that takes it`, async () => {
    await using agent = await makeAgent(engine)
    // A shell's own variable would win over the env file.
    agent.env.API_KEY = 'of-the-shell'
    const bystander = await agent.id('bystander')
    for (let n = 0; n < ROTATIONS; n++) {
      const [old, container] = [agent.key(), await agent.id('agent')]
      await rotate(agent)
      expect(agent.key()).not.toBe(old)
      expect(agent.live()).toEqual([agent.key()])
      expect(await agent.id('agent')).not.toBe(container)
      await agent.called(agent.key())
    }
    expect(await agent.id('bystander')).toBe(bystander)
    expect(agent.refused).toEqual([])
    expect(agent.accepted.size).toBe(ROTATIONS + 1)
    expect((await agent.secrets('status')).stdout).toMatch(new RegExp(`ok +api .* v${ROTATIONS + 1} in 1 of 1`))
  }, 900_000)

  it('shows the outage of the documented way: edit the file, docker compose restart, revoke; doctor names it before the revocation', async () => {
    await using agent = await makeAgent(engine, { consumers: '[]' })
    const old = agent.key()
    const made = 'canary-made-by-hand-0123456789abcdef'
    const keys = path.join(agent.project.home, 'api', 'provider.json')
    const tell = (ended: boolean): void =>
      writeFileSync(keys, JSON.stringify({ 'key-1': { value: old, label: '', ended }, 'key-2': { value: made, label: '', ended: false } }))
    tell(false)
    agent.project.write('.env', agent.project.read('.env').replace(old, made))
    await agent.compose('restart', 'agent')
    const before = agent.accepted.get(old) ?? 0
    // The test call passes, on the old key.
    await expect.poll(() => agent.accepted.get(old) ?? 0, { timeout: 20_000 }).toBeGreaterThan(before)
    expect(agent.accepted.get(made)).toBeUndefined()
    expect(agent.refused).toEqual([])
    const { stdout } = await agent.secrets('doctor')
    expect(stdout).toContain(
      '~ service agent still runs API_KEY version 1 (container created just now), .env has another value\n    secrets sync --check (.env differs from the store); then run docker compose up -d --no-deps --force-recreate agent   (docker compose restart keeps the environment that a container was created with)\n',
    )
    expect(stdout).toContain('~ service agent, service bystander read .env without being declared as its consumers')
    expectNoCanary(stdout, 'what doctor says')
    tell(true)
    await expect.poll(() => agent.refused.length, { timeout: 20_000 }).toBeGreaterThan(3)
    expect(new Set(agent.refused)).toEqual(new Set([old]))
  }, 300_000)

  it.each([
    ['dies of it', { first: 'test ! -e /state/only || grep -q "$$API_KEY" /state/only || exit 7; ' }, /is not running: it ended with status 7/],
    [
      'comes back unhealthy',
      {
        first: 'test ! -e /state/only || grep -q "$$API_KEY" /state/only || touch /sick; ',
        more: 'healthcheck: { test: [CMD, test, "!", -e, /sick], interval: 200ms, retries: 1 }',
      },
      /is unhealthy, says its health check/,
    ],
  ])(
    'goes back to the old key when the service %s',
    async (_, file, words) => {
      await using agent = await makeAgent(engine, { file: agentFile(file), consumers: '[{ kind: compose, service: agent, probation: 5s }]' })
      const old = agent.key()
      agent.project.write('state/only', old)
      const said = await rotate(agent, null)
      expect(said).toMatch(/api: went back to version 1: .*agent \(\.env\) on \S+ became unhealthy on the new value: \S+-agent-1 /)
      expect(said).toMatch(words)
      expect([agent.live(), agent.key()]).toEqual([[old], old])
      const before = agent.accepted.get(old) ?? 0
      await expect.poll(() => agent.accepted.get(old) ?? 0, { timeout: 20_000 }).toBeGreaterThan(before)
      expect(agent.refused).toEqual([])
    },
    300_000,
  )

  it('keeps the old key alive when the service never gets the new one', async () => {
    const takes = 'env_file: [{ path: .env }, { path: state/pinned.env, required: false }]'
    await using agent = await makeAgent(engine, { file: agentFile({ takes }) })
    const [old, container] = [agent.key(), await agent.id('agent')]
    agent.project.write('state/pinned.env', `API_KEY=${old}\n`)
    expect(await rotate(agent, null, '--wait', '3s')).toMatch(
      /api: version 2 is current but not delivered; the old value stays valid: compose: service "agent" gets another API_KEY than \S+\.env holds/,
    )
    expect(agent.live()).toEqual([old, agent.key()])
    // To recreate it would not have helped.
    expect(await agent.id('agent')).toBe(container)
    expect(agent.refused).toEqual([])
  }, 300_000)

  it('keeps the old key alive where the socket is not there, and goes on when it is', async () => {
    await using agent = await makeAgent(engine)
    const [old, container] = [agent.key(), await agent.id('agent')]
    const there = agent.env.DOCKER_HOST as string
    agent.env.DOCKER_HOST = 'unix:///nowhere/docker.sock'
    expect(await rotate(agent, null, '--wait', '3s')).toMatch(/docker: no engine answers at unix:\/\/\/nowhere\/docker\.sock/)
    expect(agent.live()).toEqual([old, agent.key()])
    agent.env.DOCKER_HOST = there
    expect(await agent.id('agent')).toBe(container)
    await rotate(agent)
    expect(agent.live()).toEqual([agent.key()])
    expect(agent.refused).toEqual([])
  }, 300_000)
})
