import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { openAmi } from '../../../src/rotators/asterisk/ami.ts'
import { type Ari, awaitLogin, tryLogin } from '../../../src/rotators/asterisk/probe.ts'
import { Sensitive } from '../../../src/sensitive.ts'
import { canary } from '../../support/canary.ts'

/** Answers that a real Asterisk cannot be made to give on demand: of its boot, of others in its place, of a session that breaks. */

let server: Server | undefined
afterEach(() => void server?.close())

const listen = async (made: Server): Promise<number> => {
  server = made.listen(0, '127.0.0.1')
  await once(made, 'listening')
  return (made.address() as AddressInfo).port
}
const agent = { user: 'agent', password: new Sensitive(canary()) }

async function ari(...answers: readonly (readonly [number, string])[]): Promise<Ari> {
  let asked = 0
  const port = await listen(
    createHttpServer((_request, response) => {
      const [status, body] = answers[Math.min(asked++, answers.length - 1)] ?? [500, '']
      response.writeHead(status).end(body)
    }),
  )
  return { url: `http://127.0.0.1:${port}/ari`, timeoutMs: 2000, signal: new AbortController().signal, serverDate: () => {} }
}
const REFUSED = [401, '{"message":"Authentication required"}'] as const
const ACCEPTED = [200, '{"status":{}}'] as const
const BOOTING = [503, '{"message":"Asterisk not booted"}'] as const

test.each([
  ['accepted', ACCEPTED, 'accepted'],
  ['refused', REFUSED, 'refused'],
  ['accepted but kept out', [403, '{"message":"Access denied by ACL"}'] as const, 'restricted'],
])('a login is %s', async (_what, answer, login) => {
  expect(await tryLogin(await ari(answer), agent)).toMatchObject({ login })
})

test.each([
  ['booting', BOOTING, 'PROVIDER_UNAVAILABLE', 'still booting'],
  ['ARI off', [404, '<html>'] as const, 'PROVIDER_CONFIG', 'ARI is off'],
  ['ARI without [general]', [500, ''] as const, 'PROVIDER_CONFIG', 'ARI is off'],
  ['a 401 of another server', [401, '<html>'] as const, 'PROVIDER_UNAVAILABLE', 'answered 401, which decides nothing'],
  ['a 200 of another server', [200, '<html>'] as const, 'PROVIDER_CONFIG', 'it is not ARI'],
  ['a proxy', [502, ''] as const, 'PROVIDER_UNAVAILABLE', 'answered 502'],
])('%s is no verdict', async (_what, answer, code, message) => {
  await expect(tryLogin(await ari(answer), agent)).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
})

test('a login is looked for again until it is as wanted, through a boot too', async () => {
  expect(await awaitLogin(await ari(REFUSED, BOOTING, ACCEPTED), agent, 'accepted')).toEqual({ login: 'accepted' })
  expect(await awaitLogin(await ari(ACCEPTED, ACCEPTED, REFUSED), agent, 'refused')).toEqual({ login: 'refused' })
  expect(await awaitLogin(await ari(REFUSED), agent, 'accepted')).toEqual({ login: 'refused' })
  await expect(awaitLogin(await ari(BOOTING), agent, 'accepted')).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' })
})

/** A manager that answers each action with what this gives for its text; `null` closes the connection. */
async function ami(answer: (action: string) => string | null) {
  const port = await listen(
    createServer((socket) => {
      let buffer = ''
      socket.on('error', () => {})
      socket.write('Asterisk Call Manager/11.0.0\r\n')
      socket.on('data', (data) => {
        buffer += data
        for (let end = buffer.indexOf('\r\n\r\n'); end !== -1; end = buffer.indexOf('\r\n\r\n')) {
          const action = buffer.slice(0, end)
          buffer = buffer.slice(end + 4)
          const text = answer(action)
          if (text === null) socket.destroy()
          else socket.write(text.replace('%id%', /ActionID: (.*)/.exec(action)?.[1] ?? ''))
        }
      })
    }),
  )
  return { host: '127.0.0.1', port, user: 'rotator', timeoutMs: 300, signal: new AbortController().signal }
}
const OK = 'Response: Success\r\nActionID: %id%\r\nMessage: fine\r\n\r\n'
const DENIED = 'Response: Error\r\nActionID: %id%\r\nMessage: Authentication failed\r\n\r\n'

test('AMI events and answers to others in between are passed over', async () => {
  const noise = 'Event: FullyBooted\r\nActionID: other\r\n\r\nResponse: Error\r\nActionID: other\r\nMessage: no\r\n\r\n'
  const session = await openAmi(await ami(() => noise + OK), [new Sensitive(canary())])
  expect(await session.act({ Action: 'Ping' })).toMatchObject({ success: true, message: 'fine' })
  await expect(session.act({ Action: 'Ping\r\nAction: Evil' })).rejects.toMatchObject({ code: 'VALUE_REFUSED' })
  session.close()
})

test('the admin password before is tried after the newest, and none at all is no verdict on the rotated one', async () => {
  const [fresh, former] = [new Sensitive(canary()), new Sensitive(canary())]
  const manager = await ami((action) => (action.includes(former.reveal()) ? OK : DENIED))
  const session = await openAmi(manager, [fresh, former])
  session.close()
  await expect(openAmi(manager, [fresh])).rejects.toMatchObject({ code: 'ADMIN_REJECTED' })
})

test('an AMI session that breaks, is silent or is stopped decides nothing', async () => {
  await expect(openAmi(await ami(() => null), [new Sensitive(canary())])).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' })
  await expect(openAmi(await ami(() => ''), [new Sensitive(canary())])).rejects.toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
    message: expect.stringContaining('no answer in 300 ms'),
  })
  const lease = new AbortController()
  const manager = await ami(() => {
    lease.abort(new Error('the lease ended'))
    return ''
  })
  await expect(openAmi({ ...manager, signal: lease.signal }, [new Sensitive(canary())])).rejects.toThrow('the lease ended')
})
