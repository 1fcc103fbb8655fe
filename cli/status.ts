import { buildStatus, type Status } from '../src/reports/build.ts'
import { remarksOf } from '../src/reports/remarks.ts'
import { openOrDeclared } from '../src/rotation/left.ts'
import { type HostState, hostStream } from '../src/terms.ts'
import type { CommandContext } from './context.ts'

/** What `status`, `report` and the bare program show; from the inventory's cache and the ledger alone. */
export async function readStatus(context: CommandContext, names: readonly string[] = [], at?: number): Promise<Status> {
  const app = await context.app()
  const ledger = await app.ledger()
  const { inventory } = app
  const named = await Promise.all(names.map((name) => openOrDeclared({ inventory: () => inventory, ledger }, name)))
  const only = names.length === 0 ? null : new Set(named.map((secret) => secret.name))
  const host = async (name: string): Promise<HostState | null> => {
    const state = await ledger.state(hostStream(inventory.id, name))
    return state?.kind === 'host' ? state : null
  }
  return buildStatus({ inventory, states: ledger.states(), host, now: at ?? app.clock.now(), only, remarks: remarksOf(inventory) })
}
