import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type HttpRequest, sendRequest } from '../../src/rotators/http.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { canary, expectNoCanary } from '../support/canary.ts'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const base = (): Omit<HttpRequest, 'url'> => ({
  method: 'GET',
  timeoutMs: 2000,
  signal: new AbortController().signal,
  basic: { user: 'agent', password: new Sensitive(canary()) },
})
async function caught(work: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error as { code: string; message: string; hint: string },
  )
  if (thrown === null) throw new Error('nothing was thrown')
  expectNoCanary(JSON.stringify([thrown, thrown.message, thrown.hint, String(thrown)]), 'an error')
  return thrown
}

test('sends the credential, a body and headers, and gives status, JSON, headers and the server time', async () => {
  const password = canary()
  let seen = {}
  const url = await serve((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      seen = { method: request.method, url: request.url, auth: request.headers.authorization, connection: request.headers.connection, body }
      response.writeHead(201, { 'x-request-id': 'r1', date: 'Sat, 21 Nov 2026 18:00:00 GMT' }).end('{"a":[1]}')
    })
  })
  const dates: string[] = []
  const answer = await sendRequest('test', {
    ...base(),
    method: 'POST',
    url: `${url}/x?y=1`,
    basic: { user: 'agent', password: new Sensitive(password) },
    json: new Sensitive({ n: 1 }),
    serverDate: (date) => dates.push(date.toISOString()),
  })
  expect(seen).toEqual({
    method: 'POST',
    url: '/x?y=1',
    auth: `Basic ${Buffer.from(`agent:${password}`).toString('base64')}`,
    connection: 'close',
    body: '{"n":1}',
  })
  expect([answer.status, answer.body.reveal(), answer.header('X-Request-Id')]).toEqual([201, { a: [1] }, 'r1'])
  expect(String(answer.body)).toBe('[sensitive]')
  expect(dates).toEqual(['2026-11-21T18:00:00.000Z'])
})

test('every request is a connection of its own', async () => {
  const ports = new Set<number | undefined>()
  const url = await serve((request, response) => {
    ports.add(request.socket.remotePort)
    response.end('{}')
  })
  for (let i = 0; i < 3; i++) await sendRequest('test', { ...base(), url })
  expect(ports.size).toBe(3)
})

test('a redirect is not followed', async () => {
  let asked = 0
  const url = await serve((_request, response) => {
    asked++
    response.writeHead(302, { location: 'http://127.0.0.1:1/elsewhere' }).end()
  })
  expect(await caught(sendRequest('test', { ...base(), url }))).toMatchObject({ code: 'PROVIDER_CONFIG', message: expect.stringContaining('redirect (302)') })
  expect(asked).toBe(1)
})

test('what decides nothing is unavailable: silence, a cut answer, no HTTP, nobody there', async () => {
  const silent = await serve(() => {})
  expect(await caught(sendRequest('test', { ...base(), url: silent, timeoutMs: 80 }))).toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
    message: expect.stringContaining('no answer in 80 ms'),
  })
  server?.closeAllConnections()
  const cut = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{')
    setTimeout(() => response.destroy(), 10)
  })
  expect((await caught(sendRequest('test', { ...base(), url: cut }))).code).toBe('PROVIDER_UNAVAILABLE')
  const odd = await serve((request) => request.socket.end('what?\r\n\r\n'))
  expect((await caught(sendRequest('test', { ...base(), url: odd }))).code).toBe('PROVIDER_UNAVAILABLE')
  expect(await caught(sendRequest('test', { ...base(), url: 'http://127.0.0.1:1/' }))).toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
    message: expect.stringContaining('ECONNREFUSED'),
  })
})

test('a body without end is not read to its end', async () => {
  const url = await serve((_request, response) => {
    response.on('error', () => {})
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536))) {}
      response.once('drain', more)
    }
    more()
  })
  expect((await caught(sendRequest('test', { ...base(), url }))).message).toContain('TOO_LARGE')
})

test('an answer that is no JSON is one without a body', async () => {
  const url = await serve((_request, response) => response.writeHead(502).end('<html>'))
  const answer = await sendRequest('test', { ...base(), url })
  expect([answer.status, answer.body.reveal()]).toEqual([502, null])
})

test('a lease that ends stops the request with its own reason', async () => {
  const lease = new AbortController()
  const reason = new Error('the lease ended')
  const url = await serve(() => lease.abort(reason))
  await expect(sendRequest('test', { ...base(), url, signal: lease.signal })).rejects.toBe(reason)
  await expect(sendRequest('test', { ...base(), url, signal: lease.signal })).rejects.toBe(reason)
})

test.each(['nonsense', 'ftp://x/', 'http://user:secret@127.0.0.1/'])('an address that cannot be used is refused without being shown: %s', async (url) => {
  const error = await caught(sendRequest('test', { ...base(), url }))
  expect(error.code).toBe('PROVIDER_CONFIG')
  expect(error.message).not.toContain('secret')
})
