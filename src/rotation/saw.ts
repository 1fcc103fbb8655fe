import type { Event, Facts, Recorded, SecretState, VersionRef, VersionState } from '../terms.ts'

/** How long orphans of a closed rotation may still turn up in a provider's list (failure rule 4). */
export const LATE_MS = 24 * 3_600_000

/** What an observation changes in a secret's state: it is found rather than done, so it counts whoever works meanwhile. Pure. */
export function saw(state: SecretState, { facts }: Event & { type: 'saw' }, { at, pos }: Recorded): SecretState {
  switch (facts.kind) {
    case 'current': {
      const { token } = facts.version
      const known = state.former.find((v) => v.token === token)
      const count = known ? state.count : state.count + 1
      const version: VersionState = { ...facts.version, n: known?.n ?? count, bornAt: facts.bornAt, source: facts.source, firstSeenAt: at, pos }
      const old = state.current && state.current.token !== token ? [{ ...state.current, replacedAt: at }] : []
      return { ...state, removed: false, count, current: version, former: [...old, ...state.former.filter((v) => v.token !== token)] }
    }
    case 'proved':
      return state.rotation?.id === facts.rotation
        ? { ...state, rotation: { ...state.rotation, graceUntil: facts.graceUntil, askFrom: Math.max(at, facts.graceUntil) } }
        : state
    case 'adopted': {
      const token = facts.token ?? state.current?.token
      const end = facts.expiresAt === undefined ? {} : { expiresAt: facts.expiresAt }
      const age = facts.bornAt === undefined ? end : { ...end, bornAt: facts.bornAt, source: 'claimed' as const }
      const handle = facts.handle === undefined ? {} : { handle: facts.handle }
      const told = (v: VersionState): VersionState => (v.token === token ? { ...v, ...age, ...handle } : v)
      const r = state.rotation
      return {
        ...state,
        current: state.current && told(state.current),
        former: state.former.map(told),
        // What waited for this evidence goes on.
        rotation: r?.retiring && r.retiring.token === token ? { ...r, retiring: { ...r.retiring, ...handle } } : r,
        failure: facts.handle && state.failure?.code === 'NEEDS_PERSON' ? null : state.failure,
      }
    }
    case 'judged': {
      const again = <V extends VersionRef>(v: V): V => (facts.facts[v.token] ? { ...v, facts: facts.facts[v.token] as Facts } : v)
      return { ...state, current: state.current && again(state.current), former: state.former.map(again) }
    }
    case 'dead': {
      const ended = (v: VersionState): VersionState => (v.token === facts.token ? { ...v, deadAt: at } : v)
      const claim = state.claim?.on === `end ${facts.token}` ? null : state.claim
      return { ...state, claim, current: state.current && ended(state.current), former: state.former.map(ended) }
    }
    case 'dropped':
      return { ...state, former: state.former.filter((v) => v.token !== facts.token) }
    case 'swept':
      if (state.late?.rotation !== facts.rotation) return { ...state, claim: null }
      return { ...state, claim: null, failure: null, late: at - state.late.closedAt >= LATE_MS ? null : { ...state.late, sweptAt: at } }
    case 'restored': {
      const place = facts.versions.findIndex((v) => v.token === facts.current)
      const versions = facts.versions.map((v, i): VersionState => {
        const { createdAt, ...ref } = v
        // What is older than the current one was current before it; when it was replaced, nobody knows.
        return { ...ref, n: i + 1, bornAt: createdAt, source: 'store', firstSeenAt: at, pos, ...(i < place && { replacedAt: at }) }
      })
      return {
        ...state,
        count: versions.length,
        tokens: versions.map((v) => v.token),
        current: versions.find((v) => v.token === facts.current) ?? null,
        former: versions.filter((v) => v.token !== facts.current).reverse(),
        rotation: null,
        claim: null,
        failure: null,
      }
    }
    case 'reverted':
      // Whoever was at work then works on another ledger now.
      return { ...state, claim: null, rotation: state.rotation && { ...state.rotation, reverted: at } }
    case 'removed':
      return { ...state, removed: true }
    case 'unhealthy': // turned round in turn.ts
    case 'head':
      return state
  }
}
