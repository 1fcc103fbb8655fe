import type { Missing } from '../rotation/gate.ts'
import type { Next } from '../rotation/next.ts'
import { outcomeOf } from '../rotation/outcome.ts'
import type { Millis, SecretState } from '../terms.ts'

/** A rotation that is open, and what it waits for. */
export interface OpenRotation {
  readonly id: string
  readonly openedAt: Millis
  readonly reason: string | null
  /** The step that comes next, or what is waited for. */
  readonly waits: 'nothing' | 'claim' | 'retry' | 'proof' | 'grace' | 'admin' | 'clock' | 'person'
  readonly step: string | null
  /** Since when it waits for proof; `null`: it waits for something else. */
  readonly since: Millis | null
  readonly until: Millis | null
  /** What failed, where that is tried again. */
  readonly failed: string | null
  /** Every file and consumer that has not proved yet, with the reason. */
  readonly missing: readonly Missing[]
  /** How it stands, as `secrets rotate` says it, and the next command; `null`: it goes on by itself. */
  readonly message: string
  readonly hint: string | null
}

/** Reads it off the state and what the machine says comes next; `null`: nothing is open. */
export function openRotation(state: SecretState, going: Next | null): OpenRotation | null {
  const r = state.rotation
  if (!r) return null
  const { message, hint } = outcomeOf(state, going ?? { kind: 'idle' }, r.id)
  const common = { id: r.id, openedAt: r.openedAt, reason: r.reason, since: null, until: null, failed: null, missing: [], message, hint }
  switch (going?.kind) {
    case 'do':
      return { ...common, waits: 'nothing', step: going.step }
    case 'wait': {
      const missing = going.missing ?? []
      const since = going.why === 'proof' ? (r.graceUntil ?? r.promote?.at ?? r.openedAt) : null
      // Where nothing at a provider can die, only the delivery is missing.
      const mend = hint ?? (going.why === 'proof' ? 'secrets sync   on the host named' : null)
      const failed = going.why === 'retry' ? (state.failure?.code ?? null) : null
      return { ...common, failed, waits: going.why, step: state.claim?.step ?? null, since, until: going.until, missing, hint: mend }
    }
    case 'attention':
      return { ...common, waits: 'person', step: going.step, missing: going.missing ?? [] }
    default:
      return { ...common, waits: 'nothing', step: null }
  }
}
