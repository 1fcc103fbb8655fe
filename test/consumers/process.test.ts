import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { process as consumer } from '../../src/consumers/process.ts'
import { canary, expectNoCanary } from '../support/canary.ts'
import { contextOf, errorOf, printOf } from './context.ts'

let dir: string
const started: ChildProcess[] = []
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'keyturn-process-'))
})
afterEach(() => {
  for (const child of started.splice(0)) if (child.pid !== undefined) killGroup(child.pid)
  rmSync(dir, { recursive: true, force: true })
})

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

const at = (name: string): string => path.join(dir, name)
const pid = (): number => Number(readFileSync(at('pid'), 'utf8'))

/** Runs a shell script in a group of its own, until its pid file is there. */
async function start(script: string): Promise<void> {
  started.push(spawn('/bin/sh', ['-c', script], { cwd: dir, detached: true, stdio: 'ignore' }))
  await vi.waitFor(() => expect(pid()).toBeGreaterThan(1), { timeout: 10_000, interval: 20 })
}

/** Something that starts the program again whenever it ends, with what the file holds then. */
const SUPERVISED = `while :; do env "$(cat .env)" sh -c 'echo $$ > pid.new; mv pid.new pid; exec sleep 1000'; done`
/** Handles HUP by writing down that it came. */
const DAEMON = `trap 'echo again >> heard' HUP; echo $$ > pid.new; mv pid.new pid; while :; do sleep 0.05; done`
const PLAIN = `echo $$ > pid.new; mv pid.new pid; exec sleep 1000`

const context = (params: object, expected: Record<string, string> = {}, over: object = {}) =>
  contextOf(consumer, { pidfile: 'pid', ...params }, expected, { dir, target: at('.env'), timeoutMs: 10_000, ...over })

/** As a person's editor or Keyturn does it: a new file under the old name. */
function write(value: string): void {
  writeFileSync(at('.env.new'), `KEY=${value}\n`)
  renameSync(at('.env.new'), at('.env'))
}

describe('refresh by a signal', () => {
  it('tells a process to read again, which goes on', async () => {
    await start(DAEMON)
    const before = pid()
    await consumer.refresh(context({}))
    await vi.waitFor(() => expect(readFileSync(at('heard'), 'utf8')).toBe('again\n'), { timeout: 10_000 })
    expect(pid()).toBe(before)
  })

  it('sends nothing to a process that the signal would end', async () => {
    await start(PLAIN)
    const error = await errorOf(consumer.refresh(context({})))
    expect(error).toMatchObject({ code: 'CONSUMER_FAILED', message: `process ${pid()} does not handle SIGHUP, which would end it; nothing was sent` })
    expect((await consumer.health?.(context({})))?.state).toBe('healthy')
  })

  it('ends a process that something starts again, and comes back when it runs', async () => {
    write('canary-one')
    await start(SUPERVISED)
    const before = pid()
    await consumer.refresh(context({ signal: 'TERM' }))
    expect(pid()).not.toBe(before)
  })

  it('says that nothing started it again', async () => {
    await start(PLAIN)
    const old = pid()
    const error = await errorOf(consumer.refresh(context({ signal: 'TERM' }, {}, { timeoutMs: 200 })))
    expect(error.message).toBe(`process ${old} ended on SIGTERM, and nothing started it again in 0.2 s`)
    expect(await consumer.health?.(context({ signal: 'TERM' }))).toEqual({ state: 'starting', why: `pid names process ${old}, which does not run` })
    expect(await consumer.health?.(context({}))).toMatchObject({ state: 'unhealthy' })
  })

  it('names a pid file that is not there, holds no number, or was left behind by another process', async () => {
    expect((await errorOf(consumer.refresh(context({})))).message).toBe('there is no pid file pid')
    for (const text of ['', 'x', '-5', '1', '0']) {
      writeFileSync(at('pid'), text)
      expect((await errorOf(consumer.refresh(context({})))).message).toBe('pid holds no number of a process')
    }
    rmSync(at('pid'))
    await start(DAEMON)
    const hourAgo = Date.now() / 1_000 - 3_600
    utimesSync(at('pid'), hourAgo, hourAgo)
    expect((await errorOf(consumer.refresh(context({})))).message).toBe(`pid is older than process ${pid()}: the number was given to another one since`)
    expect(existsSync(at('heard'))).toBe(false)
  })
})

describe('proof by a process', () => {
  it('shows what it was started with: the old value until it is started again', async () => {
    const [old, now] = [canary(), canary()]
    write(old)
    await start(SUPERVISED)
    const params = { signal: 'TERM' }
    write(now)
    const ctx = context(params, { KEY: now, OTHER: 'x' })
    expect(await consumer.prove?.(ctx)).toEqual({ vars: { KEY: printOf(old), OTHER: null } })
    await consumer.refresh(ctx)
    const proof = await consumer.prove?.(ctx)
    expect(proof).toEqual({ vars: { KEY: printOf(now), OTHER: null } })
    expectNoCanary(JSON.stringify(proof), 'the proof')
  })

  it('is what doctor sees, with the age of the process and what to send', async () => {
    const [old, now] = [canary(), canary()]
    write(old)
    await start(SUPERVISED)
    write(now)
    const look = () => consumer.look?.(context({ signal: 'TERM' }, { KEY: now }))
    const sight = await look()
    expect(sight).toEqual([
      {
        who: 'process of pid',
        part: 'process',
        since: expect.closeTo(Date.now(), -5),
        vars: { KEY: printOf(old) },
        mend: `run kill -TERM ${pid()}, and let it be started again`,
      },
    ])
    expectNoCanary(JSON.stringify(sight), 'the sight')
    rmSync(at('pid'))
    expect(await look()).toEqual([
      {
        who: 'process of pid',
        part: 'process',
        since: null,
        vars: {},
        idle: 'there is no pid file pid',
        mend: 'start the program, or correct "pidfile"',
      },
    ])
  })

  it('by its start: only a process that was started after the file was written has read it', async () => {
    const value = canary()
    write(value)
    await new Promise((passed) => setTimeout(passed, 60)) // ticks of the kernel's clock have to pass between the two
    await start(PLAIN)
    const params = { signal: 'TERM', prove: 'start' }
    expect(await consumer.prove?.(context(params, { KEY: value }))).toEqual({ vars: { KEY: printOf(value) } })
    write(canary())
    const error = await errorOf(consumer.prove?.(context(params, { KEY: value })) as Promise<unknown>)
    expect(error.message).toBe(`process of pid: process ${pid()} was started before ${at('.env')} was written last, so it read an earlier one`)
  })

  it('by its open file: one that was replaced since is another file', async () => {
    const value = canary()
    write(value)
    await start(`exec 3<.env; ${PLAIN}`)
    expect(await consumer.prove?.(context({ prove: 'open' }, { KEY: value }))).toEqual({ vars: { KEY: printOf(value) } })
    write(value)
    const error = await errorOf(consumer.prove?.(context({ prove: 'open' }, { KEY: value })) as Promise<unknown>)
    expect(error.message).toBe(`process of pid: process ${pid()} does not have ${at('.env')} open as it is now`)
  })

  it('is not claimed where a signal changes nothing that can be seen', () => {
    const proves = (params: object) => consumer.proves(consumer.params.parse({ pidfile: 'pid', ...params }))
    expect([proves({}), proves({ signal: 'TERM' }), proves({ prove: 'open' })]).toEqual([false, true, true])
    expect(consumer.params.safeParse({ pidfile: 'pid', prove: 'environ' }).error?.issues[0]?.message).toBe(
      'is not changed by a signal after which the process goes on; use open, or a signal that ends it',
    )
  })
})
