import { readFileSync } from 'node:fs'
import { environment, loadKinds } from '../../src/app.ts'
import { fromFileSystem, isKeyturnError, KeyturnError } from '../../src/errors.ts'
import { removeSecret } from '../../src/inventory/edit.ts'
import { loadInventoryText } from '../../src/inventory/load.ts'
import { findSecret } from '../../src/inventory/lookup.ts'
import { saveInventory } from '../../src/inventory/save.ts'
import { stateOf } from '../../src/rotation/open.ts'
import type { Inventory, Secret } from '../../src/terms.ts'
import type { Run } from '../context.ts'
import { textOption } from '../options.ts'

/** Takes a secret out of the inventory. Its versions stay in the store, and its line in the files, which are yours. */
export const run: Run = async (context, [name = ''], options) => {
  const app = await context.app()
  const engine = await app.engine()
  const secret = findSecret(app.inventory, name)
  const state = await stateOf(engine, secret)
  if (state?.rotation) {
    throw new KeyturnError('ROTATION_OPEN', `${secret.name}: a rotation is open, and its old value must not be forgotten`, {
      hint: `let it end (secrets status ${secret.name}), or secrets rollback ${secret.name}`,
    })
  }
  const [before, after] = await without(app.inventory, secret)
  if (!(await context.prompts.confirm(`Take ${secret.name} out of ${app.inventory.file}? Its versions stay in the store.`, false))) {
    throw new KeyturnError('CONFIRMATION_FAILED', 'nothing was changed', { hint: 'answer with y, or use --yes' })
  }
  const store = await app.store(secret.store)
  // What could fail, fails before anything is changed.
  await store.ready()
  await saveInventory(app.inventory.file, before, after, app.random)
  await store.withdraw(secret.path, secret.fields)
  const reason = textOption(options, 'reason')
  if (state) {
    const facts = { kind: 'removed' as const, ...(reason !== undefined && { reason }) }
    await engine.ledger.append(state.stream, state.seq + 1, { type: 'saw', facts }, { policy: secret.policy })
  }
  const left = Object.keys(secret.env)
  if (context.options.json) context.out.document({ schema: 'keyturn/rm@1', name: secret.name, variables: left })
  else context.out.say(`${secret.name}: taken out of the inventory${left.length > 0 ? `; ${left.join(', ')} stays in your files until you take it out` : ''}`)
  return 0
}

/** The inventory's text, and what it would be without the secret. USAGE where it stands elsewhere or something still needs it. */
async function without(inventory: Inventory, secret: Secret): Promise<readonly [before: string, after: string]> {
  const { file } = inventory
  const before = textOf(file)
  const after = removeSecret(before, secret.name)
  if (after === before) {
    throw new KeyturnError('USAGE', `${secret.name} is not declared in ${file} itself`, {
      hint: 'it stands in a file that this one extends: take it out there',
    })
  }
  try {
    loadInventoryText(after, file, { cwd: inventory.dir, environment: inventory.environment, kinds: await loadKinds(), host: environment().host })
  } catch (error) {
    if (!isKeyturnError(error, 'CONFIG_INVALID')) throw error
    const details = error.details.length > 0 ? error.details : [error.message]
    throw new KeyturnError('USAGE', `${secret.name} cannot be taken out: ${file} still needs it`, { details, hint: 'change these places first' })
  }
  return [before, after]
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw fromFileSystem(error, 'read', file)
  }
}
