import { setTimeout as sleep } from 'node:timers/promises'
import nodeVault from 'node-vault'
import { KeyturnError } from '../../errors.ts'
import type { Clock, Random } from '../../ports.ts'
import type { Sensitive } from '../../sensitive.ts'
import { type Asking, fault, LONGEST_WAIT_MS, type Problem, problemOf, problemOfSilence, sealed } from './faults.ts'
import { type Reply, Silence, type Transport } from './transport.ts'

/** One request, in the words of the API. */
export interface Ask {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `/v1/`, encoded: `secret/data/a/b`. */
  readonly api: string
  /** `list=true` */
  readonly query?: string
  readonly body?: object
  /** What it is for, in messages. */
  readonly what: string
  readonly signal?: AbortSignal | undefined
  /** Statuses that the caller reads, beside 200, 204 and 403. */
  readonly takes?: readonly number[]
  /** Whether it may be sent again when nobody knows if it was done. Default: true. */
  readonly repeat?: boolean
  /** Outside of every namespace, as only some of `sys/` are. */
  readonly root?: boolean
}

export interface Wire {
  /** For messages: `store main (vault.example.org:8200)`. */
  readonly store: string
  /**
   * Asks, as often as it takes within a few seconds: again after 412, 429, 5xx and a lost connection, with waits that grow and are not
   * the same for everybody. 403 is an answer.
   *
   * @throws KeyturnError STORE_UNAVAILABLE, STORE_BUSY; LEASE_LOST when the signal aborts.
   */
  send(ask: Ask, token: Sensitive<string> | null): Promise<Reply>
}

export interface WireOptions {
  readonly store: string
  readonly transport: Transport
  readonly timeoutMs: number
  readonly namespace: string | null
  readonly clock: Clock
  readonly random: Random
  /** How to wait between two tries; ends early when the signal aborts. */
  readonly pause?: (ms: number, signal?: AbortSignal) => Promise<void>
}

const ATTEMPTS = 4
/** One that timed out has already cost the whole time that an answer may take. */
const ATTEMPTS_AFTER_TIMEOUT = 2
const FIRST_WAIT_MS = 200
/** Never asked for: node-vault wants one, and the transport puts its own in its place. */
const ENDPOINT = 'http://vault.invalid'

export function openWire(options: WireOptions): Wire {
  const { store, transport, timeoutMs, namespace, clock, random, pause = wait } = options
  const vault = nodeVault({
    // Its documented way to bring a transport. Every status is 200 for it, since its own errors carry the answer's body.
    'request-promise': { defaults: () => async (given: Given) => ({ statusCode: 200, body: await transmit(given), request: { path: '' } }) },
    debug: () => {},
    noCustomHTTPVerbs: true,
    endpoint: ENDPOINT,
  })
  // What it took from the environment is none of its business: address, token and namespace are the inventory's.
  Object.assign(vault, { token: '', namespace: '', pathPrefix: '' })
  /** Of Vault Enterprise: what we wrote must be seen by what we read. */
  let index: string | undefined

  const transmit = async ({ method, uri, json, ours }: Given): Promise<Reply> => {
    const { ask, token } = ours
    const headers: Record<string, string> = { accept: 'application/json', 'x-vault-request': 'true' }
    if (token) headers['x-vault-token'] = token.reveal()
    if (namespace && !ask.root) headers['x-vault-namespace'] = namespace
    if (index) headers['x-vault-index'] = index
    if (json) headers['content-type'] = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const reply = await transport.send({ method, path: uri.slice(ENDPOINT.length), headers, signal: ask.signal, ...(json && { body: JSON.stringify(json) }) })
    index = reply.index ?? index
    return reply
  }
  const transmitted = (ask: Ask, token: Sensitive<string> | null): Promise<Reply> => {
    const given: Given = { method: ask.method, path: `/${ask.api}${ask.query ? `?${ask.query}` : ''}`, uri: '', ours: { ask, token } }
    if (ask.body) given.json = ask.body
    return vault.request(given) as Promise<Reply>
  }

  /** One try: the answer, or what is wrong. */
  const tryOnce = async (ask: Ask, token: Sensitive<string> | null): Promise<{ reply: Reply } | { problem: Problem; timedOut: boolean }> => {
    const asking = { store, what: ask.what }
    try {
      const reply = await transmitted(ask, token)
      const problem = problemOf(reply, asking, ask.takes ?? [], clock.now())
      return problem ? { problem, timedOut: false } : { reply }
    } catch (error) {
      if (error instanceof Silence) {
        return { problem: problemOfSilence(error, asking, timeoutMs, ask.repeat ?? true), timedOut: error.kind === 'timeout' }
      }
      // Nothing of it is shown: whatever it is, it has seen the request.
      throw new KeyturnError('INTERNAL', `${store}: ${ask.what}: the client failed (${error instanceof Error ? error.name : typeof error})`)
    }
  }

  /** What the server says of itself is more use than what it answered. */
  const explained = async (problem: Problem, ask: Ask): Promise<KeyturnError> => {
    const asking = { store, what: ask.what }
    if (!problem.unwell) return problem.error
    const question: Ask = { method: 'GET', api: 'sys/health', what: 'asking for its health', root: true, signal: ask.signal }
    const health = await transmitted(question, null).catch(() => null)
    return (health && healthFault(health, asking)) ?? problem.error
  }

  return {
    store,
    async send(ask, token) {
      for (let attempt = 1; ; attempt++) {
        const result = await tryOnce(ask, token)
        if ('reply' in result) return result.reply
        const { problem, timedOut } = result
        if (!problem.again || attempt >= (timedOut ? ATTEMPTS_AFTER_TIMEOUT : ATTEMPTS)) throw await explained(problem, ask)
        // Half of it by chance, so that many who were turned away together do not come back together.
        const share = 0.5 + ((random.bytes(1)[0] ?? 0) / 255) * 0.5
        const grown = FIRST_WAIT_MS * 2 ** (attempt - 1) * share
        await pause(Math.min(LONGEST_WAIT_MS, (problem.afterMs ?? 0) + grown), ask.signal).catch(() => {})
        if (ask.signal?.aborted) throw problemOfSilence(new Silence('aborted', 'ABORTED', true), { store, what: ask.what }, timeoutMs, true).error
      }
    },
  }
}

/** What node-vault hands to its transport: what it was given, with `uri`. */
interface Given {
  method: string
  path: string
  uri: string
  json?: object
  readonly ours: { readonly ask: Ask; readonly token: Sensitive<string> | null }
}

async function wait(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {})
}

/** What is wrong with a server by its own word, or `null`. */
function healthFault({ status, body }: Reply, asking: Asking): KeyturnError | null {
  const said = (body ?? {}) as { initialized?: unknown; sealed?: unknown; standby?: unknown; replication_dr_mode?: unknown }
  if (status === 501 || said.initialized === false) return fault(asking, 'Vault is not initialised', 'initialise it: vault operator init')
  if (status === 503 || said.sealed === true) return sealed(asking)
  if (status === 472 || said.replication_dr_mode === 'secondary')
    return fault(asking, 'the server is a secondary for disasters and answers nothing', 'name the primary')
  if (status === 473) return fault(asking, 'the server is a performance standby that did not forward', 'name the address of the active node')
  if (status === 429 || said.standby === true) {
    return fault(asking, 'the server is a standby that did not forward', 'name the address of the active node, or of what balances the load')
  }
  return null
}
