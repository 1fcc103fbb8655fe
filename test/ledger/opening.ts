import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openSqliteLedger, type SqliteLedger, type SqliteLedgerOptions } from '../../src/ledger/sqlite.ts'
import { tally } from '../support/tally.ts'

/** A folder that goes away with the test. */
export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'keyturn-ledger-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export const options = (file: string, more: Partial<SqliteLedgerOptions> = {}): SqliteLedgerOptions => ({
  ...{ file, fold: tally, clock: { now: () => 1_000 }, tool: '0.0.0-test', inventoryHash: 'inventory-hash', inventoryId: 'kt_test' },
  actor: { uid: 1000, user: 'somebody', host: 'here' },
  ...more,
})

/** Closed when the test ends. */
export async function opened(file: string, more: Partial<SqliteLedgerOptions> = {}): Promise<SqliteLedger> {
  const ledger = await openSqliteLedger(options(file, more))
  onTestFinished(() => ledger.close())
  return ledger
}
