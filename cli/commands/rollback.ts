import { findSecret } from '../../src/inventory/lookup.ts'
import { rollback } from '../../src/rotation/decide.ts'
import type { Run } from '../context.ts'
import { follow } from '../follow.ts'
import { textOption } from '../options.ts'

/** Goes back to the previous version while it still works. */
export const run: Run = async (context, [name = ''], options) => {
  const engine = await (await context.app()).engine()
  const secret = findSecret(engine.inventory(), name)
  const state = await rollback(engine, secret, textOption(options, 'reason') ?? 'secrets rollback')
  return follow(context, engine, secret, state.rotation?.id ?? null, 'rollback')
}
