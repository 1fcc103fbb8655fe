import type { App } from '../src/app.ts'
import { buildStatus, type Status, type StatusRow } from '../src/reports/build.ts'
import { remarksOf } from '../src/reports/remarks.ts'
import { openOrDeclared } from '../src/rotation/left.ts'
import { mendOfLast } from '../src/rotation/outcome.ts'
import { type HostState, hostStream, secretStream } from '../src/terms.ts'
import type { CommandContext } from './context.ts'

type ReadLedger = Awaited<ReturnType<App['ledger']>>

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
  // Only where the inventory asks: reading files costs more than the rest.
  const required = inventory.rules.length === 0 ? null : (await import('../src/reports/required.ts')).requiredBy(inventory, app.actor.host)
  const status = await buildStatus({
    inventory,
    states: ledger.states(),
    host,
    now: at ?? app.clock.now(),
    only,
    remarks: [...remarksOf(inventory), ...(required?.undeclared ?? [])],
    ...(required && { required: required.secrets }),
  })
  return names.length === 0 ? status : { ...status, rows: await Promise.all(status.rows.map((row) => withMend(ledger, inventory.id, row))) }
}

/** Of a secret that is asked for by its name: what was given up is mended first, as the error said, and then tried again. */
async function withMend(ledger: ReadLedger, inventory: string, row: StatusRow): Promise<StatusRow> {
  if (!row.findings.some(({ rule }) => rule === 'given-up')) return row
  const state = await ledger.state(secretStream(inventory, row.secret.id))
  const mend = state?.kind === 'secret' ? await mendOfLast(ledger, state) : null
  if (mend === null) return row
  return { ...row, findings: row.findings.map((one) => (one.rule === 'given-up' ? { ...one, hint: `${mend.replace(/\.$/, '')}; then: ${one.hint}` } : one)) }
}
