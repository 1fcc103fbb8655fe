import { expect, test } from 'vitest'
import { outputsOf } from '../../src/rotation/gate.ts'
import type { Inventory, Secret } from '../../src/terms.ts'

/** Which of some outputs have to hold the new value of `db` before the old one may die. */
function filesOf(
  outputs: readonly { readonly file: string; readonly only?: readonly string[]; readonly vars?: Record<string, string> }[],
  env = { DB: 'value' },
) {
  const inventory = { outputs: outputs.map((one) => ({ only: null, vars: {}, ...one })) } as unknown as Inventory
  return outputsOf(inventory, { name: 'db', env } as unknown as Secret).map(({ file }) => file)
}

test('an output that only uses a secret in a template counts, whatever its "only" says', () => {
  const url = { URL: 'pg://{ db.value | url }@h' }
  expect(
    filesOf([{ file: 'a' }, { file: 'b', only: ['api'] }, { file: 'c', only: ['api'], vars: url }, { file: 'd', vars: { X: '{dbx.value}' }, only: [] }]),
  ).toEqual(['a', 'c'])
  expect(filesOf([{ file: 'a' }, { file: 'b', vars: { LIST: '{db.value|both}' } }], {} as { DB: string })).toEqual(['b'])
})
