import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemd } from '../../src/consumers/systemd.ts'
import { type Systemd, startSystemd, systemdMissing } from '../servers/systemd.ts'
import { canary, expectNoCanary } from '../support/canary.ts'
import { contextOf, errorOf, printOf } from './context.ts'

const dir = mkdtempSync(path.join(tmpdir(), 'keyturn-units-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe.skipIf(await systemdMissing())('a real systemd', () => {
  let server: Systemd
  beforeAll(async () => {
    server = await startSystemd()
  }, 60_000)
  afterAll(() => server?.stop())

  const file = path.join(dir, 'app.env')
  const write = (value: string): void => writeFileSync(file, `KEY=${value}\n`)
  const service = (more = 'ExecStart=/bin/sleep 1000'): string => `[Service]\nEnvironmentFile=${file}\n${more}\n`
  const context = (params: object, expected: Record<string, string> = {}, over: object = {}) =>
    contextOf(systemd, { unit: 'app', user: true, ...params }, expected, { dir, env: server.env, target: file, ...over })
  const health = (params: object = {}) => systemd.health?.(context(params))

  beforeEach(() => {
    server.unit('app.service', service())
    server.systemctl('stop', 'app.service')
  })

  it('restarts a service, whose main process holds the old value until then', async () => {
    const [old, now] = [canary(), canary()]
    write(old)
    server.systemctl('start', 'app.service')
    write(now)
    const ctx = context({}, { KEY: now, OTHER: 'x' })
    expect(await systemd.prove?.(ctx)).toEqual({ vars: { KEY: printOf(old), OTHER: null } })
    await systemd.refresh(ctx)
    const proof = await systemd.prove?.(ctx)
    expect(proof).toEqual({ vars: { KEY: printOf(now), OTHER: null } })
    expectNoCanary(JSON.stringify(proof), 'the proof')
    expect(await health()).toEqual({ state: 'healthy', why: 'systemd: app.service is active (running)' })
  })

  it('shows doctor what its main process was started with, how long ago, and that it does not run', async () => {
    const [old, now] = [canary(), canary()]
    write(old)
    server.systemctl('start', 'app.service')
    write(now)
    const look = (params: object = {}) => systemd.look?.(context(params, { KEY: now }))
    const [sight] = (await look()) ?? []
    expect(sight).toEqual({
      who: 'app.service',
      part: 'process',
      since: expect.closeTo(Date.now(), -5),
      vars: { KEY: printOf(old) },
      mend: 'run systemctl --user restart app.service',
      trap: 'a reload changes no environment, and a changed EnvironmentFile is read at the next start',
    })
    expectNoCanary(JSON.stringify(sight), 'the sight')
    expect((await look({ prove: 'start' }))?.[0]).toMatchObject({
      vars: {},
      unsure: {
        names: ['KEY'],
        why: expect.stringMatching(/^app\.service: process \d+ was started before .*app\.env was written last, so it read an earlier one$/),
      },
    })
    server.systemctl('stop', 'app.service')
    expect(await look()).toEqual([
      { who: 'app.service', part: 'process', since: null, vars: {}, idle: 'inactive, dead', mend: 'run systemctl --user start app.service' },
    ])
    expect((await errorOf(systemd.look?.(context({ unit: 'nobody' }, { KEY: now })) as Promise<unknown>)).message).toBe(
      'systemd: there is no unit nobody.service of this user',
    )
  })

  it('leaves a stopped service stopped with try-restart, and says that nothing shows what it holds', async () => {
    write(canary())
    await systemd.refresh(context({ refresh: 'try-restart' }))
    const error = await errorOf(systemd.prove?.(context({})) as Promise<unknown>)
    expect(error).toMatchObject({
      code: 'CONSUMER_FAILED',
      message: 'systemd: app.service is inactive (dead) and has no main process, so nothing shows what it holds',
      hint: 'start it ("systemctl --user start app.service"), or take it out of the consumers',
    })
    expect((await health())?.state).toBe('unhealthy')
  })

  it('by its start: a service that reads the file by itself has the one from before its start', async () => {
    const value = canary()
    write(value)
    await systemd.refresh(context({}))
    await new Promise((passed) => setTimeout(passed, 60)) // ticks of the kernel's clock have to pass between the two
    await systemd.refresh(context({}))
    expect(await systemd.prove?.(context({ prove: 'start' }, { KEY: value }))).toEqual({ vars: { KEY: printOf(value) } })
    write(canary())
    expect((await errorOf(systemd.prove?.(context({ prove: 'start' }, { KEY: value })) as Promise<unknown>)).message).toMatch(
      /^systemd: app\.service: process \d+ was started before .*app\.env was written last, so it read an earlier one$/,
    )
  })

  it('reloads a service that can be, which proves nothing', async () => {
    write(canary())
    server.unit('app.service', service(`ExecStart=/bin/sleep 1000\nExecReload=/bin/touch ${dir}/reloaded`))
    server.systemctl('start', 'app.service')
    const ctx = context({ refresh: 'reload' })
    await systemd.refresh(ctx)
    expect(systemd.proves(ctx.params)).toBe(false)
    server.unit('app.service', service())
    expect((await errorOf(systemd.refresh(ctx))).message).toContain('systemd: systemctl --user reload app.service ended with status')
  })

  it('tells that a service ended, and that it ends again and again', async () => {
    write(canary())
    server.unit('app.service', service('ExecStart=/bin/false'))
    await systemd.refresh(context({}))
    await vi.waitFor(async () => expect(await health()).toEqual({ state: 'unhealthy', why: 'systemd: app.service is failed (failed, exit-code)' }), {
      timeout: 10_000,
    })
    server.unit('app.service', service('ExecStart=/bin/false\nRestart=always\nRestartSec=1h'))
    await systemd.refresh(context({}))
    await vi.waitFor(
      async () =>
        expect(await health()).toEqual({ state: 'unhealthy', why: 'systemd: app.service is activating (auto-restart, exit-code), started again 0 times' }),
      { timeout: 10_000 },
    )
  })

  it('names a unit that is not there', async () => {
    const missing = {
      message: 'systemd: there is no unit nope.service of this user',
      hint: 'correct "unit"; "systemctl --user list-units" shows what there is',
    }
    expect(await errorOf(systemd.refresh(context({ unit: 'nope' })))).toMatchObject(missing)
    expect(await errorOf(systemd.prove?.(context({ unit: 'nope' })) as Promise<unknown>)).toMatchObject(missing)
  })

  it('says where no manager of the user answers', async () => {
    const error = await errorOf(systemd.refresh(context({}, {}, { env: { ...server.env, XDG_RUNTIME_DIR: dir } })))
    expect(error.message).toBe('systemd: the user manager does not answer')
  })
})

it('says that there is no systemctl', async () => {
  const error = await errorOf(systemd.refresh(contextOf(systemd, { unit: 'app' }, {}, { dir, env: { PATH: dir } })))
  expect(error).toMatchObject({
    code: 'CONSUMER_MISSING',
    message: 'systemd: there is no systemctl on this machine, or not in PATH',
    hint: 'use consumer "process" or "exec"; nothing is revoked meanwhile',
  })
})

it('says what it will do', () => {
  const say = (params: object) => systemd.describe(systemd.params.parse(params))
  expect(say({ unit: 'voice-agent' })).toBe('runs systemctl restart voice-agent.service')
  expect(say({ unit: 'app.target', user: true, refresh: 'reload' })).toBe('runs systemctl --user reload app.target')
  expect(systemd.params.safeParse({ unit: 'a b; rm' }).success).toBe(false)
})
