import type { Fingerprinter } from '../ports.ts'
import type { Sensitive } from '../sensitive.ts'
import type { Fingerprint, SecretState } from '../terms.ts'

/** Another environment of the same project, as far as this user may open it. */
export interface Environment {
  readonly name: string
  /** By its own key: fingerprints of two inventories are incomparable, so a value is asked about with the key of each. */
  readonly fingerprints: Fingerprinter
  /** Its secrets by the names that people know. */
  readonly states: readonly { readonly name: string; readonly state: SecretState }[]
}

/**
 * Tells where a bare value is current in other environments: `openai in staging`. The value is fingerprinted with the key of each and compared there; no such fingerprint is
 * kept, so whoever reads one environment's ledger and key learns nothing of another's values. User names are not asked about.
 */
export function valuesElsewhere(environments: readonly Environment[]): (value: Sensitive<string>) => readonly string[] {
  const known = environments.map(({ name: environment, fingerprints, states }) => {
    const holders = new Map<Fingerprint, string>()
    for (const { name, state } of states)
      for (const { value, identifier } of Object.values(state.current?.facts ?? {})) if (!identifier) holders.set(value, `${name} in ${environment}`)
    return { fingerprints, holders }
  })
  return (value) => known.flatMap(({ fingerprints, holders }) => holders.get(fingerprints.ofValue(value)) ?? [])
}
