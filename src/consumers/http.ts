import { readFile } from 'node:fs/promises'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { resolve } from 'node:path'
import * as z from 'zod'
import { fromFileSystem, KeyturnError } from '../errors.ts'
import type { Consumer, ConsumerContext } from '../ports.ts'
import type { Sensitive } from '../sensitive.ts'
import type { Fields, Millis } from '../terms.ts'
import { judgeAnswer, makeChallenge } from './challenge.ts'
import { ended } from './program.ts'

const address = z
  .url({ protocol: /^https?$/, error: 'is no http or https address' })
  .refine(
    (text) => !URL.canParse(text) || (new URL(text).username === '' && new URL(text).password === ''),
    'user name and password do not belong into an address; use bearer',
  )

const statuses = () =>
  z
    .string()
    .regex(/^[2-5]\d\d(-[2-5]\d\d)?$/, 'is no status such as 204, and no range such as 200-299')
    .default('200-299')

const params = z.strictObject({
  url: address.describe('Asked to read the file again.'),
  method: z.enum(['POST', 'PUT', 'GET', 'PATCH']).default('POST'),
  bearer: z
    .string()
    .min(1)
    .optional()
    .describe('Secret whose value is sent as bearer token, as NAME or NAME.FIELD. After a rotation of it the previous value is tried as well.'),
  ok: statuses().describe('Statuses that mean success.'),
  ca: z.string().min(1).optional().describe('PEM file of the authority that signed the certificate.'),
  prove: z.strictObject({ url: address }).optional().describe('Answers a challenge, see docs/consumers.md. Without it nothing is proved.'),
  health: z
    .strictObject({ url: address, ok: statuses().describe('Statuses that mean healthy.') })
    .optional()
    .describe('Asked by GET before a new value and for the probation after it. Without it nobody knows whether the consumer fell ill.'),
})

type Params = z.infer<typeof params>

/** Consumer `http`: one request refreshes, another one proves. The contract is in docs/consumers.md. */
export const http: Consumer<Params> = {
  kind: 'http',
  params,
  describe: ({ method, url }) => `asks ${method} ${placeOf(new URL(url))}`,
  effect: () => 'request',
  proves: ({ prove }) => prove !== undefined,
  async ready(ctx) {
    await bearersOf(ctx)
    await authority(ctx)
  },
  async refresh(ctx) {
    const { method, ok } = ctx.params
    const url = new URL(ctx.params.url)
    const { status } = await ask(ctx, method, url)
    if (!isOneOf(ok, status)) throw failed(method, url, `answered ${status}, expected ${ok}`)
  },
  async prove(ctx) {
    if (!ctx.params.prove) return { vars: {} }
    const challenge = makeChallenge(ctx)
    const url = new URL(ctx.params.prove.url)
    url.searchParams.set('nonce', challenge.nonce)
    url.searchParams.set('vars', challenge.vars.join(','))
    const { status, body } = await ask(ctx, 'GET', url)
    if (status !== 200) throw failed('GET', url, `answered ${status}, expected 200`)
    return judgeAnswer(ctx, challenge, varsOf(body, url), `GET ${placeOf(url)}`)
  },
  tells: ({ health }) => health !== undefined,
  async health(ctx) {
    if (!ctx.params.health) return { state: 'unknown', why: 'it has no health to ask' }
    const { ok } = ctx.params.health
    const url = new URL(ctx.params.health.url)
    const answer = await tryAsk(ctx, 'GET', url, Math.min(ctx.timeoutMs, HEALTH_MS))
    // As after a restart. One that hangs is not healthy by the end of its probation either.
    if ('silence' in answer) return { state: 'starting', why: `GET ${placeOf(url)}: ${answer.silence}` }
    return { state: isOneOf(ok, answer.status) ? 'healthy' : 'unhealthy', why: `GET ${placeOf(url)}: answered ${answer.status}` }
  },
}

/** A program that does not tell its health for so long is not well. */
const HEALTH_MS = 10_000

function isOneOf(statuses: string, status: number): boolean {
  const [from = 200, to = from] = statuses.split('-').map(Number)
  return status >= from && status <= to
}

/** Nobody answered: not reachable, or not in time. */
interface Silence {
  readonly silence: string
}

interface Answer {
  readonly status: number
  readonly body: Buffer
}

// A consumer that was not restarted yet still knows the previous value only.
async function ask(ctx: ConsumerContext<Params>, method: string, url: URL): Promise<Answer> {
  const answer = await tryAsk(ctx, method, url, ctx.timeoutMs)
  if ('silence' in answer) throw failed(method, url, answer.silence)
  return answer
}

async function tryAsk(ctx: ConsumerContext<Params>, method: string, url: URL, timeoutMs: Millis): Promise<Answer | Silence> {
  const bearers = await bearersOf(ctx)
  const ca = await authority(ctx)
  for (const [i, bearer] of bearers.entries()) {
    const answer = await request(ctx, method, url, bearer, { ca, timeoutMs })
    if ('silence' in answer) return answer
    if ((answer.status === 401 || answer.status === 403) && bearer !== null) {
      if (i < bearers.length - 1) continue
      throw failed(method, url, `refused ${bearers.length === 1 ? 'the bearer' : 'the bearer, both the new and the previous one'} (${answer.status})`)
    }
    if (answer.status >= 300 && answer.status < 400) throw failed(method, url, `answered with a redirect (${answer.status}), which is not followed`)
    return answer
  }
  throw failed(method, url, 'was not asked')
}

async function bearersOf(ctx: ConsumerContext<Params>): Promise<readonly (Sensitive<string> | null)[]> {
  const { bearer } = ctx.params
  if (bearer === undefined) return [null]
  const dot = bearer.lastIndexOf('.')
  const [name, field] = dot < 0 ? [bearer, null] : [bearer.slice(0, dot), bearer.slice(dot + 1)]
  const values = (await ctx.secret(name)).map((fields) => oneField(fields, name, field))
  if (values.length === 0) throw new KeyturnError('VALUE_MISSING', `http: the bearer secret "${name}" has no value`)
  return values
}

function oneField(fields: Sensitive<Fields>, name: string, field: string | null): Sensitive<string> {
  return fields.map((all) => {
    const names = Object.keys(all)
    const wanted = field ?? (names.length === 1 ? names[0] : undefined)
    const value = wanted !== undefined && Object.hasOwn(all, wanted) ? all[wanted] : undefined
    if (value === undefined) throw new KeyturnError('CONSUMER_FAILED', `http: write the bearer as NAME.FIELD; "${name}" has ${names.join(', ')}`)
    // Node would put the text into its own error.
    if (!/^[\x20-\x7e]+$/.test(value)) throw new KeyturnError('CONSUMER_FAILED', `http: the bearer "${name}" holds characters that no header can carry`)
    return value
  })
}

async function authority(ctx: ConsumerContext<Params>): Promise<Buffer | undefined> {
  if (ctx.params.ca === undefined) return undefined
  const file = resolve(ctx.dir, ctx.params.ca)
  try {
    return await readFile(file)
  } catch (error) {
    throw fromFileSystem(error, 'read', file)
  }
}

/** 1 MB: an answer is one line a variable. */
const MAX_BODY = 1024 * 1024

async function request(
  ctx: ConsumerContext<Params>,
  method: string,
  url: URL,
  bearer: Sensitive<string> | null,
  { ca, timeoutMs }: { readonly ca: Buffer | undefined; readonly timeoutMs: Millis },
): Promise<Answer | Silence> {
  const { request: send } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  if (ctx.signal.aborted) throw ended(ctx.signal, `${method} ${placeOf(url)}`)
  const timeout = AbortSignal.timeout(timeoutMs)
  const options: RequestOptions & { ca?: Buffer } = {
    method,
    // A connection of its own: nothing of an earlier answer or of another host's agent is used again.
    agent: false,
    signal: AbortSignal.any([ctx.signal, timeout]),
    headers: { accept: 'application/json', ...(method !== 'GET' && { 'content-length': '0' }), ...(bearer && { authorization: `Bearer ${bearer.reveal()}` }) },
    ...(ca && { ca }),
  }
  try {
    return await new Promise<Answer>((done, fail) => {
      const sent = send(url, options, (response) => readAnswer(response).then(done, fail))
      sent.on('error', fail)
      sent.end()
    })
  } catch (error) {
    if (ctx.signal.aborted) throw ended(ctx.signal, `${method} ${placeOf(url)}`)
    if (timeout.aborted) return { silence: `no answer in ${timeoutMs / 1000} s` }
    if (error instanceof TooLong) throw failed(method, url, 'its answer is larger than 1 MB')
    return { silence: `failed (${codeOf(error)})` }
  }
}

class TooLong extends Error {}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY) throw new TooLong()
    chunks.push(chunk)
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) }
}

function varsOf(body: Buffer, url: URL): unknown {
  try {
    return (JSON.parse(body.toString()) as { readonly vars?: unknown } | null)?.vars
  } catch {
    throw failed('GET', url, 'its answer is no JSON')
  }
}

/** Without query: it holds the nonce, and may hold what the user put there. */
const placeOf = (url: URL): string => `${url.origin}${url.pathname}`
const failed = (method: string, url: URL, what: string): KeyturnError => new KeyturnError('CONSUMER_FAILED', `${method} ${placeOf(url)}: ${what}`)
// Only the code: messages of the HTTP parser may quote what was sent.
const codeOf = (error: unknown): string => {
  const code = (error as NodeJS.ErrnoException | null)?.code
  return typeof code === 'string' ? code : 'no code'
}
