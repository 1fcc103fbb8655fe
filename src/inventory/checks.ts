import type { ZodType } from 'zod'
import { checkKinds } from './check-kinds.ts'
import { checkOutputs } from './check-outputs.ts'
import { checkSecrets } from './check-secrets.ts'
import { checkTimes } from './check-times.ts'
import type { Problem } from './problem.ts'
import type { Surroundings } from './resolve.ts'
import type { Raw } from './schema.ts'
import { type Node, type Path, placeOf } from './tree.ts'

/** What this build has: passed in, since the engine knows no adapter. */
export interface Kinds {
  readonly rotators: ReadonlyMap<string, { readonly params: ZodType }>
  readonly consumers: ReadonlyMap<string, { readonly params: ZodType }>
  readonly stores: ReadonlyMap<string, { readonly params: ZodType }>
  /** Kinds of ledger; left out, all that the schema knows. */
  readonly ledgers?: readonly string[]
  /** Names of the rules that `accept:` may name; left out, any. */
  readonly rules?: readonly string[]
}

/** What the checks see. What has a wrong shape is left out of `raw`, and has been reported. */
export interface Checked {
  readonly raw: Raw
  readonly root: Node
  readonly kinds: Kinds
  readonly around: Surroundings
  /** Files that the inventory was read from. */
  readonly files: readonly string[]
  /** The names of all secrets. */
  readonly declared: ReadonlySet<string>
  /** Those of them with something of a wrong shape: nothing can be said about their fields. */
  readonly faulty: ReadonlySet<string>
  report(path: Path, what: 'key' | 'value', message: string, hint?: string): void
  add(problems: readonly Problem[]): void
}

/** Everything that depends on more than one place of the file, or on what this build has. All problems at once. */
export function checkInventory(input: Omit<Checked, 'report' | 'add'>): readonly Problem[] {
  const problems: Problem[] = []
  const checked: Checked = {
    ...input,
    report: (path, what, message, hint) => problems.push({ ...placeOf(input.root, path, what), message, ...(hint ? { hint } : {}) }),
    add: (more) => problems.push(...more),
  }
  checkSecrets(checked)
  checkKinds(checked)
  checkOutputs(checked)
  checkTimes(checked)
  return problems
}
