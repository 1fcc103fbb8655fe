import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Policy } from '../servers/aws/iam.ts'
import { SIGNER, startSecretsManager } from '../servers/aws/server.ts'
import { startVault } from '../servers/vault/server.ts'
import { canary } from '../support/canary.ts'
import { makeProject } from '../support/project.ts'

/** Projects whose values all lie on a server: no age key is needed to work, and none is asked for. */

const ID = 'kt_0123456789abcdef'
const page = (name: string): string => readFileSync(path.join(import.meta.dirname, '../../docs', name), 'utf8').replaceAll('INVENTORY_ID', ID)

interface Server {
  readonly kind: string
  /** As it stands in the inventory. */
  readonly store: string
  readonly env: Readonly<Record<string, string>>
  /** The document of the one secret; `undefined` for none. */
  current(): Promise<unknown>
}

async function vault(): Promise<Server> {
  const server = await startVault()
  onTestFinished(() => server.close())
  const current = async () => ((await server.ask('GET', 'secret/data/demo/production/jwt')).body as { data?: { data?: unknown } }).data?.data
  return {
    kind: 'vault',
    store: `{ kind: vault, address: "${server.address}", timeout: 2s }`,
    env: { VAULT_TOKEN: server.tokens.make({ root: true }) },
    current,
  }
}

async function aws(): Promise<Server> {
  const policy = JSON.parse(/```json\n(.*?)```/s.exec(page('stores-aws.md'))?.[1] ?? '') as Policy
  const server = await startSecretsManager({ clock: { now: () => Date.now() }, policy })
  onTestFinished(() => server[Symbol.asyncDispose]())
  return {
    kind: 'aws',
    store: `{ kind: aws, region: ${server.region}, endpoint: ${server.url}, timeout: 2s }`,
    env: { AWS_ACCESS_KEY_ID: SIGNER.accessKeyId, AWS_SECRET_ACCESS_KEY: SIGNER.secretAccessKey, AWS_EC2_METADATA_DISABLED: 'true' },
    current: async () => {
      const text = server.textOf('demo/production/jwt')
      return text === undefined || text === null ? undefined : JSON.parse(text)
    },
  }
}

async function newCase(start: () => Promise<Server>) {
  const { kind, store, env, current } = await start()
  const project = makeProject({
    'secrets.yaml': `id: ${ID}\nproject: demo\nenvironment: production\nstores:\n  main: ${store}\nsecrets:\n  jwt: { env: JWT_SECRET, rotator: random }\noutputs:\n  - .env\n`,
  })
  onTestFinished(() => project[Symbol.asyncDispose]())
  const run = (args: readonly string[], options: { input?: string; env?: Record<string, string>; reveals?: readonly string[] } = {}) =>
    project.run(args, { ...options, env: { ...env, ...options.env } })
  const value = canary()
  const begun = async () => {
    expect(await run(['restore'])).toMatchObject({ code: 0, stderr: expect.stringContaining('Give one: secrets set jwt') })
    expect(await run(['set', 'jwt'], { input: value })).toMatchObject({ code: 0 })
  }
  return { kind, project, run, begun, value, current }
}

describe.each([['Vault', vault] as const, ['AWS', aws] as const])('a project on %s', (_name, start) => {
  test('begins with the command that every other one names', async () => {
    const { kind, run, begun, project } = await newCase(start)
    for (const args of [[], ['status'], ['sync'], ['rotate', 'jwt', '--yes']]) {
      const { code, stderr } = await run(args)
      expect([args, code, stderr]).toEqual([args, 1, expect.stringContaining(`"secrets restore" makes it from what main (${kind}) has, be it nothing`)])
    }
    expect((await run(['doctor'])).stdout).toContain(`"secrets restore" makes it from what main (${kind}) has`)
    await begun()
    expect(await run(['status'])).toMatchObject({ code: 0 })
    // No key was made, and nobody misses one.
    expect(await run(['doctor'])).toMatchObject({ code: 0, stdout: expect.not.stringMatching(/key|identity/) })
    expect(project.leaks()).toEqual(['project/.env'])
  })

  test('has nothing that a key would open, and says so', async () => {
    const { kind, run, begun } = await newCase(start)
    await begun()
    const verified = await run(['identity', 'verify'])
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining(`no key opens any: the values lie in main (${kind})`)])
    expect(verified.stderr).toContain('secrets identity add --recovery-key-file FILE')
    expect((await run(['identity', 'show'])).stderr).toContain(`Keys open backups alone: the values lie in main (${kind})`)
  })

  test('is backed up once there is a key, and put back on an empty machine with the recovery key', async () => {
    const { kind, run, begun, project, value } = await newCase(start)
    await begun()
    const refused = await run(['backup', 'b.keyturn'])
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/nothing to seal a backup with[\s\S]*hint: secrets identity add --recovery-key-file FILE/),
    ])
    expect(project.exists('b.keyturn')).toBe(false)

    expect(await run(['identity', 'add', '--recovery-key-file', 'recovery.txt'])).toMatchObject({ code: 0 })
    expect(project.read('secrets.yaml').match(/ - age1/g)).toHaveLength(2)
    const verified = await run(['identity', 'verify', '--recovery-key-file', 'recovery.txt'])
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('The recovery key is a recipient too.')])
    const history = (await run(['history', 'jwt', '--json'])).stdout
    expect(history).toContain('hmac:')
    const written = await run(['backup', 'b.keyturn'])
    expect([written.code, written.stdout]).toEqual([0, expect.stringContaining('opens with any of 2 keys')])
    expect(written.stderr).toContain(`The values in main (${kind}) are not in it`)

    // Another machine: a backup is refused there too until it has come in, and then it has a key of its own.
    const second = { env: { XDG_STATE_HOME: path.join(project.home, 'state2'), XDG_CONFIG_HOME: path.join(project.home, 'config2') } }
    expect(await run(['restore'], second)).toMatchObject({ code: 0 })
    expect(await run(['backup', 'c.keyturn'], second)).toMatchObject({ code: 1, stderr: expect.stringContaining('no key of this machine') })
    expect(await run(['identity', 'add', '--recovery-key-file', 'recovery.txt'], second)).toMatchObject({ code: 0 })
    expect(await run(['backup', 'c.keyturn'], second)).toMatchObject({ code: 0, stdout: expect.stringContaining('any of 3 keys') })

    for (const folder of ['state', 'config', 'cache']) rmSync(path.join(project.home, folder), { recursive: true })
    const restored = await run(['restore', 'b.keyturn', '--recovery-key-file', 'recovery.txt', '--yes'])
    expect([restored.code, restored.stderr]).toEqual([0, expect.stringContaining('secrets doctor')])
    expect((await run(['history', 'jwt', '--json'])).stdout).toBe(history)
    expect((await run(['get', 'jwt'], { reveals: [value] })).stdout.trim()).toBe(value)
    expect(project.leaks()).toEqual(['project/.env'])
  })

  test('is left without a key; the server keeps its values', async () => {
    const { kind, run, begun, project, value, current } = await newCase(start)
    await begun()
    const refused = await run(['eject', '--yes'])
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('without a backup: secrets eject --no-backup')])
    expect(project.exists('secrets.yaml')).toBe(true)
    const ejected = await run(['eject', '--no-backup', '--yes'])
    expect([ejected.code, ejected.stdout]).toEqual([0, expect.stringContaining(`Values and their versions in main (${kind}) stay there`)])
    expect(ejected.stdout).toContain('No backup is kept: the history is gone for good')
    expect(project.list()).toEqual(['.env'])
    expect(project.read('.env')).toContain(`JWT_SECRET=${value}`)
    expect(await current()).toEqual({ value })
  })
})
