import { readSettings } from '../outputs/settings.ts'
import { isMet, reasonOf } from '../policy/conditions.ts'
import type { Inventory } from '../terms.ts'

/** What rules of the inventory's own ask for, as things stand. */
export interface Required {
  /** Why a secret must have a value, by its name. */
  readonly secrets: ReadonlyMap<string, readonly string[]>
  /** Whole sentences about variables that must be set, that are not, and that no secret has. */
  readonly undeclared: readonly string[]
}

/**
 * Conditions are asked of the settings in the outputs of this host; of what may be secret there only whether it is set. An output that is not here
 * meets no condition.
 */
export function requiredBy(inventory: Inventory, host: string): Required {
  const secrets = new Map<string, Set<string>>()
  const undeclared = new Set<string>()
  const holders = new Map(inventory.secrets.flatMap(({ name, env }) => Object.keys(env).map((variable) => [variable, name] as const)))
  const wanted = inventory.rules.flatMap(({ require }) => require)
  const asked = new Set([...wanted, ...inventory.rules.flatMap(({ when }) => Object.keys(when))])
  const hidden = new Set([...wanted, ...holders.keys()])
  for (const output of inventory.outputs.filter((one) => one.host === host && one.dialect !== 'files')) {
    const settings = readSettings(output, asked, hidden)
    if (settings === null) continue
    for (const { when, require } of inventory.rules) {
      const conditions = Object.entries(when)
      if (!conditions.every(([name, condition]) => isMet(condition, settings.get(name)))) continue
      const why = conditions.map(([name, condition]) => reasonOf(name, condition, settings.get(name))).join(' and ')
      for (const variable of require) {
        const holder = holders.get(variable)
        if (holder !== undefined) secrets.set(holder, (secrets.get(holder) ?? new Set()).add(why))
        else if (!settings.get(variable))
          undeclared.add(`${variable} must have a value, since ${why} in ${output.file}, and no secret has it: secrets set ${variable}`)
      }
    }
  }
  return { secrets: new Map([...secrets].map(([name, why]) => [name, [...why]])), undeclared: [...undeclared] }
}
