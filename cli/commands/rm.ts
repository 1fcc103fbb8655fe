import type { App } from '../../src/app.ts'
import { isKeyturnError, KeyturnError } from '../../src/errors.ts'
import { removeSecret } from '../../src/inventory/edit.ts'
import { saveInventory } from '../../src/inventory/save.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import { openOrDeclared } from '../../src/rotation/left.ts'
import { stateOf } from '../../src/rotation/open.ts'
import type { Inventory, Secret, SecretState } from '../../src/terms.ts'
import type { CommandContext, Run } from '../context.ts'
import { inventoryOf, textOf } from '../declare-secret.ts'
import { type Left, leftInStore } from '../left-in-store.ts'
import { textOption } from '../options.ts'

/**
 * Takes a secret out of the inventory. Its versions stay in the store, and its line in the files, which are yours. Given again after
 * it was ended in the middle, it takes the rest.
 */
export const run: Run = async (context, [name = ''], options) => {
  const app = await context.app()
  const engine = await app.engine()
  const secret = await openOrDeclared(engine, name).catch(async (error: unknown) => {
    const left = isKeyturnError(error, 'NAME_UNKNOWN') ? await leftInStore(app, name) : null
    if (left === null) throw error
    return left
  })
  const reason = textOption(options, 'reason')
  return 'state' in secret ? takeRest(context, app, secret, reason) : take(context, app, secret, reason)
}

async function take(context: CommandContext, app: App, secret: Secret, reason: string | undefined): Promise<number> {
  const engine = await app.engine()
  const state = await stateOf(engine, secret)
  if (state?.rotation) {
    throw new KeyturnError('ROTATION_OPEN', `${secret.name}: a rotation is open, and its old value must not be forgotten`, {
      hint: `let it end (secrets status ${secret.name}), or secrets rollback ${secret.name}`,
    })
  }
  const [before, after] = await without(app.inventory, secret)
  await context.prompts.agreed(`Take ${secret.name} out of ${app.inventory.file}? Its versions stay in the store.`)
  const store = await app.store(secret.store)
  // What could fail, fails before anything is changed.
  await store.ready()
  await saveInventory(app.inventory.file, before, after, app.random)
  await store.withdraw(secret.path, secret.fields)
  if (state) await recordRemoved(engine, state, reason)
  const left = Object.keys(secret.env)
  if (context.options.json) context.out.document({ schema: 'keyturn/rm@1', name: secret.name, variables: left })
  else context.out.say(`${secret.name}: taken out of the inventory${left.length > 0 ? `; ${left.join(', ')} stays in your files until you take it out` : ''}`)
  return 0
}

/** Ends what an `rm` began that was ended in the middle: the inventory no longer has it, and its value is still what readers get. */
async function takeRest(context: CommandContext, app: App, { state, path, fields }: Left, reason: string | undefined): Promise<number> {
  const name = state.secret
  const engine = await app.engine()
  await context.prompts.agreed(`${name} is no longer in ${app.inventory.file}. Take what is left of it out of the store? Its versions stay.`)
  if (fields.length > 0) await (await app.localStore()).withdraw(path, fields)
  if (!state.removed) await recordRemoved(engine, state, reason)
  if (context.options.json) context.out.document({ schema: 'keyturn/rm@1', name, variables: [] })
  else context.out.say(`${name}: it had left the inventory already; ${fields.length > 0 ? 'its value is taken out of the store now' : 'that is recorded now'}`)
  return 0
}

async function recordRemoved(engine: Engine, { stream, seq }: SecretState, reason: string | undefined): Promise<void> {
  const facts = { kind: 'removed' as const, ...(reason !== undefined && { reason }) }
  await engine.ledger.append(stream, seq + 1, { type: 'saw', facts }, { policy: engine.inventory().policy })
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
    await inventoryOf(inventory, after)
  } catch (error) {
    if (!isKeyturnError(error, 'CONFIG_INVALID')) throw error
    const details = error.details.length > 0 ? error.details : [error.message]
    throw new KeyturnError('USAGE', `${secret.name} cannot be taken out: ${file} still needs it`, { details, hint: 'change these places first' })
  }
  return [before, after]
}
