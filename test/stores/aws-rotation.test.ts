import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Policy } from '../servers/aws/iam.ts'
import { SIGNER, startSecretsManager } from '../servers/aws/server.ts'
import { startFaultProxy } from '../servers/fault-proxy.ts'
import { canary, expectNoCanary, watch } from '../support/canary.ts'
import { makeProject } from '../support/project.ts'

/** Programs of the real build, with an inventory whose only store is AWS. */

const ID = 'kt_0123456789abcdef'
const page = readFileSync(path.join(import.meta.dirname, '../../docs/stores-aws.md'), 'utf8')
const policy = JSON.parse(/```json\n(.*?)```/s.exec(page)?.[1]?.replaceAll('INVENTORY_ID', ID) ?? '') as Policy
const LOUD = { DEBUG: '*', NODE_DEBUG: 'http,https,net,tls,stream', AWS_SDK_DEBUG: '1' }

async function newCase() {
  const aws = await startSecretsManager({ clock: { now: () => Date.now() }, policy })
  const proxy = await startFaultProxy(aws.url)
  const project = makeProject({
    'secrets.yaml': `id: ${ID}
project: demo
environment: production
stores:
  main: { kind: aws, region: ${aws.region}, endpoint: ${proxy.url}, timeout: 2s }
secrets:
  jwt: { env: JWT_SECRET, rotator: random }
outputs:
  - .env
`,
  })
  onTestFinished(async () => {
    await project[Symbol.asyncDispose]()
    await proxy[Symbol.asyncDispose]()
    await aws[Symbol.asyncDispose]()
  })
  const env = { AWS_ACCESS_KEY_ID: SIGNER.accessKeyId, AWS_SECRET_ACCESS_KEY: SIGNER.secretAccessKey, AWS_EC2_METADATA_DISABLED: 'true' }
  const run = (args: readonly string[], options: { input?: string; env?: Record<string, string> } = {}) =>
    project.run(args, { ...options, env: { ...env, ...options.env } })
  const started = async () => {
    expect((await run(['restore'])).code).toBe(0)
    expect(await run(['set', 'jwt'], { input: canary() })).toMatchObject({ code: 0, stdout: 'jwt: stored and written to .env\n' })
  }
  const value = () => watch(/^JWT_SECRET=(.*)$/m.exec(project.read('.env'))?.[1] ?? '')
  const current = () => JSON.parse(aws.textOf('demo/production/jwt') ?? '{}') as Record<string, string>
  return { aws, proxy, project, run, started, value, current }
}

describe('a project whose store is AWS', () => {
  test('goes through a rotation with the documented policy, and nothing of a value is printed, however loud', async () => {
    const { aws, project, run, started, value, current } = await newCase()
    await started()
    const before = value()
    const loud = await run(['rotate', 'jwt'], { env: LOUD })
    const after = value()
    expect([loud.code, loud.stdout]).toEqual([0, 'jwt: done, version 2\n'])
    expect(loud.stderr).toContain('HTTP')
    expectNoCanary(loud.stderr, 'what was printed with DEBUG and NODE_DEBUG')
    expect(after).not.toBe(before)
    expect(current()).toEqual({ value: after })
    expect(aws.state.secrets.get('demo/production/jwt')?.puts).toHaveLength(1)
    const labels = [...(aws.state.secrets.get('demo/production/jwt')?.versions.values() ?? [])].map(({ stages }) => [...stages].sort())
    expect(labels).toEqual([['AWSPREVIOUS'], ['AWSCURRENT', 'AWSPENDING']])
    expect(project.leaks()).toEqual(['project/.env'])
    // Its promote waits, and the file stays with the value that is in force.
    const paced = await run(['rotate', 'jwt'])
    expect([paced.code, paced.stderr]).toEqual([1, expect.stringContaining('was written less than ten minutes ago')])
    expect([value(), current()]).toEqual([after, { value: after }])
  })

  test('keeps the file byte for byte where AWS fails in the middle of a sync', async () => {
    const { proxy, project, run, started } = await newCase()
    await started()
    project.write('.env', project.read('.env').replace(/=.*/, '=canary-written-by-hand'), 0o600)
    const before = project.read('.env')
    for (const fault of [{ kind: 'status', status: 500, body: '<html>canary-page</html>' }, { kind: 'cut', bytes: 60 }, { kind: 'reset' }] as const) {
      proxy.spoil(() => fault)
      const failed = await run(['sync', '--discard', 'JWT_SECRET'], { env: LOUD })
      expect(failed.code).toBe(1)
      expect(failed.stderr).toContain('AWS Secrets Manager')
      expectNoCanary(failed.stderr, 'what was printed of a failure')
      expect(project.read('.env')).toBe(before)
    }
    proxy.heal()
    expect((await run(['sync', '--discard', 'JWT_SECRET'])).code).toBe(0)
    expect(project.read('.env')).not.toBe(before)
  })

  test('says what is wrong with the settings of its store, with the line', async () => {
    const { project, run } = await newCase()
    project.write(
      'secrets.yaml',
      project
        .read('secrets.yaml')
        .replace('timeout: 2s', 'timeout: soon, key: AKIA')
        .replace(/region: \S+,/, 'region: Frankfurt,'),
    )
    const { code, stderr } = await run(['status'])
    expect(code).toBe(2)
    for (const said of ['secrets.yaml:5:', 'is no region, such as eu-central-1', 'unknown key "key"', 'write it like 500ms, 10s or 1m'])
      expect(stderr).toContain(said)
  })
})
