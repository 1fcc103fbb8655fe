import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { exec } from '../../src/consumers/exec.ts'
import { http } from '../../src/consumers/http.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { canary, expectNoCanary } from '../support/canary.ts'
import { contextOf, errorOf } from './context.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

/** Answers as told; `null`: never. */
async function answering(status: number | null, seen: string[] = []): Promise<number> {
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`)
    if (status !== null) response.writeHead(status).end('{}')
  })
  servers.push(server)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return (server.address() as AddressInfo).port
}

const healthAt = (url: string, params: object = {}, over: object = {}) =>
  http.health?.(contextOf(http, { url, health: { url, ...params }, ...('bearer' in over ? { bearer: 'health' } : {}) }, {}, over))

it('an http endpoint is healthy with a status that is said to be fine, and unhealthy with any other', async () => {
  const seen: string[] = []
  const url = `http://127.0.0.1:${await answering(204, seen)}/health?deep=1`
  expect(await healthAt(url)).toEqual({ state: 'healthy', why: `GET ${url.replace('?deep=1', '')}: answered 204` })
  expect(await healthAt(url, { ok: '200' })).toEqual({ state: 'unhealthy', why: `GET ${url.replace('?deep=1', '')}: answered 204` })
  const down = `http://127.0.0.1:${await answering(503)}/`
  expect(await healthAt(down)).toEqual({ state: 'unhealthy', why: `GET ${down}: answered 503` })
  expect(seen[0]).toBe('GET /health?deep=1 ')
})

it('an http endpoint where nobody answers is starting, as after a restart', async () => {
  const port = await answering(200)
  await new Promise((closed) => servers.pop()?.close(closed))
  expect(await healthAt(`http://127.0.0.1:${port}/`)).toEqual({ state: 'starting', why: `GET http://127.0.0.1:${port}/: failed (ECONNREFUSED)` })
  const silent = await answering(null)
  expect(await healthAt(`http://127.0.0.1:${silent}/`, {}, { timeoutMs: 50 })).toEqual({
    state: 'starting',
    why: `GET http://127.0.0.1:${silent}/: no answer in 0.05 s`,
  })
})

it('an http endpoint that refuses the bearer says nothing of its health', async () => {
  const port = await answering(401)
  const value = canary()
  const secret = async () => [new Sensitive({ value })]
  const error = await errorOf(healthAt(`http://127.0.0.1:${port}/`, {}, { bearer: true, secret }) as Promise<unknown>)
  expect(error).toMatchObject({ code: 'CONSUMER_FAILED', message: `GET http://127.0.0.1:${port}/: refused the bearer (401)` })
  expectNoCanary(JSON.stringify(error), 'the error')
})

it('a command tells by its status: 0 healthy, 75 not up yet, any other unhealthy, with what it said', async () => {
  const told = (health: unknown, expected = {}) => exec.health?.(contextOf(exec, { refresh: ['true'], health }, expected))
  expect(await told(['true'])).toEqual({ state: 'healthy', why: '' })
  expect(await told('exit 75')).toMatchObject({ state: 'starting', why: 'sh -c "exit 75" ended with status 75' })
  const value = canary()
  const health = await told(`echo "key ${value} refused" >&2; exit 1`, { KEY: value })
  expect(health?.state).toBe('unhealthy')
  expect(health?.why).toContain('ended with status 1: key')
  expect(health?.why.slice(health.why.indexOf('status 1'))).not.toContain(value)
  expect(await errorOf(told(['/nowhere/tool']) as Promise<unknown>)).toMatchObject({ code: 'CONSUMER_FAILED' })
})

it('only what has a health to ask is asked', () => {
  const url = 'http://127.0.0.1/'
  expect([http.tells?.(http.params.parse({ url })), http.tells?.(http.params.parse({ url, health: { url } }))]).toEqual([false, true])
  expect([exec.tells?.(exec.params.parse({ refresh: 'true' })), exec.tells?.(exec.params.parse({ refresh: 'true', health: 'true' }))]).toEqual([false, true])
})
