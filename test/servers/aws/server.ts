import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../../src/ports.ts'
import { type Policy, requireAllowed } from './iam.ts'
import { type Input, OPERATIONS } from './operations.ts'
import { Refusal } from './refusal.ts'
import { type Signer, verifySignature } from './sigv4.ts'
import { makeState, type State, type StoredSecret } from './state.ts'

export interface SecretsManagerOptions {
  readonly clock: Clock
  /** Who may sign; default: {@link SIGNER}. */
  readonly signers?: readonly Signer[]
  /** What they may do; default: everything. */
  readonly policy?: Policy
}

/** An answer in place of the service's own. */
export interface Canned {
  readonly status?: number
  /** Name of an error, or nothing for `body`. */
  readonly type?: string
  readonly message?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** The service does what it is asked, and this is answered. */
  readonly after?: boolean
}

/** A stand-in for AWS Secrets Manager: JSON 1.1 over HTTP, in this process. */
export interface SecretsManager {
  readonly url: string
  readonly region: string
  readonly state: State
  /** Names of the operations asked for, in order. */
  readonly asked: readonly string[]
  /** Connections that were made to it. */
  readonly connections: () => number
  /** The next `times` requests for this operation get this. */
  next(operation: string, canned: Canned, times?: number): void
  /** Called before an operation is done, to do something in between. */
  before(operation: string, work: (input: Input) => void | Promise<void>): void
  /** The text of the current version, as a reader gets it. */
  textOf(name: string): string | undefined
  /** A secret that somebody else made. */
  plant(name: string, text: string): StoredSecret
  [Symbol.asyncDispose](): Promise<void>
}

export const SIGNER: Signer = { accessKeyId: 'AKIAKEYTURNTEST00001', secretAccessKey: 'canary-signing-key-of-the-stand-in-0001' }
const REGION = 'eu-central-1'
const ACCOUNT = '123456789012'
const EVERYTHING: Policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }

export async function startSecretsManager({ clock, signers = [SIGNER], policy = EVERYTHING }: SecretsManagerOptions): Promise<SecretsManager> {
  const arnOf = (name: string) => `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}`
  const state = makeState(clock, arnOf)
  const asked: string[] = []
  const canned = new Map<string, Canned[]>()
  const hooks = new Map<string, (input: Input) => void | Promise<void>>()
  let connections = 0

  const allow = (action: string, secret: StoredSecret | string) => {
    const resource = secret === '*' ? '*' : typeof secret === 'string' ? arnOf(secret) : secret.arn
    requireAllowed(policy, `secretsmanager:${action}`, resource)
  }

  const answer = async (
    request: IncomingMessage,
  ): Promise<{ readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const operation = /^secretsmanager\.(\w+)$/.exec(String(request.headers['x-amz-target']))?.[1] ?? ''
    asked.push(operation)
    const { method = '', url = '', headers } = request
    verifySignature({ method, url, headers, body }, signers, { region: REGION, service: 'secretsmanager' }, Date.now())
    const instead = canned.get(operation)?.shift()
    if (instead && instead.after !== true) return cannedAnswer(instead)
    if (headers['content-type'] !== 'application/x-amz-json-1.1') throw new Refusal('SerializationException', 'content type')
    const run = OPERATIONS[operation]
    if (!run) throw new Refusal('UnknownOperationException', 'The operation is not one of the stand-in.')
    const input = JSON.parse(body.toString('utf8')) as Input
    await hooks.get(operation)?.(input)
    const output = run(state, input, allow)
    return instead ? cannedAnswer(instead) : { status: 200, body: JSON.stringify(output) }
  }

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    answer(request)
      .catch((error: unknown) => {
        if (error instanceof Refusal) return { status: error.status, body: JSON.stringify({ __type: error.type, Message: error.message }) }
        return { status: 500, body: JSON.stringify({ __type: 'InternalServiceError', Message: String(error) }) }
      })
      .then((out) => {
        response.writeHead(out.status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID(), ...('headers' in out && out.headers) })
        response.end(out.body)
      })
      .catch(() => response.destroy())
  })
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: REGION,
    state,
    asked,
    connections: () => connections,
    next(operation, one, times = 1) {
      canned.set(operation, [...(canned.get(operation) ?? []), ...Array.from({ length: times }, () => one)])
    },
    before: (operation, work) => void hooks.set(operation, work),
    textOf: (name) => [...(state.secrets.get(name)?.versions.values() ?? [])].find(({ stages }) => stages.has('AWSCURRENT'))?.value.text,
    plant: (name, text) => state.create(name, randomUUID(), { text }, null).secret,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function cannedAnswer({ status, type, message, body, headers }: Canned) {
  const text = body ?? JSON.stringify({ __type: type, Message: message ?? 'refused' })
  return { status: status ?? (type === undefined ? 200 : 400), body: text, ...(headers && { headers }) }
}
