import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { type Fault, first, startFaultProxy } from './fault-proxy.ts'

async function standing() {
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    bodies.push(`${request.method} ${request.url} ${request.headers.host} ${body}`)
    response.writeHead(200, { 'x-mark': 'server' })
    response.end('0123456789')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy = await startFaultProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(async () => {
    await proxy[Symbol.asyncDispose]()
    server.closeAllConnections()
    server.close()
  })
  const ask = (signal?: AbortSignal) => fetch(`${proxy.url}/a?b=1`, { method: 'POST', body: 'hello', redirect: 'manual', ...(signal && { signal }) })
  return { bodies, proxy, ask }
}

test('passes on what it is not told to spoil, with the host that was asked for', async () => {
  const { bodies, proxy, ask } = await standing()
  const answer = await ask()
  expect([answer.status, answer.headers.get('x-mark'), await answer.text()]).toEqual([200, 'server', '0123456789'])
  expect(bodies).toEqual([`POST /a?b=1 ${new URL(proxy.url).host} hello`])
  expect([proxy.requests(), proxy.connections()]).toEqual([1, 1])
})

test('answers in place of the server', async () => {
  const { bodies, proxy, ask } = await standing()
  proxy.spoil(first(1, { kind: 'status', status: 429, headers: { 'retry-after': '7' }, body: 'slow down' }))
  const answer = await ask()
  expect([answer.status, answer.headers.get('retry-after'), await answer.text()]).toEqual([429, '7', 'slow down'])
  expect(bodies).toEqual([])
  expect(await (await ask()).text()).toBe('0123456789')
})

test.each<[Fault['kind'], Fault, number]>([
  ['cut', { kind: 'cut', bytes: 4 }, 1],
  ['reset', { kind: 'reset' }, 1],
  ['refuse', { kind: 'refuse' }, 0],
])('%s ends the connection, and the server has seen what it has seen', async (_, fault, seen) => {
  const { bodies, proxy, ask } = await standing()
  proxy.spoil(() => fault)
  await expect(ask().then((answer) => answer.text())).rejects.toThrow()
  expect(bodies).toHaveLength(seen)
  proxy.heal()
  expect(await (await ask()).text()).toBe('0123456789')
})

test('never comes back where it is half open', async () => {
  const { bodies, proxy, ask } = await standing()
  proxy.spoil(() => ({ kind: 'half-open' }))
  const giveUp = new AbortController()
  const asking = ask(giveUp.signal)
  await expect.poll(() => bodies.length, { timeout: 20_000 }).toBe(1)
  giveUp.abort()
  await expect(asking).rejects.toThrow()
})

test('passes on twice, and after something else', async () => {
  const { bodies, proxy, ask } = await standing()
  proxy.spoil(() => ({ kind: 'twice' }))
  expect(await (await ask()).text()).toBe('0123456789')
  expect(bodies).toHaveLength(2)
  proxy.spoil(() => ({ kind: 'delay', work: async () => void bodies.push('before') }))
  await ask()
  expect(bodies.slice(2)).toEqual(['before', expect.stringContaining('POST')])
})
