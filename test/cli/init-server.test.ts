import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SIGNER, startSecretsManager } from '../servers/aws/server.ts'
import { type FaultProxy, startFaultProxy } from '../servers/fault-proxy.ts'
import { startVault } from '../servers/vault/server.ts'
import { canary } from '../support/canary.ts'
import { makeProject } from '../support/project.ts'
import { sampleEnv } from './imported.ts'

/** `init --store vault|aws`: the values of a new project go to a server, and no key is made. */

interface Server {
  readonly proxy: FaultProxy
  readonly options: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The field of a document that readers see; `undefined` for none. */
  valueAt(path: string): Promise<string | undefined>
  put(path: string, value: string): Promise<void>
  /** Ids of inventories that keep anything there. */
  ids(): Promise<readonly string[]>
}

async function vault(): Promise<Server> {
  const server = await startVault()
  const proxy = await startFaultProxy(server.address)
  onTestFinished(async () => {
    await proxy[Symbol.asyncDispose]()
    await server.close()
  })
  const bodyOf = async (...asked: Parameters<typeof server.ask>) =>
    (await server.ask(...asked)).body as { data?: { data?: { value?: string }; keys?: string[] } }
  return {
    proxy,
    options: ['--store', 'vault', '--address', proxy.url],
    env: { VAULT_TOKEN: server.tokens.make({ root: true }) },
    valueAt: async (at) => (await bodyOf('GET', `secret/data/${at}`)).data?.data?.value,
    put: async (at, value) => void (await server.ask('POST', `secret/data/${at}`, { data: { value } })),
    ids: async () => ((await bodyOf('LIST', 'secret/metadata/.keyturn/')).data?.keys ?? []).map((key) => key.replace('/', '')),
  }
}

async function aws(): Promise<Server> {
  const server = await startSecretsManager({ clock: { now: () => Date.now() } })
  const proxy = await startFaultProxy(server.url)
  onTestFinished(async () => {
    await proxy[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })
  const names = () => [...server.state.secrets.keys()]
  return {
    proxy,
    options: ['--store', 'aws', '--region', server.region, '--address', proxy.url],
    env: { AWS_ACCESS_KEY_ID: SIGNER.accessKeyId, AWS_SECRET_ACCESS_KEY: SIGNER.secretAccessKey, AWS_EC2_METADATA_DISABLED: 'true', AWS_MAX_ATTEMPTS: '1' },
    valueAt: async (at) => (names().includes(at) ? (JSON.parse(server.textOf(at) ?? '{}') as { value?: string }).value : undefined),
    put: async (at, value) => void server.state.create(at, randomUUID(), { text: JSON.stringify({ value }) }, null),
    ids: async () => [...new Set(names().flatMap((name) => /^\.keyturn\/([^/]+)/.exec(name)?.[1] ?? []))],
  }
}

/** How each run is ended, at requests from the first to the last. */
const CUTS = ['killed', 'refused', 'killed'] as const

async function newCase(start: () => Promise<Server>) {
  const server = await start()
  const sample = sampleEnv()
  const project = makeProject({ '.env': sample.text, Dockerfile: 'FROM scratch\n' })
  onTestFinished(() => project[Symbol.asyncDispose]())
  // init starts git with an environment of its own; between fork and exec a child still shows that of its parent.
  const around = { env: server.env, passes: [server.env.VAULT_TOKEN ?? SIGNER.secretAccessKey] }
  const run = (args: readonly string[], options: { reveals?: readonly string[] } = {}) => project.run(args, { ...options, ...around })
  const init = (...more: readonly string[]) => run(['init', '--yes', ...server.options, ...more])
  const inHome = (): readonly string[] =>
    ['state', 'config'].flatMap((name) => {
      const folder = path.join(project.home, name, 'keyturn')
      return existsSync(folder) ? readdirSync(folder).filter((one) => one.startsWith('kt_')) : []
    })
  return { server, sample, project, around, run, init, inHome }
}

describe.each([['Vault', vault] as const, ['AWS', aws] as const])('secrets init --store: %s', (_name, start) => {
  test('stores the values there, needs no key, and all else is as with the embedded store', async () => {
    const { server, sample, project, run, init } = await newCase(start)
    const looked = await run(['init', '--dry-run', ...server.options])
    expect([looked.code, looked.stdout]).toEqual([0, expect.stringMatching(/go to the store main[\s\S]*stores:\n {2}main: \{ kind: /)])
    expect(await server.ids()).toEqual([])

    const { code, stdout, stderr } = await init()
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('Undo: secrets eject --no-backup')
    expect(project.read('.env')).toBe(sample.text)
    expect(project.list()).toEqual(['.dockerignore', '.env', 'Dockerfile', 'secrets.yaml'])
    expect(project.read('secrets.yaml')).not.toContain('recipients')
    for (const name of ['jwt', 'openai'] as const) expect(await server.valueAt(`project/production/${name}`)).toBe(sample.values[name])
    expect(await server.ids()).toHaveLength(1)
    expect(existsSync(path.join(project.home, 'config', 'keyturn'))).toBe(false)
    expect(project.leaks()).toEqual(['project/.env'])

    expect(await run(['sync', '--check'])).toMatchObject({ code: 0 })
    expect((await run(['get', 'JWT_SECRET'], { reveals: [sample.values.jwt] })).stdout.trim()).toBe(sample.values.jwt)
    const doctor = await run(['doctor'])
    expect([doctor.code, doctor.stdout]).toEqual([0, expect.stringContaining('ok  store main')])
    expect((await run(['history', 'jwt'])).stdout).toContain('imported by init from .env')
    expect(await run(['eject', '--original', '--no-backup', '--yes'])).toMatchObject({ code: 0 })
    expect(project.read('.env')).toBe(sample.text)
    expect(project.list()).toEqual(['.env', 'Dockerfile'])
  })

  test('overwrites no value that is there, however often it is asked, and leaves nothing behind', async () => {
    const { server, sample, project, init, inHome } = await newCase(start)
    // Also an equal one is somebody else's.
    await server.put('project/production/jwt', sample.values.jwt)
    const theirs = canary()
    await server.put('project/production/openai', theirs)
    for (let n = 0; n < 2; n++) {
      const { code, stderr } = await init()
      expect([code, stderr]).toEqual([1, expect.stringMatching(/none is overwritten[\s\S]*jwt: project\/production\/jwt[\s\S]*secrets init -e NAME/)])
    }
    expect(await server.valueAt('project/production/openai')).toBe(theirs)
    expect(await server.valueAt('project/production/ari')).toBeUndefined()
    expect(project.list()).toEqual(['.env', 'Dockerfile'])
    expect(inHome()).toEqual([])
  })

  test('goes on under the same id after it was killed or refused at any request', async () => {
    const whole = await newCase(start)
    expect(await whole.init()).toMatchObject({ code: 0 })
    const requests = whole.server.proxy.requests()
    expect(requests).toBeGreaterThan(8)
    // A stride, since every cut is two whole runs of the program; first and last are among them.
    for (const n of CUTS.keys()) {
      const cut = 1 + Math.round((n * (requests - 1)) / (CUTS.length - 1))
      const { server, project, sample, around, run, init, inHome } = await newCase(start)
      if (CUTS[n] === 'killed') {
        const killed = project.start(['init', '--yes', ...server.options], around)
        server.proxy.spoil(({ number }) => {
          if (number < cut) return null
          killed.kill('SIGKILL')
          return { kind: 'reset' }
        })
        expect((await killed.done).signal).toBe('SIGKILL')
      } else {
        server.proxy.spoil(({ number }) => (number < cut ? null : { kind: 'status', status: 403, body: '{"errors":["permission denied"]}' }))
        expect((await init()).code).toBe(1)
        expect(inHome()).toEqual([])
      }
      expect(project.list()).toEqual(['.env', 'Dockerfile'])
      expect(project.read('.env')).toBe(sample.text)
      server.proxy.heal()
      // Settings may have changed meanwhile; the copy of the file is the one of now.
      const text = sample.text.replace('LOG_LEVEL=info', 'LOG_LEVEL=warn')
      project.write('.env', text, 0o600)
      const { code, stderr } = await init()
      expect([cut, code, stderr]).toEqual([cut, 0, expect.not.stringContaining('error')])
      const id = /^id: (\S+)/m.exec(project.read('secrets.yaml'))?.[1]
      expect([cut, await server.ids(), inHome()]).toEqual([cut, [id], [id]])
      for (const name of ['jwt', 'openai'] as const) expect(await server.valueAt(`project/production/${name}`)).toBe(sample.values[name])
      expect((await run(['history', 'jwt'])).stdout).toContain('imported by init from .env')
      expect(project.leaks()).toEqual(['project/.env'])
      expect(await run(['eject', '--original', '--no-backup', '--yes'])).toMatchObject({ code: 0 })
      expect(project.read('.env')).toBe(text)
    }
  }, 120_000)

  test('puts no other value in the place of one that an interrupted run stored, and says where that one is', async () => {
    const whole = await newCase(start)
    await whole.init()
    // The values are there by then; the copy of the file and what init did are not.
    const late = whole.server.proxy.requests() - 4
    const { server, sample, project, run, init } = await newCase(start)
    server.proxy.spoil(({ number }) => (number < late ? null : { kind: 'status', status: 403, body: '{"errors":["permission denied"]}' }))
    const refused = await init()
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('what went to the server already stays there')])
    server.proxy.heal()
    project.write('.env', sample.text.replace(sample.values.jwt, canary()), 0o600)
    const changed = await init()
    expect([changed.code, changed.stderr]).toEqual([1, expect.stringMatching(/project\/production\/jwt[\s\S]*put that one back into the file/)])
    expect(await server.valueAt('project/production/jwt')).toBe(sample.values.jwt)
    project.write('.env', sample.text, 0o600)
    // Somebody who goes another way is told what stays behind.
    const [id = ''] = await server.ids()
    const elsewhere = await run(['init', '--yes'])
    expect([elsewhere.code, elsewhere.stderr]).toEqual([0, expect.stringMatching(new RegExp(`they stay there[\\s\\S]*\\.keyturn/${id}`))])
    expect(project.read('secrets.yaml')).not.toContain(id)
  })
})

test('settings that the store does not have, and keys that would open nothing, are refused before anything is read', async () => {
  await using project = makeProject()
  for (const [args, message] of [
    [['--mount', 'kv'], /--mount belongs to --store vault/],
    [['--store', 'aws', '--mount', 'kv'], /--mount belongs to --store vault/],
    [['--store', 'vault', '--region', 'eu-central-1'], /--region belongs to --store aws/],
    [['--store', 'vault', '--recovery-key-file', 'r.txt'], /there is no embedded store that it would open/],
    [['--store', 's3'], /--store/],
  ] as const) {
    const { code, stderr } = await project.run(['init', '--yes', ...args])
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
  }
})
