import { readFileSync } from 'node:fs'
import { isKeyturnError, KeyturnError } from '../src/errors.ts'
import { findSecret } from '../src/inventory/lookup.ts'
import type { Engine } from '../src/rotation/engine.ts'
import type { Secret } from '../src/terms.ts'
import type { CommandContext } from './context.ts'

/**
 * The secret of a name or a variable. A variable that the inventory does not know is declared in it first, with the rotator that
 * its name suggests; comments of the file stay.
 */
export async function declareSecret(
  context: CommandContext,
  name: string,
): Promise<{ readonly engine: Engine; readonly secret: Secret; readonly declared: boolean }> {
  const app = await context.app()
  const engine = await app.engine()
  try {
    return { engine, secret: findSecret(app.inventory, name), declared: false }
  } catch (error) {
    if (!isKeyturnError(error, 'NAME_UNKNOWN')) throw error
    if (!/^[A-Z][A-Z0-9_]*$/.test(name)) {
      throw new KeyturnError('NAME_UNKNOWN', error.message, { hint: `${error.hint}; a new one is declared by its variable, such as OPENAI_API_KEY` })
    }
  }
  const [{ addSecret }, { saveInventory }, { suggestRotator }] = await Promise.all([
    import('../src/inventory/edit.ts'),
    import('../src/inventory/save.ts'),
    import('../src/inventory/names.ts'),
  ])
  const { file } = app.inventory
  const text = readFileSync(file, 'utf8')
  const secretName = freeName(name, app.inventory.secrets)
  const { kind, reason } = suggestRotator(name)
  const rotator = kind === 'none' ? { rotator: { kind }, reason } : { rotator: { kind } }
  await saveInventory(file, text, addSecret(text, { name: secretName, env: { [name]: 'value' }, ...rotator }), app.random)
  context.out.note(`${file}: declared ${secretName} (${name}, rotator ${kind})`)
  const again = await context.reopen()
  return { engine: await again.engine(), secret: findSecret(again.inventory, name), declared: true }
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
