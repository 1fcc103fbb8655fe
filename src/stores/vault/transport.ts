import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent as PlainAgent, request as plainRequest } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { createSecureContext } from 'node:tls'

/**
 * Requests over kept connections. What node-vault's own transport does wrong is done here: no redirect is followed, no proxy of the
 * environment is used, TLS is always verified, every answer has a time and a size, a signal ends it, and no error holds anything of a
 * request or an answer.
 */

export interface Sent {
  readonly method: string
  /** Path and query, encoded. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What came back, whatever its status. `text` and `body` may hold secrets. */
export interface Reply {
  readonly status: number
  /** Parsed; `undefined` for no body, or one that is no JSON. */
  readonly body: unknown
  readonly text: string
  /** Of `text`, as the server calls it; empty where it says nothing. */
  readonly type: string
  readonly retryAfter: string | undefined
  /** Of Vault Enterprise: the state that a later request must see. */
  readonly index: string | undefined
}

/** Why no answer came. */
export type SilenceKind = 'refused' | 'unknown-host' | 'timeout' | 'cut' | 'tls' | 'too-large' | 'aborted'

/** No whole answer. Holds a kind and Node's code, and nothing that was sent or received. */
export class Silence extends Error {
  readonly kind: SilenceKind
  readonly code: string
  /** Nothing reached the server, or only a connection that it had closed before. */
  readonly unsent: boolean

  constructor(kind: SilenceKind, code: string, unsent: boolean) {
    super(`no answer (${kind})`)
    this.name = 'Silence'
    this.kind = kind
    this.code = code
    this.unsent = unsent
  }
}

export interface TransportOptions {
  readonly address: URL
  readonly timeoutMs: number
  /** Certificates that are trusted instead of the system's. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** Connections at a time; further requests wait for one. */
  readonly connections: number
}

export interface Transport {
  send(sent: Sent): Promise<Reply>
  close(): void
}

/** Vault takes 32 MB and answers with little more. */
const LARGEST = 40 * 1024 * 1024

export function openTransport({ address, timeoutMs, connections, ...tls }: TransportOptions): Transport {
  const secure = address.protocol === 'https:'
  const keeping = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections, scheduling: 'lifo' as const }
  // Whole contexts: a bare key would become part of the agent's name for a connection, which NODE_DEBUG=http prints.
  const agent = secure ? new TlsAgent({ ...keeping, secureContext: createSecureContext(tls), rejectUnauthorized: true }) : new PlainAgent(keeping)
  const host = address.hostname.replace(/^\[|\]$/g, '')
  const base = address.pathname.replace(/\/+$/, '')

  return {
    send({ method, path, headers, body, signal }) {
      return new Promise<Reply>((resolve, reject) => {
        if (signal?.aborted) return reject(new Silence('aborted', 'ABORTED', true))
        const open: (options: object) => ClientRequest = secure ? tlsRequest : plainRequest
        const sent = open({ method, host, port: address.port || (secure ? 443 : 80), path: base + path, agent })
        let why: Silence | null = null
        const give = (kind: SilenceKind) => {
          why ??= new Silence(kind, kind.toUpperCase(), false)
          sent.destroy()
        }
        const timer = setTimeout(() => give('timeout'), timeoutMs)
        const abort = () => give('aborted')
        signal?.addEventListener('abort', abort, { once: true })
        const done = () => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', abort)
        }
        const fail = (error: NodeJS.ErrnoException) => {
          done()
          reject(why ?? silenceOf(error, sent.reusedSocket))
        }
        // Set one by one: headers given to the constructor travel in the options that NODE_DEBUG=http prints.
        for (const [name, value] of Object.entries(headers)) sent.setHeader(name, value)
        if (body !== undefined) sent.setHeader('content-length', Buffer.byteLength(body))
        sent.on('error', fail)
        sent.on('response', (incoming) => {
          read(incoming, () => give('too-large')).then((text) => {
            done()
            resolve(replyOf(incoming, text))
          }, fail)
        })
        sent.end(body)
      })
    },
    close: () => agent.destroy(),
  }
}

async function read(incoming: IncomingMessage, tooLarge: () => void): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  // An iterator would also end without an error where a connection was cut between two chunks.
  await new Promise<void>((resolve, reject) => {
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > LARGEST) tooLarge()
      else chunks.push(chunk)
    })
    incoming.on('end', () => (incoming.complete ? resolve() : reject(new Silence('cut', 'INCOMPLETE', false))))
    incoming.on('error', reject)
    incoming.on('aborted', () => reject(new Silence('cut', 'INCOMPLETE', false)))
  })
  return Buffer.concat(chunks).toString('utf8')
}

function replyOf(incoming: IncomingMessage, text: string): Reply {
  let body: unknown
  try {
    if (text !== '') body = JSON.parse(text)
  } catch {
    // The parser's error quotes what it read.
  }
  const one = (name: string) => {
    const value = incoming.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  const type = /^[\w.+-]+\/[\w.+-]+/.exec(one('content-type') ?? '')?.[0] ?? ''
  return { status: incoming.statusCode ?? 0, body, text, type, retryAfter: one('retry-after'), index: one('x-vault-index') }
}

const UNREACHED: Readonly<Record<string, SilenceKind>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  ENOENT: 'refused',
  ENOTFOUND: 'unknown-host',
  EAI_AGAIN: 'unknown-host',
}

function silenceOf(error: NodeJS.ErrnoException, reused: boolean): Silence {
  if (error instanceof Silence) return error
  // `localhost` is tried as several addresses.
  const inner = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined) : error
  const code = /^[A-Z0-9_]{2,60}$/.test(inner?.code ?? '') ? String(inner?.code) : 'UNKNOWN'
  const kind = UNREACHED[code]
  if (kind) return new Silence(kind, code, true)
  if (/CERT|SSL|TLS|UNABLE_TO_VERIFY|SELF_SIGNED|ALTNAME/.test(code)) return new Silence('tls', code, true)
  // A server may close a kept connection while we take it; it then has not read the request.
  return new Silence('cut', code, reused && (code === 'ECONNRESET' || code === 'EPIPE'))
}
