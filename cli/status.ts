import { findSecret } from '../src/inventory/lookup.ts'
import { buildStatus, type Status } from '../src/reports/build.ts'
import { remarksOf } from '../src/reports/remarks.ts'
import type { CommandContext } from './context.ts'

/** What `status`, `report` and the bare program show; from the inventory's cache and the ledger alone. */
export async function readStatus(context: CommandContext, names: readonly string[] = [], at?: number): Promise<Status> {
  const app = await context.app()
  const only = names.length === 0 ? null : new Set(names.map((name) => findSecret(app.inventory, name).name))
  const ledger = await app.ledger()
  return buildStatus({ inventory: app.inventory, states: ledger.states(), now: at ?? app.clock.now(), only, remarks: remarksOf(app.inventory) })
}
