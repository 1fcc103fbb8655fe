import type { IncomingMessage } from 'node:http'
import { KeyturnError } from '../errors.ts'
import { Sensitive } from '../sensitive.ts'
import type { Json } from '../terms.ts'

/**
 * A small HTTP client for rotators. Every request is a login of its own: no connection is kept, no redirect is followed (it
 * would carry the credential elsewhere), nothing of a request or response gets into an error.
 */

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  /** HTTP Basic. */
  readonly basic?: { readonly user: string; readonly password: Sensitive<string> }
  readonly bearer?: Sensitive<string>
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: Sensitive<Json>
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Certificates (PEM) of a private authority, in place of the public ones. */
  readonly ca?: string
  /** Told the server's `Date`. */
  readonly serverDate?: (date: Date) => void
}

export interface HttpResponse {
  readonly status: number
  /** The body as JSON; `null` when it is none. It may hold secrets. */
  readonly body: Sensitive<Json>
  readonly header: (name: string) => string | undefined
}

const LARGEST_BYTES = 4 * 1024 * 1024

/**
 * Sends one request on a connection of its own. `who` begins the messages of errors.
 *
 * PROVIDER_UNAVAILABLE when no whole answer came; PROVIDER_CONFIG for an address that is none and for a redirect. Every status
 * but 3xx is an answer: what it means is the caller's to say. May be repeated as far as the request may.
 */
export async function sendRequest(who: string, request: HttpRequest): Promise<HttpResponse> {
  const url = parseUrl(who, request.url)
  const place = `${url.protocol}//${url.host}`
  const { request: open } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  request.signal.throwIfAborted()
  const payload = request.json === undefined ? undefined : JSON.stringify(request.json.reveal())
  const headers: Record<string, string> = { accept: 'application/json', connection: 'close', ...request.headers }
  if (request.basic) headers.authorization = `Basic ${Buffer.from(`${request.basic.user}:${request.basic.password.reveal()}`).toString('base64')}`
  if (request.bearer) headers.authorization = `Bearer ${request.bearer.reveal()}`
  if (payload !== undefined) {
    headers['content-type'] = 'application/json'
    headers['content-length'] = String(Buffer.byteLength(payload))
  }

  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(request.timeoutMs)])
  let response: { status: number; text: string; headers: IncomingMessage['headers'] }
  try {
    response = await new Promise((resolve, reject) => {
      const sent = open(url, { method: request.method, headers, agent: false, signal, ...(request.ca !== undefined && { ca: request.ca }) }, (incoming) => {
        collect(incoming).then((text) => resolve({ status: incoming.statusCode ?? 0, text, headers: incoming.headers }), reject)
      })
      sent.once('error', reject)
      sent.end(payload)
    })
  } catch (error) {
    request.signal.throwIfAborted()
    throw unavailable(who, place, error, request.timeoutMs)
  }

  const date = Date.parse(response.headers.date ?? '')
  if (!Number.isNaN(date)) request.serverDate?.(new Date(date))
  if (response.status >= 300 && response.status < 400) {
    throw new KeyturnError('PROVIDER_CONFIG', `${who}: ${place} answers with a redirect (${response.status}), which is not followed with a credential`, {
      hint: 'Put the address it redirects to into the rotator.',
    })
  }
  return { status: response.status, body: new Sensitive(parseJson(response.text)), header: (name) => headerOf(response.headers, name) }
}

function parseUrl(who: string, text: string): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '' || url.password !== '') {
    throw new KeyturnError('PROVIDER_CONFIG', `${who}: the address in the rotator is no http or https address, or it holds a user or password`, {
      hint: 'Write it like http://127.0.0.1:8088/ari.',
    })
  }
  return url
}

async function collect(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    size += chunk.length
    if (size > LARGEST_BYTES) throw Object.assign(new Error('too large'), { code: 'TOO_LARGE' })
    chunks.push(chunk)
  }
  if (!incoming.complete) throw Object.assign(new Error('cut short'), { code: 'CUT_SHORT' })
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}

function headerOf(headers: IncomingMessage['headers'], name: string): string | undefined {
  const value = headers[name.toLowerCase()]
  return Array.isArray(value) ? value.join(', ') : value
}

function unavailable(who: string, place: string, error: unknown, timeoutMs: number): KeyturnError {
  const { name, code } = error as { name?: string; code?: string | number }
  const seen = name === 'TimeoutError' || name === 'AbortError' ? `no answer in ${timeoutMs} ms` : typeof code === 'string' ? code : 'no valid HTTP answer'
  return new KeyturnError('PROVIDER_UNAVAILABLE', `${who}: ${place}: ${seen}`, hintFor(code))
}

function hintFor(code: string | number | undefined): { hint?: string } {
  if (code === 'ECONNREFUSED') return { hint: 'Nothing listens there. See that the service runs and that host and port are right.' }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { hint: 'The host name cannot be resolved here. Check it in the rotator.' }
  if (typeof code === 'string' && /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
    return { hint: 'The certificate is not trusted here. Name its authority in the rotator ("ca: FILE").' }
  return {}
}
