import { createServer as createHttpServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'

/**
 * What happens to one request on its way.
 *
 * `delay`: it is passed on after `work` is done (no timer: the test says when). `status`: answered with this and passed on to nobody.
 * `body`: the same with another body. `cut`: passed on, and the connection ends after so many bytes of the answer. `half-open`: passed on,
 * and nothing ever comes back. `reset`: passed on, and the connection is reset in place of an answer. `refuse`: reset, and passed on to nobody.
 * `twice`: passed on twice, the second answer comes back.
 */
export type Fault =
  | { readonly kind: 'delay'; readonly work: () => Promise<void> }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | { readonly kind: 'cut'; readonly bytes: number }
  | { readonly kind: 'half-open' | 'reset' | 'refuse' | 'twice' }

/** A request as it is seen before it is passed on. */
export interface Passing {
  /** 1, 2, 3 ... of all requests. */
  readonly number: number
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
}

/** Stands before any HTTP server and spoils what it is told to; everything else goes through as it is. */
export interface FaultProxy {
  /** The address to use in place of the server's. */
  readonly url: string
  /** Requests that came in, spoiled or not. */
  readonly requests: () => number
  /** Connections that were made to it: fewer than requests where they are kept. */
  readonly connections: () => number
  /** What happens to each request from now on; `null` for nothing. Replaces the former. */
  spoil(choose: (passing: Passing) => Fault | null): void
  /** Nothing is spoiled any more. */
  heal(): void
  [Symbol.asyncDispose](): Promise<void>
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** `target`: the address of the server, such as `http://127.0.0.1:8200`. The `Host` header is passed on as it came, so that signatures stay right. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let choose: (passing: Passing) => Fault | null = () => null
  let number = 0
  let connections = 0

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await wholeOf(request)
    const { method = 'GET', url = '/', headers } = request
    number += 1
    const fault = choose({ number, method, url, headers })
    const pass = () => forward(target, { method, url, headers, body })
    switch (fault?.kind) {
      case 'status':
        response.writeHead(fault.status, fault.headers)
        response.end(fault.body ?? '')
        return
      case 'refuse':
        reset(request.socket)
        return
      case 'reset':
        await pass()
        reset(request.socket)
        return
      case 'half-open':
        await pass()
        return
      case 'cut': {
        const answer = await pass()
        // The length is told as it was, so that the reader waits for more than it gets.
        response.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) })
        response.flushHeaders()
        response.write(answer.body.subarray(0, fault.bytes), () => request.socket.destroy())
        return
      }
      case 'twice':
        await pass()
        break
      case 'delay':
        await fault.work()
        break
    }
    const answer = await pass()
    response.writeHead(answer.status, answer.headers)
    response.end(answer.body)
  }

  const server = createHttpServer((request, response) => {
    handle(request, response).catch(() => reset(request.socket))
  })
  server.on('connection', () => {
    connections += 1
  })
  await listening(server)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => number,
    connections: () => connections,
    spoil: (how) => {
      choose = how
    },
    heal: () => {
      choose = () => null
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Fault for the first `times` requests for which `matches` holds. */
export function first(times: number, fault: Fault, matches: (passing: Passing) => boolean = () => true): (passing: Passing) => Fault | null {
  let left = times
  return (passing) => {
    if (left === 0 || !matches(passing)) return null
    left -= 1
    return fault
  }
}

function forward(target: string, { method, url, headers, body }: Omit<Passing, 'number'> & { readonly body: Buffer }): Promise<Answer> {
  const { hostname, port } = new URL(target)
  const { connection: _connection, 'transfer-encoding': _encoding, expect: _expect, ...passed } = headers
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { hostname, port, method, path: url, agent: false, headers: { ...passed, ...(body.length > 0 && { 'content-length': String(body.length) }) } },
      (answer) => {
        const { connection: _kept, 'transfer-encoding': _chunked, 'keep-alive': _alive, ...back } = answer.headers
        wholeOf(answer).then((whole) => resolve({ status: answer.statusCode ?? 502, headers: back, body: whole }), reject)
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

async function wholeOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function reset(socket: Socket): void {
  socket.resetAndDestroy()
}

const listening = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
