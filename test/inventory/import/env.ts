import { type EnvSource, type Proposal, propose } from '../../../src/inventory/import/propose.ts'
import { readVariables } from '../../../src/inventory/import/read.ts'
import { compose } from '../../../src/outputs/dialects/compose.ts'
import { Sensitive } from '../../../src/sensitive.ts'

export const WRITTEN_AT = Date.UTC(2026, 9, 1)

/** An env file as `init` reads it. */
export const envSource = (text: string, file = '.env'): EnvSource => ({
  file,
  variables: readVariables(new Sensitive(text), compose, file),
  changedAt: WRITTEN_AT,
})

/** What `init` would propose for one file. */
export const proposalOf = (text: string, ariConf: string | null = null): Proposal => propose([envSource(text)], ariConf)
