import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import path from 'node:path'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { Sensitive } from '../../src/sensitive.ts'
import { openTransport } from '../../src/stores/vault/transport.ts'
import { makeCertificates } from '../servers/certificates.ts'
import { canary, expectNoCanary } from '../support/canary.ts'
import { temporaryFolder } from './local-fixture.ts'
import { failure, openAt, shown, vaultServer } from './vault-fixture.ts'

/** What node-vault does wrong by itself (docs/decisions/0001-dependencies.md), each of which must not happen here. */

const PATH = 'demo/production/openai'
const before = { ...process.env }
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
  Object.assign(process.env, before)
})

const put = (store: Awaited<ReturnType<typeof openAt>>, at = PATH) =>
  store.put(at, { token: 'kt_demo.openai.1', fields: new Sensitive({ value: canary() }), handle: null })

describe('errors', () => {
  it('hold neither token nor value when the network fails, in any way of printing them', async () => {
    const server = await vaultServer()
    const store = await openAt(server.address, server.rootToken)
    await put(store)
    for (const fault of [
      { status: 200, raw: '', cut: 0 },
      { status: 500, raw: `boom ${canary()}` },
    ]) {
      server.intercept = () => fault
      const error = await failure(put(store, 'demo/other'))
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' })
      expectNoCanary(shown(error), 'the error')
    }
    await server.close()
    expectNoCanary(shown(await failure(put(store, 'demo/other'))), 'the error')
  })

  it('never are node-vault’s', async () => {
    const server = await vaultServer()
    const store = await openAt(server.address, server.rootToken)
    server.intercept = () => ({ status: 418, body: { errors: [`teapot ${canary()}`] } })
    const error = await failure(store.read([PATH]))
    expect(error.name).toBe('KeyturnError')
    expect(Object.keys(error)).not.toContain('response')
    expectNoCanary(shown(error), 'the error')
  })
})

describe('the environment', () => {
  it('brings no proxy, token, namespace, prefix or address', async () => {
    const [server, elsewhere] = [await vaultServer(), await vaultServer()]
    const store = await openAt(server.address, server.rootToken)
    Object.assign(process.env, { HTTP_PROXY: elsewhere.address, http_proxy: elsewhere.address, HTTPS_PROXY: elsewhere.address, ALL_PROXY: elsewhere.address })
    Object.assign(process.env, { VAULT_ADDR: elsewhere.address, VAULT_TOKEN: 'other', VAULT_NAMESPACE: 'other', VAULT_PREFIX: '/other' })
    const fresh = await openAt(server.address, server.rootToken)
    await put(store)
    expect(await fresh.versions(PATH)).toHaveLength(1)
    expect(elsewhere.log).toEqual([])
  })

  it('does not turn the checking of certificates off, whatever VAULT_SKIP_VERIFY says', async () => {
    const { server: pair } = makeCertificates()
    const server = await vaultServer({ tls: pair })
    for (const value of ['false', 'true', '1']) {
      process.env.VAULT_SKIP_VERIFY = value
      const error = await failure((await openAt(server.address, server.rootToken)).read([PATH]))
      expect(error.message).toMatch(/certificate is not trusted \([A-Z_]+\)$/)
      expect(error.hint).toContain('"ca"')
    }
    expect(server.log).toEqual([])
  })
})

describe('a redirect', () => {
  it('is not followed, so the token goes to nobody else', async () => {
    const [server, elsewhere] = [await vaultServer(), await vaultServer()]
    const store = await openAt(server.address, server.rootToken)
    for (const status of [301, 302, 303, 307, 308]) {
      server.intercept = (call) => (call.path === 'sys/health' ? null : { status, headers: { location: `${elsewhere.address}/v1/secret/data/x` } })
      expect((await failure(store.read([PATH]))).message).toContain(`redirect (${status})`)
    }
    expect(elsewhere.log).toEqual([])
  })
})

describe('a path', () => {
  it('is one place, whatever stands in it', async () => {
    const server = await vaultServer()
    const store = await openAt(server.address, server.rootToken)
    const odd = ['demo/a?version=1', 'demo/a#b', 'demo/a&#x2F;b', 'demo/a%2e%2e', 'demo/a', 'demo/a;b', 'demo/a\\b', 'demo/{{a}}']
    for (const at of odd) await put(store, at)
    for (const at of odd) expect(await store.versions(at)).toHaveLength(1)
    const written = server.log
      .filter((line) => /^POST .*\/data\//.test(line))
      .map((line) => line.replace(/^POST secret\/data\/.keyturn\/kt_demo\/versions\/(.*)\/[^/]* 200$/, '$1'))
    expect(written).toEqual(odd)
  })

  it.each(['..', 'a/../b', 'a//b', '/a', 'a/', '', '.', 'a\u0000b', 'a\nb', ' a', 'a/b '])('%j is refused before anything is sent', async (at) => {
    const server = await vaultServer()
    const store = await openAt(server.address, server.rootToken)
    await store.read([])
    const sent = server.log.length
    for (const work of [() => put(store, at), () => store.read([at]), () => store.versions(at), () => store.drop(at, 't'), () => store.withdraw(at, ['a'])]) {
      expect(await failure(work())).toMatchObject({ code: 'CONFIG_INVALID' })
    }
    expect(server.log).toHaveLength(sent)
  })
})

describe('connections', () => {
  it('are kept: one for requests one after another, sixteen for any number at once', async () => {
    const certificates = makeCertificates()
    const dir = temporaryFolder()
    writeFileSync(path.join(dir, 'ca.pem'), certificates.ca)
    for (const tls of [undefined, certificates.server]) {
      const server = await vaultServer(tls && { tls })
      const store = await openAt(server.address, server.rootToken, { dir, params: tls ? { ca: 'ca.pem' } : {} })
      for (let n = 0; n < 40; n++) await store.read([PATH])
      // The token is looked up beside them.
      expect(server.connections).toBeLessThanOrEqual(2)
      await store.read(Array.from({ length: 300 }, (_, n) => `demo/many/${n}`))
      await store.read(Array.from({ length: 300 }, (_, n) => `demo/more/${n}`))
      expect(server.connections).toBeLessThanOrEqual(17)
      expect(server.log.length).toBeGreaterThan(600)
    }
  })

  it('with a certificate of our own are those of a server that asks for one', async () => {
    const certificates = makeCertificates()
    const dir = temporaryFolder()
    const files = { 'ca.pem': certificates.ca, 'cert.pem': certificates.client.cert, 'key.pem': certificates.client.key, 'not.pem': 'CANARY-not-a-key' }
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(dir, name), text)
    const server = await vaultServer({ tls: { ...certificates.server, ca: certificates.ca, requestCert: true, rejectUnauthorized: true } })
    const open = (params: object) => openAt(server.address, server.rootToken, { dir, params: { ca: 'ca.pem', ...params } })
    expect((await (await open({ cert: 'cert.pem', key: 'key.pem' })).read([PATH])).size).toBe(0)
    expect(await failure((await open({})).read([PATH]))).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    const error = await failure(open({ cert: 'cert.pem', key: 'not.pem' }))
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
    expectNoCanary(shown(error), 'the error')
    expect(await failure(open({ cert: 'cert.pem', key: 'missing.pem' }))).toMatchObject({ code: 'FILE_UNREADABLE' })
  })

  it('on which a second answer comes are not used again: it would be the answer to another question', async () => {
    const answer = (text: string) => `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length + 2}\r\n\r\n"${text}"`
    for (const apart of [false, true]) {
      let asked = 0
      const sockets: Socket[] = []
      const server = createServer((socket) => {
        sockets.push(socket)
        socket.on('error', () => {})
        socket.on('data', () => {
          asked += 1
          const extra = asked === 1 ? answer('of nobody') : ''
          if (!apart) socket.write(answer(`number ${asked}`) + extra)
          else socket.write(answer(`number ${asked}`), () => setImmediate(() => socket.write(extra)))
        })
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      onTestFinished(() => {
        for (const socket of sockets) socket.destroy()
        server.close()
      })
      const address = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      const transport = openTransport({ address, timeoutMs: 2000, connections: 1 })
      const ask = () => transport.send({ method: 'GET', path: '/', headers: {} })
      expect((await ask()).body).toBe('number 1')
      // Time for the second one to arrive.
      for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve))
      expect((await ask()).body).toBe('number 2')
      expect((await ask()).body).toBe('number 3')
      transport.close()
    }
  })

  it('give up an answer that is larger than any of Vault', async () => {
    const server = await vaultServer()
    const store = await openAt(server.address, server.rootToken)
    await store.read([PATH])
    server.intercept = () => ({ status: 200, raw: ' '.repeat(41 * 1024 * 1024) })
    expect((await failure(store.read([PATH]))).message).toMatch(/the answer is larger than Vault’s can be$/)
  })
})

describe('a token', () => {
  it('that replaced another is the one that is sent', async () => {
    const server = await vaultServer()
    const policy = 'path "secret/*" { capabilities = ["read"] }'
    const [first, second] = [server.tokens.make({ policy }), server.tokens.make({ policy })]
    const env: Record<string, string> = { VAULT_TOKEN: first }
    const store = await openAt(server.address, '', { env })
    await store.read([PATH])
    env.VAULT_TOKEN = second
    server.tokens.revoke(first)
    const sent: (string | null)[] = []
    server.intercept = (call) => {
      if (call.path.startsWith('secret/')) sent.push(call.token)
      return null
    }
    await store.read([PATH])
    await store.read([PATH])
    expect(sent.map((token) => (token === first ? 'first' : token === second ? 'second' : 'other'))).toEqual(['first', 'second', 'second'])
  })
})
