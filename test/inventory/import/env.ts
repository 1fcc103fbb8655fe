import { type EnvSource, type Proposal, propose } from '../../../src/inventory/import/propose.ts'
import { understand } from '../../../src/inventory/import/understand.ts'
import { Sensitive } from '../../../src/sensitive.ts'

export const WRITTEN_AT = Date.UTC(2026, 9, 1)

/** An env file as `init` reads it. */
export function envSource(text: string, file = '.env'): EnvSource {
  const { variables, dialect, remarks } = understand(new Sensitive(text), file)
  return { file, variables, dialect: dialect.name, notes: remarks, changedAt: WRITTEN_AT }
}

/** What `init` would propose for one file. */
export const proposalOf = (text: string, ariConf: string | null = null): Proposal => propose([envSource(text)], ariConf)
