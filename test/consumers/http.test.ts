import { execFileSync, spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { OTHER } from '../../src/consumers/challenge.ts'
import { http } from '../../src/consumers/http.ts'
import { CONSUMERS } from '../../src/consumers/index.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { canary, expectNoCanary } from '../support/canary.ts'
import { isMissing } from '../support/missing.ts'
import { contextOf, errorOf, printOf } from './context.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

async function serve(listener: RequestListener, server: Server = createServer(listener)): Promise<number> {
  servers.push(server)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return (server.address() as AddressInfo).port
}

const refresh = (params: object, over = {}) => http.refresh(contextOf(http, params, {}, over))

/** Answers challenges for these values, as docs/consumers.md shows it. */
const prover =
  (held: Record<string, string>): RequestListener =>
  (request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams
    const names = (query.get('vars') ?? '').split(',').filter((name) => name in held)
    const vars = Object.fromEntries(
      names.map((name) => [
        name,
        createHmac('sha256', query.get('nonce') ?? '')
          .update(held[name] as string)
          .digest('hex'),
      ]),
    )
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ vars }))
  }

describe('refresh by http', () => {
  it('sends one request with method and bearer, and takes the statuses that are said to be fine', async () => {
    const token = canary()
    const seen: unknown[] = []
    const port = await serve((request, response) => {
      seen.push([request.method, request.url, request.headers.authorization])
      response.writeHead(request.url?.startsWith('/old') ? 410 : 204).end()
    })
    const secret = async () => [new Sensitive({ value: token })]
    await refresh({ url: `http://127.0.0.1:${port}/reload?x=1`, bearer: 'health' }, { secret })
    await refresh({ url: `http://127.0.0.1:${port}/old`, method: 'PUT', ok: '410' })
    expect(seen).toEqual([
      ['POST', '/reload?x=1', `Bearer ${token}`],
      ['PUT', '/old', undefined],
    ])
    const { message } = await errorOf(refresh({ url: `http://127.0.0.1:${port}/old?key=canary-in-the-address`, bearer: 'health' }, { secret }))
    expect(message).toBe(`POST http://127.0.0.1:${port}/old: answered 410, expected 200-299`)
  })

  it('tries the new bearer, then the previous one, and no other', async () => {
    const [fresh, previous] = [canary(), canary()]
    let accepted = previous
    const seen: string[] = []
    const port = await serve((request, response) => {
      seen.push(request.headers.authorization ?? '')
      response.writeHead(request.headers.authorization === `Bearer ${accepted}` ? 200 : 401).end(`wrong: ${request.headers.authorization}`)
    })
    const secret = async () => [new Sensitive({ id: 'x', token: fresh }), new Sensitive({ id: 'x', token: previous })]
    await refresh({ url: `http://127.0.0.1:${port}/`, bearer: 'health.token' }, { secret })
    accepted = fresh
    await refresh({ url: `http://127.0.0.1:${port}/`, bearer: 'health.token' }, { secret })
    expect(seen).toEqual([fresh, previous, fresh].map((token) => `Bearer ${token}`))
    accepted = 'neither'
    const { code, message } = await errorOf(refresh({ url: `http://127.0.0.1:${port}/`, bearer: 'health.token' }, { secret }))
    expect(code).toBe('CONSUMER_FAILED')
    expect(message).toContain('refused the bearer, both the new and the previous one (401)')
    expectNoCanary(message, 'the error')
    const ambiguous = await errorOf(refresh({ url: `http://127.0.0.1:${port}/`, bearer: 'health' }, { secret }))
    expect(ambiguous.message).toBe('http: write the bearer as NAME.FIELD; "health" has id, token')
    expect((await errorOf(refresh({ url: `http://127.0.0.1:${port}/`, bearer: 'health' }))).code).toBe('VALUE_MISSING')
  })

  it('never shows a bearer that no header can carry', async () => {
    const { message } = await errorOf(
      refresh({ url: 'http://127.0.0.1:9/', bearer: 'health' }, { secret: async () => [new Sensitive({ value: `${canary()}\r\nX: y` })] }),
    )
    expect(message).toContain('holds characters that no header can carry')
    expectNoCanary(message, 'the error')
  })

  it('follows no redirect, so that the bearer goes nowhere else', async () => {
    let elsewhere = 0
    const other = await serve((_, response) => {
      elsewhere++
      response.end()
    })
    const port = await serve((_, response) => response.writeHead(307, { location: `http://127.0.0.1:${other}/` }).end())
    const { message } = await errorOf(refresh({ url: `http://127.0.0.1:${port}/`, ok: '200-399' }))
    expect(message).toContain('answered with a redirect (307), which is not followed')
    expect(elsewhere).toBe(0)
  })

  it('gives up after its time, on a closed port, on an endless answer, and when it is stopped', async () => {
    const silent = await serve(() => {})
    expect((await errorOf(refresh({ url: `http://127.0.0.1:${silent}/` }, { timeoutMs: 60 }))).message).toContain('no answer in 0.06 s')
    const endless = await serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    expect((await errorOf(refresh({ url: `http://127.0.0.1:${endless}/` }))).message).toContain('larger than 1 MB')
    const stop = new AbortController()
    const stopped = errorOf(refresh({ url: `http://127.0.0.1:${silent}/` }, { signal: stop.signal }))
    stop.abort()
    expect((await stopped).code).toBe('LEASE_LOST')
    const closed = servers.pop() as Server
    const { port } = closed.address() as AddressInfo
    await new Promise((done) => {
      closed.close(done)
      closed.closeAllConnections()
    })
    expect((await errorOf(refresh({ url: `http://127.0.0.1:${port}/` }))).message).toBe(`POST http://127.0.0.1:${port}/: failed (ECONNREFUSED)`)
  })

  const openssl = spawnSync('openssl', ['version']).error ? 'no openssl program' : null
  it.skipIf(isMissing('http consumer with a private authority', openssl))('checks the certificate, and knows a private authority', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'keyturn-http-'))
    try {
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-days',
          '2',
          '-subj',
          '/CN=test',
          '-addext',
          'subjectAltName=IP:127.0.0.1',
          '-keyout',
          'key.pem',
          '-out',
          'ca.pem',
        ],
        { cwd: dir, stdio: 'pipe' },
      )
      const tls = createTlsServer(
        { key: readFileSync(path.join(dir, 'key.pem')), cert: readFileSync(path.join(dir, 'ca.pem')) },
        (_, response) => void response.end('{}'),
      )
      const port = await serve(() => {}, tls as unknown as Server)
      await refresh({ url: `https://127.0.0.1:${port}/`, ca: 'ca.pem' }, { dir })
      expect((await errorOf(refresh({ url: `https://127.0.0.1:${port}/` }))).message).toMatch(
        /failed \((DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)\)$/,
      )
      expect((await errorOf(refresh({ url: `https://127.0.0.1:${port}/`, ca: 'none.pem' }, { dir }))).code).toBe('FILE_UNREADABLE')
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })
})

describe('proof by http', () => {
  it('tells held, other and absent values apart', async () => {
    const [same, old] = [canary(), canary()]
    const port = await serve(prover({ SAME: same, CHANGED: old }))
    const expected = { SAME: same, CHANGED: canary(), ABSENT: canary() }
    const proof = await http.prove?.(contextOf(http, { url: 'http://127.0.0.1:9/', prove: { url: `http://127.0.0.1:${port}/prove?who=me` } }, expected))
    expect(proof?.vars).toEqual({ SAME: printOf(same), CHANGED: OTHER, ABSENT: null })
  })

  it.each([
    ['{"vars": [1]}', 200, 'its answer is no JSON object of variables'],
    ['{}', 200, 'its answer is no JSON object of variables'],
    ['<html>canary-in-the-body</html>', 200, 'its answer is no JSON'],
    ['{"vars": {}}', 503, 'answered 503, expected 200'],
  ])('takes %j with status %d for no proof', async (body, status, message) => {
    const port = await serve((_, response) => response.writeHead(status).end(body))
    const error = await errorOf(
      http.prove?.(contextOf(http, { url: 'http://127.0.0.1:9/', prove: { url: `http://127.0.0.1:${port}/` } }, { A: canary() })) as Promise<unknown>,
    )
    expect(error.message).toBe(`GET http://127.0.0.1:${port}/: ${message}`)
  })
})

describe('the params of http', () => {
  it('say what will be asked', () => {
    const params = http.params.parse({ url: 'https://h:1/reload?key=x' })
    expect([http.describe(params), http.proves(params)]).toEqual(['asks POST https://h:1/reload', false])
  })

  it.each([
    {},
    { url: 'ftp://h/' },
    { url: 'http://user:pass@h/' },
    { url: 'nonsense' },
    { url: 'http://h/', ok: '2xx' },
    { url: 'http://h/', method: 'DELETE' },
  ])('refuse %j', (params) => {
    expect(http.params.safeParse(params).success).toBe(false)
  })

  it('stand in the list with those of exec', () => {
    expect([...CONSUMERS.keys()]).toEqual(expect.arrayContaining(['exec', 'http']))
  })
})
