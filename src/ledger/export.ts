import type { Recorded } from '../terms.ts'
import { toRecorded } from './canonical.ts'
import { ledgerFault } from './faults.ts'
import type { SqliteLedger } from './sqlite.ts'

/** Every event in the order it was recorded, over all streams, as they were at one moment; for `history --json`. */
export async function* exportEvents(ledger: SqliteLedger): AsyncGenerator<Recorded> {
  const snapshot = await ledger.snapshot()
  try {
    for (const row of snapshot.eventsByPos()) yield toRecorded(row)
  } catch (error) {
    throw ledgerFault(error, ledger.file)
  } finally {
    snapshot.close()
  }
}
