import { rollback } from '../../src/rotation/decide.ts'
import { openOrDeclared } from '../../src/rotation/left.ts'
import { stateOf } from '../../src/rotation/open.ts'
import type { Run } from '../context.ts'
import { follow } from '../follow.ts'
import { textOption } from '../options.ts'

/** Goes back to the previous version while it still works. */
export const run: Run = async (context, [name = ''], options) => {
  const engine = await (await context.app()).engine()
  const secret = await openOrDeclared(engine, name)
  const before = (await stateOf(engine, secret))?.rotation
  const { rotation, current } = await rollback(engine, secret, textOption(options, 'reason') ?? 'secrets rollback')
  // Out of a backup: closed where it stood.
  if (rotation === null) return follow(context, engine, secret, before?.id ?? null, 'rollback')
  const wanted = rotation.back ? current?.token : rotation.made?.token
  const status = await follow(context, engine, secret, rotation.id, 'rollback')
  const after = await stateOf(engine, secret)
  const kept = after?.rotation && !after.rotation.back ? after.rotation.made : after?.current
  if (kept?.token === wanted) return status
  context.out.warn(
    `${secret.name}: the previous value is refused by its provider, so it stays at version ${after?.current?.n}`,
    `secrets rotate ${secret.name}`,
  )
  return 1
}
