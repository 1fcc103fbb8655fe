import { findSecret } from '../src/inventory/lookup.ts'
import { buildStatus, type Status } from '../src/reports/build.ts'
import { remarksOf } from '../src/reports/remarks.ts'
import { type HostState, hostStream } from '../src/terms.ts'
import type { CommandContext } from './context.ts'

/** What `status`, `report` and the bare program show; from the inventory's cache and the ledger alone. */
export async function readStatus(context: CommandContext, names: readonly string[] = [], at?: number): Promise<Status> {
  const app = await context.app()
  const only = names.length === 0 ? null : new Set(names.map((name) => findSecret(app.inventory, name).name))
  const ledger = await app.ledger()
  const { inventory } = app
  const host = async (name: string): Promise<HostState | null> => {
    const state = await ledger.state(hostStream(inventory.id, name))
    return state?.kind === 'host' ? state : null
  }
  return buildStatus({ inventory, states: ledger.states(), host, now: at ?? app.clock.now(), only, remarks: remarksOf(inventory) })
}
