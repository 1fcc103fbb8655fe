import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { docker } from '../../../src/consumers/docker.ts'
import { dialectOf } from '../../../src/outputs/dialects/index.ts'
import { outputs } from '../../../src/outputs/folders.ts'
import { mountedBy } from '../../../src/outputs/mounted.ts'
import type { ConsumerContext } from '../../../src/ports.ts'
import { Sensitive } from '../../../src/sensitive.ts'
import { BUSYBOX, loadBusybox } from '../../servers/busybox.ts'
import { type Docker, dockerMissing, startDocker } from '../../servers/docker.ts'
import { seededRandom } from '../../support/random.ts'
import { contextOf, errorOf, printOf } from '../context.ts'

const NEW = 'canary-new'
const WAIT = ['sh', '-c', "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"]

describe.skipIf(await dockerMissing())('an output that is mounted into a real container', () => {
  let engine: Docker
  let dir = ''
  let count = 0
  let name = ''
  beforeAll(async () => {
    engine = await startDocker()
    await loadBusybox(engine)
  })
  afterAll(() => engine.stop())
  beforeEach(() => {
    dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'keyturn-mounts-')))
    name = `mounts-${++count}`
  })
  afterEach(async () => {
    await engine.docker('rm', '--force', name).catch(() => '')
    rmSync(dir, { recursive: true })
  })

  const start = (...options: readonly string[]) => engine.docker('run', '--detach', '--network', 'none', '--name', name, ...options, BUSYBOX, ...WAIT)
  const inside = (file: string) => engine.docker('exec', name, 'cat', file)
  const context = (target: string, params: object, value = NEW): ConsumerContext<never> =>
    contextOf(docker, { container: name, ...params }, { KEY: value }, {
      dir,
      env: engine.env,
      target: path.join(dir, target) + (target.endsWith('/') ? '/' : ''),
      parse: (text: Sensitive<string>) => dialectOf('compose').parse(text),
    } as never) as never
  const proved = async (target: string, params: object): Promise<string> => {
    const found = (await docker.prove?.(context(target, params)))?.vars.KEY
    return found === printOf(NEW) ? 'new' : found === printOf('canary-old') ? 'old' : String(found)
  }
  /** The real writer. */
  const write = async (target: string, text: string, watchful = true): Promise<readonly string[]> => {
    const files = outputs({
      lockDir: path.join(dir, 'locks'),
      isTracked: async () => ({ tracked: false }),
      random: seededRandom('mounts'),
      ...(watchful && { isMounted: mountedBy }),
    })
    return files.locked(path.join(dir, target) + (target.endsWith('/') ? '/' : ''), new AbortController().signal, async (file) => {
      await file.read()
      await file.replace(new Sensitive(text), 0o600)
      return file.notes ?? []
    })
  }

  it('stays the old file when a single one is replaced, and is the new one when it is written in place', async () => {
    writeFileSync(path.join(dir, 'app.env'), 'KEY=canary-old\n')
    await start('--volume', `${path.join(dir, 'app.env')}:/app.env:ro`)
    expect(await write('app.env', `KEY=${NEW}\n`, false)).toEqual([])
    expect(await inside('/app.env')).toBe('KEY=canary-old\n')
    // It shows what stands on the host, so it proves nothing.
    expect(execFileSync('docker', ['cp', `${name}:/app.env`, '-'], { env: engine.env }).toString()).toContain(NEW)
    expect(await proved('app.env', { rereads: true })).toBe('old')
    const { message } = await errorOf(docker.refresh(context('app.env', { rereads: true })))
    expect(message).toBe(`docker: container "${name}" does not see what ${dir}/app.env holds now`)
    await docker.refresh(context('app.env', { restart: true }))
    expect(await proved('app.env', { restart: true })).toBe('new')

    await write('app.env', 'KEY=canary-old\n')
    expect(await write('app.env', `KEY=${NEW}\n`)).toEqual([
      `${dir}/app.env is mounted on its own (by a running container) and cannot be replaced as a whole: it was written in place; a reader may have seen half of it`,
    ])
    expect(await inside('/app.env')).toBe(`KEY=${NEW}\n`)
    await docker.refresh(context('app.env', { rereads: true }))
    expect(await proved('app.env', { rereads: true })).toBe('new')
    // A program that reads it at its start only has not seen it.
    expect(await proved('app.env', { restart: true })).toBe('hmac:other:0')
    await docker.refresh(context('app.env', { restart: true }))
    expect(await proved('app.env', { restart: true })).toBe('new')
  }, 120_000)

  it('is told by doctor as what nobody can know, where it was written after the start', async () => {
    writeFileSync(path.join(dir, '.env'), 'KEY=canary-old\n')
    await start('--volume', `${dir}:/app`)
    await write('.env', `KEY=${NEW}\n`)
    const seen = async (params: object) => (await docker.look?.(context('.env', params)))?.[0]
    expect(await seen({ restart: true })).toMatchObject({
      vars: {},
      unsure: { names: ['KEY'], why: `${name} was started before ${dir}/.env was written last` },
      mend: `run docker restart ${name}`,
    })
    expect(await seen({ rereads: true })).toMatchObject({ vars: { KEY: printOf(NEW) } })
  }, 120_000)

  it('is new at once in a folder of files, and in a folder that holds a file', async () => {
    await write('secrets/', JSON.stringify({ KEY: 'canary-old' }))
    mkdirSync(path.join(dir, 'config'))
    writeFileSync(path.join(dir, 'config', 'app.env'), 'KEY=canary-old\n')
    const volumes = ['secrets:/run/all:ro', 'secrets/KEY:/run/one:ro', 'config:/config:ro'].flatMap((volume) => ['--volume', path.join(dir, volume)])
    await start(...volumes)
    expect([await inside('/run/all/KEY'), await inside('/config/app.env')]).toEqual(['canary-old', 'KEY=canary-old\n'])
    expect(await write('config/app.env', `KEY=${NEW}\n`)).toEqual([])
    await write('secrets/', JSON.stringify({ KEY: NEW }))
    expect([await inside('/run/all/KEY'), await inside('/config/app.env')]).toEqual([NEW, `KEY=${NEW}\n`])
    expect(await proved('config/app.env', { rereads: true })).toBe('new')
    // One file of the folder was mounted by itself: it stays that of its generation, and counts.
    expect(await inside('/run/one')).toBe('canary-old')
    expect(await proved('secrets/', { rereads: true })).toBe('old')
    await docker.refresh(context('secrets/', { restart: true }))
    expect(await proved('secrets/', { restart: true })).toBe('new')
  }, 120_000)

  it('of a container that was started with --env-file can be proved, and not be refreshed without a command', async () => {
    writeFileSync(path.join(dir, '.env'), 'KEY=canary-old\n')
    await start('--env-file', path.join(dir, '.env'))
    writeFileSync(path.join(dir, '.env'), `KEY=${NEW}\n`)
    expect(await proved('.env', {})).toBe('old')
    // As doctor sees it.
    const seen = async (params: object) => (await docker.look?.(context('.env', params)))?.[0]
    expect(await seen({})).toEqual({
      who: `container ${name}`,
      part: 'container',
      since: expect.closeTo(Date.now(), -5),
      vars: { KEY: printOf('canary-old') },
      mend: `make container ${name} anew (docker rm --force ${name}, then docker run as before)`,
      trap: 'docker restart keeps the environment that a container was created with',
    })
    expect((await seen({ run: ['./start.sh', 'pbx'] }))?.mend).toBe('run ./start.sh pbx')
    expect((await seen({ vars: ['OTHER'] }))?.vars).toEqual({})
    expect(await seen({ container: 'nobody' })).toMatchObject({ who: 'container nobody', idle: 'not there', vars: {} })
    const said = async (params: object) => (await errorOf(docker.refresh(context('.env', params)))).message
    expect(await said({})).toBe(`docker: container "${name}" keeps the variables it was created with`)
    expect(await said({ restart: true })).toBe(
      `docker: container "${name}" keeps the variables it was created with, and it mounts no file of this output: a restart does not change them`,
    )
    expect(await said({ container: 'nobody' })).toBe('docker: there is no container "nobody", so nothing shows what it holds')
    const again = `docker rm -f ${name} >&2 && docker run -d --network none --name ${name} --env-file .env ${BUSYBOX} sleep 1000`
    await docker.refresh(context('.env', { run: again }))
    expect(await proved('.env', { run: again })).toBe('new')
    expect(await docker.health?.(context('.env', {}))).toEqual({ state: 'healthy', why: `${name} is running` })
    expect(docker.describe(docker.params.parse({ container: 'a', run: again }))).toMatch(/^runs sh -c ".*" to make container a anew; calls drop$/)
    expect(docker.describe(docker.params.parse({ container: 'a' }))).toBe('cannot change container a: you have to make it anew')
    expect(docker.params.safeParse({ container: 'a', restart: true, rereads: true }).success).toBe(false)
  }, 120_000)
})
