import { Sensitive } from '../../sensitive.ts'
import type { Fields } from '../../terms.ts'

// Entries and Object.fromEntries throughout: assigning to a field named `__proto__` would set no field.

/** Those of `fields` that `names` names; absent ones are left out. */
export const pick = (fields: Sensitive<Fields>, names: readonly string[]): Sensitive<Fields> =>
  fields.map((all) => Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name))))

/** `fields` with those of `own` laid over. */
export const layOver = (fields: Sensitive<Fields>, own: Sensitive<Fields>): Sensitive<Fields> =>
  fields.map((all) => Object.fromEntries([...Object.entries(all), ...Object.entries(own.reveal())]))

/** `fields` without those that `names` names. */
export const without = (fields: Sensitive<Fields>, names: readonly string[]): Sensitive<Fields> =>
  fields.map((all) => Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name))))

export const namesOf = (fields: Sensitive<Fields>): readonly string[] => Object.keys(fields.reveal())

/** Same names with the same values, in whatever order. */
export function sameFields(a: Sensitive<Fields>, b: Sensitive<Fields>): boolean {
  const [left, right] = [new Map(Object.entries(a.reveal())), new Map(Object.entries(b.reveal()))]
  return left.size === right.size && [...left].every(([name, value]) => right.get(name) === value)
}

export const NO_FIELDS: Sensitive<Fields> = new Sensitive({})
