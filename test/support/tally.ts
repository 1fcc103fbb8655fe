import type { Fold } from '../../src/ports.ts'
import type { SecretState } from '../../src/terms.ts'

/** A fold that knows nothing of rotations: it counts, and keeps the last place. For tests of ledgers alone. */
export const tally: Fold = (before, { stream, seq, pos, at, hash, event }): SecretState => ({
  ...{ kind: 'secret', v: 1, stream, secret: stream, seq, pos, lastAt: at, hash, count: before?.kind === 'secret' ? before.count + 1 : 1 },
  ...{ tokens: [], current: null, former: [], rotation: null, claim: null, failure: null, late: null, last: null, removed: event.type === 'decided' },
})
