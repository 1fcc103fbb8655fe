import { KeyturnError } from '../../src/errors.ts'
import { findSecret } from '../../src/inventory/lookup.ts'
import { currentAndPrevious } from '../../src/rotation/context.ts'
import type { Run } from '../context.ts'
import { fieldOf } from '../value.ts'

/** Prints one value: into a pipe as it is, on a terminal only with --reveal. */
export const run: Run = async (context, [name = ''], options) => {
  const engine = await (await context.app()).engine()
  const secret = findSecret(engine.inventory(), name)
  const field = fieldOf(secret, name, options)
  if (context.options.json) throw new KeyturnError('USAGE', '--json never holds a value', { hint: `secrets get ${name} | ...` })
  if (context.out.terminal && options.reveal !== true) {
    throw new KeyturnError('USAGE', 'this is a terminal: the value would stay in its scrollback', { hint: `secrets get ${name} --reveal, or use a pipe` })
  }
  const [fields] = await currentAndPrevious(engine, secret.name)
  const value = fields?.reveal()[field]
  if (value === undefined) throw new KeyturnError('VALUE_MISSING', `${secret.name} has no value for ${field}`, { hint: `secrets set ${name}` })
  // A newline for people; a pipe gets the value and nothing else.
  await context.out.stream(context.out.terminal ? [value, '\n'] : [value])
  return 0
}
