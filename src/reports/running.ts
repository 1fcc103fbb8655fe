import type { HostState, Inventory, Secret, Token, WriteRecord } from '../terms.ts'

/** What runs with which version: of the places that read a secret, how many proved to hold its current value. */
export interface Running {
  /** Consumers whose running process was seen to hold the current value. */
  readonly proven: number
  /** Consumers that read it. */
  readonly total: number
  /** Outputs on disk that hold the current version, of all that should. */
  readonly written: number
  readonly files: number
}

interface Place {
  readonly names: ReadonlySet<string> | null
  /** Secrets that a template of this output uses, by name. */
  readonly templates: string
  readonly written: WriteRecord | undefined
  /** By secret id: its variables in this file, templates included. */
  readonly variables: ReadonlyMap<string, readonly string[]>
  readonly proofs: readonly (Readonly<Record<string, string | null>> | null)[]
}

/** Prepared once for all secrets, since a file may hold a hundred thousand variables. */
export function deployment(inventory: Inventory, hosts: ReadonlyMap<string, HostState>): (secret: Secret, current: Token | null) => Running | null {
  const places = inventory.outputs.map((output): Place => {
    const host = hosts.get(output.host)
    const written = host?.outputs[output.file]
    return {
      names: output.only === null ? null : new Set(output.only),
      templates: Object.values(output.vars).join(' '),
      written,
      variables: variablesOf(written),
      proofs: output.consumers.map(({ key }) => host?.consumers[`${output.file} consumer ${key}`]?.proof?.vars ?? null),
    }
  })
  return (secret, current) => {
    const reading = places.filter((place) => reads(place, secret))
    if (reading.length === 0) return null
    const sum = { proven: 0, total: 0, written: 0, files: reading.length }
    for (const place of reading) {
      const { written, proofs } = place
      const own = place.variables.get(secret.id) ?? []
      const holds =
        written !== undefined && own.length > 0 && own.every((name) => written.vars[name]?.from[secret.id] === current && !written.vars[name]?.edited)
      sum.total += proofs.length
      if (!holds) continue
      sum.written += 1
      sum.proven += proofs.filter((proof) => proof !== null && own.every((name) => proof[name] === written.vars[name]?.value)).length
    }
    return sum
  }
}

const reads = ({ names, templates }: Place, secret: Secret): boolean => {
  if (names !== null && !names.has(secret.name)) return false
  for (const _ in secret.env) return true
  return templates.includes(`{${secret.name}.`)
}

function variablesOf(written: WriteRecord | undefined): ReadonlyMap<string, readonly string[]> {
  const variables = new Map<string, string[]>()
  for (const name in written?.vars) {
    for (const secret in written.vars[name]?.from) {
      const known = variables.get(secret)
      if (known) known.push(name)
      else variables.set(secret, [name])
    }
  }
  return variables
}
