import type { Ledger } from '../ports.ts'
import type { Millis } from '../terms.ts'

/**
 * Failure rules 3 and 12, for a ledger out of a backup: a rotation that is open in it may have ended since, and what its claims
 * made may be in use by now; its next step would remove that as an orphan. So each waits for a person. To be done before the
 * ledger is put in place: from then on others work with it. Returns the names of the secrets; repeatable.
 */
export async function holdOpen(ledger: Pick<Ledger, 'states' | 'append'>, backupAt: Millis): Promise<readonly string[]> {
  const held: string[] = []
  for await (const state of ledger.states()) {
    if (state.kind !== 'secret' || state.rotation === null) continue
    held.push(state.rotation.snapshot.name)
    if (state.rotation.reverted !== undefined) continue
    const { policy } = state.rotation.snapshot
    await ledger.append(state.stream, state.seq + 1, { type: 'saw', facts: { kind: 'reverted', backupAt } }, { policy })
  }
  return held
}
