import { denied, fault } from './faults.ts'
import type { Session } from './session.ts'
import type { Reply } from './transport.ts'
import type { Ask, Wire } from './wire.ts'

/** A request in the name of the token in use. */
export interface TokenAsk extends Ask {
  /** The right that it takes, for the message where it is missing: `"read" on secret/data/demo/openai`. */
  readonly needs: string
}

export interface VaultClient {
  /** For messages: `store main (vault.example.org:8200)`. */
  readonly store: string
  /**
   * Asks with the token in use, once more with another one where it is no longer accepted. With 403 among `takes`, that a right is
   * missing is an answer.
   *
   * @throws KeyturnError STORE_UNAVAILABLE, STORE_BUSY; LEASE_LOST when the signal aborts.
   */
  ask(ask: TokenAsk): Promise<Reply>
}

/** Requests at once: enough to hide the network. */
export const AT_ONCE = 16

/** Times that a request is sent with another token; more would mean that tokens end as fast as they are made. */
const TOKENS = 2

export function openClient(wire: Wire, session: Session): VaultClient {
  return {
    store: wire.store,
    async ask(ask) {
      const asking = { store: wire.store, what: ask.what }
      for (let tried = 1; ; tried++) {
        const token = await session.token()
        const reply = await wire.send(ask, token)
        if (reply.status !== 403) {
          session.worked(token)
          return reply
        }
        if (await session.refused(token)) {
          if (tried < TOKENS) continue
          throw fault(asking, 'no token is accepted for long (403)', 'see what ends them: their ttl, their number of uses, or somebody who revokes them')
        }
        if (ask.takes?.includes(403)) return reply
        throw denied(asking, ask.needs)
      }
    },
  }
}
