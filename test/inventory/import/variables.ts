import { classify, type EnvVariable, type Kind } from '../../../src/inventory/import/classify.ts'
import { Sensitive } from '../../../src/sensitive.ts'

/** Variables of an env file, for tests that ask what kind they are. */

export const variable = (name: string, value: string, comments: readonly string[] = [], written = value): EnvVariable => ({
  name,
  value: new Sensitive(value),
  written: new Sensitive(written),
  line: 1,
  comments,
  quoting: 'none',
  duplicate: false,
  swallowed: false,
})

/** What it is, with empty variables of these names beside it. */
export const kindOf = (name: string, value = '', beside: readonly string[] = [], comments: readonly string[] = []): Kind | undefined =>
  classify([variable(name, value, comments), ...beside.map((other) => variable(other, ''))])[0]?.kind

/** Values as a program draws them. */
export const DRAWN = 'Zq3vT8yLk2PwXr5NbJ7mHd4c'
export const HEX = '9f86d081884c7d659a2feaa0c55ad015'
