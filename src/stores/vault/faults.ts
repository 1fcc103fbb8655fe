import { type ErrorCode, KeyturnError } from '../../errors.ts'
import type { Millis } from '../../terms.ts'
import type { Reply, Silence } from './transport.ts'

/** Answers and silence as errors of ours: status, and words of the server only where they are among those that we know. */

/** What went wrong, and whether the same request may succeed in a moment. */
export interface Problem {
  readonly error: KeyturnError
  readonly again: boolean
  /** The server asked us to wait this long. */
  readonly afterMs?: number
  /** What the server says of its own health may tell more. */
  readonly unwell?: true
}

/** Who asked for what; begins every message. */
export interface Asking {
  /** `store main (vault.example.org:8200)` */
  readonly store: string
  /** `reading demo/production/openai` */
  readonly what: string
}

/** Waiting longer than this is the next run's. */
export const LONGEST_WAIT_MS = 5000

/** The server's own sentences. What is not among them is not repeated: it may quote what it was sent. */
export const saysOf = ({ body }: Reply): readonly string[] | null => {
  const errors = (body as { errors?: unknown } | null | undefined)?.errors
  return Array.isArray(errors) ? errors.filter((one): one is string => typeof one === 'string') : null
}

export const saysThat = (reply: Reply, words: RegExp): boolean => (saysOf(reply) ?? []).some((text) => words.test(text))

export const CAS_MISMATCH = /check-and-set parameter did not match the current version/

/** An error about a store on a server. */
export function fault(
  { store, what }: Asking,
  seen: string,
  hint: string,
  options: { code?: ErrorCode; retryable?: boolean; retryAt?: Millis } = {},
): KeyturnError {
  const { code = 'STORE_UNAVAILABLE', ...rest } = options
  return new KeyturnError(code, `${store}: ${what}: ${seen}`, { hint, ...rest })
}

/**
 * What is wrong with an answer; `null` for one that the caller can read: 200 and 204, and those of `takes` that come from a Vault.
 * 403 is always left to the caller, who knows whether the token or the right is missing.
 */
export function problemOf(reply: Reply, asking: Asking, takes: readonly number[], now: Millis): Problem | null {
  const { status } = reply
  const object = typeof reply.body === 'object' && reply.body !== null
  const busy = (seen: string, hint: string): Problem => ({ error: fault(asking, seen, hint, { code: 'STORE_BUSY' }), again: true })
  if (status === 204) return null
  if (status === 200 && object) return null
  if (status >= 300 && status < 400) {
    const hint = 'a standby that does not forward, or a login page before the server: name the address of the active node, or of what balances the load'
    return { error: fault(asking, `answered with a redirect (${status}), which is not followed`, hint), again: false, unwell: true }
  }
  if (status < 300 || (status < 500 && status !== 429 && saysOf(reply) === null && !isDeleted(reply, takes))) {
    const seen =
      reply.type === '' || object
        ? 'with nothing that Vault says'
        : reply.body === undefined && /json/.test(reply.type)
          ? 'with broken JSON'
          : `with ${reply.type}`
    return { error: fault(asking, `answered ${seen} (status ${status})`, 'something else than a Vault answers there: check the address'), again: false }
  }
  if (status === 400 && saysThat(reply, /Upgrading from non-versioned to versioned/))
    return busy('the mount is being upgraded to KV version 2', 'wait a moment')
  if (status === 403 || takes.includes(status)) return null
  if (status === 412) return busy('the node has not yet seen the last write (412)', 'it is tried again; ask the active node if it stays so')
  if (status === 413) return { error: tooLarge(asking, status), again: false }
  if (status === 429) return limited(reply, asking, now)
  if (status >= 500) return failing(reply, asking)
  return { error: refused(reply, asking), again: false }
}

/** A 404 with a body is how Vault shows a deleted version, and one with none how it answers a patch of what is not there. */
function isDeleted({ status, body, text, type }: Reply, takes: readonly number[]): boolean {
  if (status !== 404 || !takes.includes(404)) return false
  return text === '' ? type === 'application/json' : typeof (body as { data?: unknown } | null | undefined)?.data === 'object'
}

const KNOWN: readonly (readonly [RegExp, string, string])[] = [
  [CAS_MISMATCH, 'the current version is another one', 'run the command again'],
  [/check-and-set parameter required/, 'the mount demands check-and-set', 'run the command again'],
  [/error parsing check-and-set parameter/, 'the check-and-set parameter was not understood', 'is this a KV version 2 mount?'],
  [/no data provided/, 'no data arrived there', 'does something between change requests?'],
  [/no handler for route|unsupported path/, 'nothing is mounted there', 'check "mount" and "namespace" in secrets.yaml'],
  [/unsupported operation/, 'the server does not know this operation', 'an old version, or not a KV mount'],
  [/invalid role (or secret )?ID|invalid secret id/i, 'role id or secret id was refused', 'make a new secret id for this role'],
  [
    /wrapping token is not valid or does not exist/,
    'the wrapping token is not valid',
    'it was used already or has ended: if not by you, treat the secret id as known to others',
  ],
  [/lease is not renewable|token not renewable|is not renewable/i, 'the token cannot be renewed', 'log in again'],
]

/** An answer of 4xx that nobody expected, or that ends what was asked. */
export function refused(reply: Reply, asking: Asking): KeyturnError {
  for (const [words, seen, hint] of KNOWN) if (saysThat(reply, words)) return fault(asking, `${seen} (${reply.status})`, hint)
  return fault(asking, `refused (${reply.status})`, 'the server’s audit log has its reason')
}

/** No right, with a token that is accepted. */
export const denied = (asking: Asking, needs: string): KeyturnError =>
  fault(asking, 'permission denied (403)', `the token’s policy lacks ${needs}; docs/stores-vault.md has one that is enough`)

function limited(reply: Reply, asking: Asking, now: Millis): Problem {
  const afterMs = waitOf(reply.retryAfter, now)
  const leases = saysThat(reply, /lease count quota exceeded/)
  const seen = leases
    ? 'the quota of leases is used up (429)'
    : saysThat(reply, /rate limit quota exceeded/)
      ? 'the rate limit is reached (429)'
      : 'too many requests (429)'
  const hint = leases ? 'end leases, or raise the quota there' : 'it is tried again; raise the quota there if it stays so'
  const retryAt = afterMs === null ? {} : { retryAt: now + afterMs }
  const error = fault(asking, seen, hint, { code: 'STORE_BUSY', ...retryAt })
  // Leases end after minutes.
  return { error, again: !leases && (afterMs ?? 0) <= LONGEST_WAIT_MS, ...(afterMs !== null && { afterMs }) }
}

function failing(reply: Reply, asking: Asking): Problem {
  const { status } = reply
  if (saysThat(reply, /Vault is sealed/i)) return { error: sealed(asking), again: false, unwell: true }
  if (saysThat(reply, /namespace.*locked|locked.*namespace/i)) {
    return { error: fault(asking, 'the namespace is locked (503)', 'an administrator has to unlock it: vault namespace unlock'), again: false }
  }
  if (saysThat(reply, /value being too large/)) return { error: tooLarge(asking, status), again: false }
  return { error: fault(asking, `the server failed (${status})`, 'it is tried again; see its log'), again: true, unwell: true }
}

const tooLarge = (asking: Asking, status: number): KeyturnError =>
  fault(asking, `the server takes no value of this size (${status})`, 'raise max_request_size or max_entry_size there', { retryable: false })

export const sealed = (asking: Asking): KeyturnError => fault(asking, 'Vault is sealed (503)', 'unseal it: vault operator unseal')

/** No whole answer. `repeat`: the request may be sent again although it may have been done. */
export function problemOfSilence({ kind, code, unsent }: Silence, asking: Asking, timeoutMs: number, repeat: boolean): Problem {
  const of = (seen: string, hint: string, again: boolean): Problem => ({ error: fault(asking, seen, hint), again: again && (repeat || unsent) })
  switch (kind) {
    case 'aborted':
      return { error: fault(asking, 'the lease ended before the answer', 'the next run goes on from what was recorded', { code: 'LEASE_LOST' }), again: false }
    case 'refused':
      return of(`no connection (${code})`, 'does the server run, and is the address right?', true)
    case 'unknown-host':
      return of(`the name of the server is not known (${code})`, 'check "address" in secrets.yaml, and DNS', code === 'EAI_AGAIN')
    case 'tls':
      return of(`the server’s certificate is not trusted (${code})`, 'name its authority with "ca"', false)
    case 'timeout':
      return of(`no answer within ${timeoutMs} ms`, 'see how the server is; "timeout" in secrets.yaml allows more', true)
    case 'too-large':
      return of('the answer is larger than Vault’s can be', 'something else than a Vault answers there: check the address', false)
    case 'cut':
      return of(`the answer was cut off (${code})`, 'see the server’s log, and what stands before it', true)
  }
}

/** Milliseconds of a `Retry-After` header: seconds or a date. `null`: it says nothing that can be understood. */
function waitOf(text: string | undefined, now: Millis): number | null {
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}
