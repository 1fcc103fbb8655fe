import type { Clock } from '../../ports.ts'
import type { Sensitive } from '../../sensitive.ts'
import type { Millis } from '../../terms.ts'
import { fault } from './faults.ts'
import { type Grant, grantOf, type Login } from './login.ts'
import type { Wire } from './wire.ts'

/** The token in use: got when it is first needed, renewed in the background, got anew when renewal ends. */
export interface Session {
  /** Logs in where there is no token, or the one there has ended. */
  token(): Promise<Sensitive<string>>
  /** Told that a token was accepted: one that was only read somewhere is then looked up, so that it can be renewed in time. */
  worked(token: Sensitive<string>): void
  /**
   * Told of a 403. True: there is another token to try. False: this one is accepted, and the right is missing.
   *
   * @throws KeyturnError STORE_UNAVAILABLE where the token is not accepted and there is no other.
   */
  refused(token: Sensitive<string>): Promise<boolean>
}

export interface SessionOptions {
  readonly wire: Wire
  readonly login: Login
  /** What the token is from, for messages: `VAULT_TOKEN`. */
  readonly source: string
  readonly clock: Clock
  /** Does something later, if the process still runs then. */
  readonly later?: (ms: number, work: () => void) => void
}

/** Of its time: late enough to be rare, early enough for some tries. */
const RENEW_AT = 2 / 3
/** Timers hold no more; a token that long is looked at again then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

interface Held {
  readonly grant: Grant
  readonly until: Millis | null
}

export function openSession({ wire, login, source, clock, later = afterwards }: SessionOptions): Session {
  let held: Held | null = null
  let looked: Sensitive<string> | null = null
  let entering: Promise<Held> | null = null

  const hold = (grant: Grant): Held => {
    const now = clock.now()
    held = { grant, until: grant.ttlMs === null ? null : now + grant.ttlMs }
    if (grant.ttlMs !== null) later(Math.min(LONGEST_TIMER_MS, grant.ttlMs * RENEW_AT), () => void renew(grant).catch(() => {}))
    return held
  }
  /** One login at a time, whoever waits for it: a secret id may be good for one. */
  const enter = (): Promise<Held> => {
    entering ??= login()
      .then(hold)
      .finally(() => {
        entering = null
      })
    return entering
  }

  /** In the background: what fails here is tried again by the next request. */
  const renew = async (grant: Grant): Promise<void> => {
    if (held?.grant !== grant) return
    if (grant.renewable) {
      const what = 'renewing the token'
      const reply = await wire.send({ method: 'POST', api: 'auth/token/renew-self', body: {}, what, takes: [400] }, grant.token)
      const renewed = reply.status === 200 ? grantOf(reply) : null
      // Near the longest time that a token may have, renewal adds less and less.
      if (renewed?.ttlMs && renewed.ttlMs > (grant.ttlMs ?? 0) / 2) {
        hold({ ...renewed, token: grant.token })
        return
      }
    }
    const next = await login()
    if (next.token.reveal() !== grant.token.reveal()) hold(next)
  }

  /** What the server knows of the token in use. `null`: it does not accept it. */
  const lookUp = async (token: Sensitive<string>): Promise<Grant | null> => {
    const reply = await wire.send({ method: 'GET', api: 'auth/token/lookup-self', what: 'looking the token up' }, token)
    if (reply.status === 403) return null
    const { ttl, renewable } = (reply.body as { data?: { ttl?: unknown; renewable?: unknown } }).data ?? {}
    const ttlMs = typeof ttl === 'number' && ttl > 0 ? ttl * 1000 : null
    return { token, ttlMs, renewable: renewable === true, fresh: true }
  }

  return {
    async token() {
      const now = clock.now()
      if (held && (held.until === null || now < held.until)) return held.grant.token
      return (await enter()).grant.token
    },

    worked(token) {
      if (held?.grant.fresh !== false || held.grant.token !== token || looked === token) return
      looked = token
      lookUp(token).then(
        (grant) => {
          if (grant && held?.grant.token === token) hold(grant)
        },
        () => {},
      )
    },

    async refused(token) {
      if (held && held.grant.token !== token) return true
      if ((await lookUp(token)) !== null) return false
      if (held && held.grant.token !== token) return true
      const before = token.reveal()
      // A login that fails says more than that the old token has ended.
      const { grant } = await enter()
      if (grant.token.reveal() !== before) return true
      const hint = 'it has ended, was revoked, or is of another server or namespace: get a new one'
      throw fault({ store: wire.store, what: 'logging in' }, `the token of ${source} is not accepted (403)`, hint)
    },
  }
}

function afterwards(ms: number, work: () => void): void {
  setTimeout(work, ms).unref()
}
