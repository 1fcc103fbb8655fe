import { readFileSync } from 'node:fs'
import { KeyturnError } from '../../src/errors.ts'
import { removeSecret } from '../../src/inventory/edit.ts'
import { findSecret } from '../../src/inventory/lookup.ts'
import { saveInventory } from '../../src/inventory/save.ts'
import { stateOf } from '../../src/rotation/open.ts'
import type { Run } from '../context.ts'

/** Takes a secret out of the inventory. Its versions stay in the store, and its line in the files, which are yours. */
export const run: Run = async (context, [name = '']) => {
  const app = await context.app()
  const engine = await app.engine()
  const secret = findSecret(app.inventory, name)
  const state = await stateOf(engine, secret)
  if (state?.rotation) {
    throw new KeyturnError('ROTATION_OPEN', `${secret.name}: a rotation is open, and its old value must not be forgotten`, {
      hint: `let it end (secrets status ${secret.name}), or secrets rollback ${secret.name}`,
    })
  }
  const text = readFileSync(app.inventory.file, 'utf8')
  const without = removeSecret(text, secret.name)
  if (without === text) {
    throw new KeyturnError('USAGE', `${secret.name} is not declared in ${app.inventory.file} itself`, {
      hint: 'it stands in a file that this one extends: take it out there',
    })
  }
  if (!(await context.prompts.confirm(`Take ${secret.name} out of ${app.inventory.file}? Its versions stay in the store.`, false))) {
    throw new KeyturnError('CONFIRMATION_FAILED', 'nothing was changed', { hint: 'answer with y, or use --yes' })
  }
  await saveInventory(app.inventory.file, text, without, app.random)
  const store = await app.store(secret.store)
  await store.withdraw(secret.path, secret.fields)
  if (state) await engine.ledger.append(state.stream, state.seq + 1, { type: 'saw', facts: { kind: 'removed' } }, { policy: secret.policy })
  const left = Object.keys(secret.env)
  if (context.options.json) context.out.document({ schema: 'keyturn/rm@1', name: secret.name, variables: left })
  else context.out.say(`${secret.name}: taken out of the inventory${left.length > 0 ? `; ${left.join(', ')} stays in your files until you take it out` : ''}`)
  return 0
}
