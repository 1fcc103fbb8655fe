import { readFileSync } from 'node:fs'
import { type App, environment, loadKinds } from '../src/app.ts'
import { fromFileSystem, isKeyturnError, KeyturnError } from '../src/errors.ts'
import { findSecret } from '../src/inventory/lookup.ts'
import type { Inventory, Secret } from '../src/terms.ts'

/** A secret that is in the inventory, or one that can be declared in it. */
export interface Declared {
  readonly secret: Secret
  /** Writes the declaration into the inventory; comments of the file stay. `null`: it stands there already. */
  readonly declare: (() => Promise<void>) | null
}

/**
 * The secret of a name or a variable. A variable that the inventory does not know can be declared in it, with the rotator that its
 * name suggests: nothing is written before `declare` is called. NAME_UNKNOWN for what is no variable either; CONFIG_INVALID where the
 * declaration would not fit.
 */
export async function secretToSet(app: App, name: string): Promise<Declared> {
  try {
    return { secret: findSecret(app.inventory, name), declare: null }
  } catch (error) {
    if (!isKeyturnError(error, 'NAME_UNKNOWN')) throw error
    if (!/^[A-Z][A-Z0-9_]*$/.test(name)) {
      throw new KeyturnError('NAME_UNKNOWN', error.message, { hint: `${error.hint} A new one is declared by its variable, such as OPENAI_API_KEY.` })
    }
  }
  const [{ addSecret }, { suggestRotator }] = await Promise.all([import('../src/inventory/edit.ts'), import('../src/inventory/names.ts')])
  const { file, secrets } = app.inventory
  const secretName = freeName(name, secrets)
  const { kind, reason } = suggestRotator(name)
  const rotator = kind === 'none' ? { rotator: { kind }, reason } : { rotator: { kind } }
  const before = textOf(file)
  const after = addSecret(before, { name: secretName, env: { [name]: 'value' }, ...rotator })
  return { secret: findSecret(await inventoryOf(app.inventory, after), name), declare: () => save(app, before, after) }
}

async function save(app: App, before: string, after: string): Promise<void> {
  const { saveInventory } = await import('../src/inventory/save.ts')
  await saveInventory(app.inventory.file, before, after, app.random)
}

/** What an inventory would be with this text. @throws CONFIG_INVALID with every problem */
export async function inventoryOf({ file, dir, environment: name }: Inventory, text: string): Promise<Inventory> {
  const { loadInventoryText } = await import('../src/inventory/load.ts')
  return loadInventoryText(text, file, { cwd: dir, environment: name, kinds: await loadKinds(), host: environment().host })
}

/** The text of an inventory. @throws FILE_UNREADABLE */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw fromFileSystem(error, 'read', file)
  }
}

/** `OPENAI_API_KEY` becomes `openai`, or the whole name where that is taken. */
function freeName(variable: string, taken: readonly Secret[]): string {
  const long = variable.toLowerCase().replaceAll('_', '-')
  const short = long.replace(/-(api-key|api-token|auth-token|key|token|secret|password|pass)$/, '')
  const free = [short, long].find((candidate) => candidate !== '' && !taken.some((s) => s.name === candidate || s.id === candidate))
  if (free === undefined)
    throw new KeyturnError('CONFIG_INVALID', `${variable}: the names ${short} and ${long} are taken`, { hint: 'declare it in secrets.yaml under another name' })
  return free
}
