import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { OTHER } from '../../src/consumers/challenge.ts'
import { exec } from '../../src/consumers/exec.ts'
import { KeyturnError } from '../../src/errors.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { canary, expectNoCanary } from '../support/canary.ts'
import { contextOf, errorOf, printOf } from './context.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'keyturn-exec-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const context = (params: unknown, expected: Record<string, string> = {}, over = {}) => contextOf(exec, params, expected, { dir, ...over })
const prove = (command: unknown, format: 'environ' | 'hmac', expected: Record<string, string>) =>
  exec.prove?.(context({ refresh: ['true'], prove: { command, format } }, expected))

/** A program that answers a challenge for what stands in a file, as docs/consumers.md shows it. */
const ANSWER = `
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
const { nonce, vars } = JSON.parse(readFileSync(0, 'utf8'))
const held = JSON.parse(readFileSync('held.json', 'utf8'))
const answer = {}
for (const name of vars) if (name in held) answer[name] = createHmac('sha256', nonce).update(held[name]).digest('hex')
console.log(JSON.stringify(answer))
`

/** A dead process that nobody has asked after yet still has its number. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch (error) {
    // Without /proc, what answers the signal counts as running.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && process.platform !== 'linux'
  }
}

describe('refresh by exec', () => {
  it('runs in the folder of the inventory, without a shell for a list and with one for a text', async () => {
    await exec.refresh(context({ refresh: ['touch', 'a b $HOME'] }))
    await exec.refresh(context({ refresh: 'touch shell-$((1 + 1))' }))
    expect([existsSync(path.join(dir, 'a b $HOME')), existsSync(path.join(dir, 'shell-2'))]).toEqual([true, true])
  })

  it('passes on our environment without our credentials and without the old values', async () => {
    const env = {
      PATH: process.env.PATH,
      LANG: 'C',
      KEYTURN_IDENTITY: canary(),
      VAULT_TOKEN: canary(),
      AWS_SECRET_ACCESS_KEY: canary(),
      AWS_PROFILE: 'me',
      API_KEY: canary(),
    }
    await exec.refresh(context({ refresh: 'env > seen', env: ['AWS_PROFILE'] }, { API_KEY: canary() }, { env }))
    const seen = readFileSync(path.join(dir, 'seen'), 'utf8')
    expectNoCanary(seen, 'the environment')
    expect(seen).toContain('AWS_PROFILE=me')
    expect(seen).toContain('LANG=C')
  })

  it('says what failed, with the end of what it said and without the values in it', async () => {
    const values = { KEY: canary(), SHORT: 'Ab+/c=1!', PEM: `${canary()}\n${canary()}` }
    writeFileSync(
      path.join(dir, 'say.mjs'),
      `
      const { KEY, SHORT, PEM } = JSON.parse(process.argv[2])
      console.error('first line')
      for (const text of [KEY, encodeURIComponent(SHORT), Buffer.from('user:' + KEY).toString('base64'), JSON.stringify(PEM), PEM.split('\\n')[1]]) console.error('bad ' + text)
      process.exit(3)`,
    )
    const { code, message } = await errorOf(exec.refresh(context({ refresh: [process.execPath, 'say.mjs', JSON.stringify(values)] }, values)))
    expect(code).toBe('CONSUMER_FAILED')
    expect(message).toContain(`${process.execPath} ended with status 3: first line\nbad [sensitive]\nbad [sensitive]`)
    expectNoCanary(message, 'the error')
    expect(message).not.toContain(encodeURIComponent(values.SHORT))
    expect(message).not.toContain(Buffer.from(values.KEY.slice(0, 12)).toString('base64').slice(3, -4))
  })

  it.each([
    ['a program that is not there', ['no-such-program-of-keyturn'], 'cannot be started (ENOENT)'],
    ['a program killed from outside', 'kill -9 $$', 'was killed by a signal'],
    ['one that says too much', 'cat /dev/zero', 'it says more than 1 MB'],
  ])('fails for %s', async (_, refresh, message) => {
    expect((await errorOf(exec.refresh(context({ refresh })))).message).toContain(message)
  })

  it('ends the whole group when the time is over, also what ignores the first signal', async () => {
    const refresh = `sh -c 'trap "" TERM; echo $$ > pid; while :; do sleep 1; done' & echo $! >/dev/null; wait`
    const { message } = await errorOf(exec.refresh(context({ refresh }, {}, { timeoutMs: 700 })))
    expect(message).toContain('no end after 0.7 s')
    const pid = Number(readFileSync(path.join(dir, 'pid'), 'utf8'))
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), 5_000)
  })

  it('stops with the reason of the signal', async () => {
    const stop = new AbortController()
    const work = errorOf(exec.refresh(context({ refresh: ['sleep', '30'] }, {}, { signal: stop.signal })))
    stop.abort(new KeyturnError('INTERRUPTED', 'Ctrl-C'))
    expect((await work).code).toBe('INTERRUPTED')
    expect((await errorOf(exec.refresh(context({ refresh: ['true'] }, {}, { signal: AbortSignal.abort() })))).code).toBe('LEASE_LOST')
  })

  it('does not wait for what the program leaves running', async () => {
    await exec.refresh(context({ refresh: 'sleep 5 & echo $! > pid' }))
    process.kill(Number(readFileSync(path.join(dir, 'pid'), 'utf8')), 'SIGKILL')
  })
})

describe('proof by environ', () => {
  it.skipIf(process.platform !== 'linux')('sees what a running process really holds', async () => {
    const [held, old, expected] = [canary(), canary(), canary()]
    const app = spawn('sleep', ['60'], { env: { PATH: process.env.PATH, HELD: held, OLD: old, LINES: 'one\ntwo=2' } })
    try {
      const proof = await prove(['cat', `/proc/${app.pid}/environ`], 'environ', { HELD: held, OLD: expected, LINES: 'one\ntwo=2', ABSENT: canary() })
      expect(proof?.vars).toEqual({ HELD: printOf(held), OLD: printOf(old), LINES: printOf('one\ntwo=2'), ABSENT: null })
    } finally {
      app.kill('SIGKILL')
    }
  })

  it('takes lines as well, with values over several of them', async () => {
    const proof = await prove("printf 'A=1\\nPEM=x\\n y z\\nB=a=b\\nA=later\\n'", 'environ', { A: '1', PEM: 'x\n y z', B: 'a=b' })
    expect(proof?.vars).toEqual({ A: printOf('1'), PEM: printOf('x\n y z'), B: printOf('a=b') })
  })

  it('proves nothing when the command fails', async () => {
    expect((await errorOf(prove('echo A=1; exit 1', 'environ', { A: '1' }) as Promise<unknown>)).code).toBe('CONSUMER_FAILED')
  })
})

describe('what a failing program said', () => {
  it('shows no old value either, which may still be accepted', async () => {
    const old = canary()
    const concealed = async () => [new Sensitive(old)]
    writeFileSync(path.join(dir, 'old'), old)
    const { message } = await errorOf(exec.refresh(context({ refresh: 'echo "still on $(cat old)" >&2; exit 1' }, {}, { concealed })))
    expect(message).toContain('still on [sensitive]')
    expectNoCanary(message, 'the message')
  })

  it('shows no rest of a value whose beginning was cut off', async () => {
    const value = canary() + 'canary-x'.repeat(2_500)
    writeFileSync(path.join(dir, 'say.mjs'), `for (let i = 0; i < 5; i++) process.stderr.write(${JSON.stringify(value)})\nprocess.exit(1)`)
    const { message } = await errorOf(exec.refresh(context({ refresh: [process.execPath, 'say.mjs'] }, { KEY: value })))
    expect(message).not.toContain('canary-x')
  })
})

describe('proof by challenge', () => {
  const answering = (held: Record<string, string>, expected: Record<string, string>) => {
    writeFileSync(path.join(dir, 'answer.mjs'), ANSWER)
    writeFileSync(path.join(dir, 'held.json'), JSON.stringify(held))
    return prove([process.execPath, 'answer.mjs'], 'hmac', expected)
  }

  it('tells held, other and absent values apart', async () => {
    const [same, old] = [canary(), canary()]
    const proof = await answering({ SAME: same, CHANGED: old, UNICODE: 'ß🙂' }, { SAME: same, CHANGED: canary(), ABSENT: canary(), UNICODE: 'ß🙂' })
    expect(proof?.vars).toEqual({ SAME: printOf(same), CHANGED: OTHER, ABSENT: null, UNICODE: printOf('ß🙂') })
  })

  it.each([
    ['echo no json', 'its answer is no JSON'],
    ['echo "[1]"', 'its answer is no JSON object of variables'],
    ['true', 'its answer is no JSON'],
  ])('refuses the answer of %j', async (command, message) => {
    expect((await errorOf(prove(command, 'hmac', { A: canary() }) as Promise<unknown>)).message).toContain(message)
  })

  it('takes no repeated or malformed answer for a proof', async () => {
    for (const answer of ['""', 'true', '"00"', `"${'0'.repeat(64)}"`, '{}']) {
      const proof = await prove(`echo '{"A": ${answer}}'`, 'hmac', { A: canary() })
      expect(proof?.vars).toEqual({ A: OTHER })
    }
  })
})

describe('the params of exec', () => {
  it('say what will be run and whether anything is proved', () => {
    const params = exec.params.parse({ refresh: ['systemctl', 'restart', 'app'] })
    expect([exec.describe(params), exec.proves(params)]).toEqual(['runs systemctl restart app', false])
    expect(exec.proves(exec.params.parse({ refresh: 'x', prove: { command: 'y', format: 'hmac' } }))).toBe(true)
  })

  it.each([{}, { refresh: [] }, { refresh: '' }, { refresh: [''] }, { refresh: 'x', prove: { command: 'y' } }, { refresh: 'x', cwd: '/' }])(
    'refuse %j',
    (params) => {
      expect(exec.params.safeParse(params).success).toBe(false)
    },
  )
})
