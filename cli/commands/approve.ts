import { KeyturnError } from '../../src/errors.ts'
import { findSecret } from '../../src/inventory/lookup.ts'
import { approve } from '../../src/rotation/decide.ts'
import { stateOf } from '../../src/rotation/open.ts'
import type { Run } from '../context.ts'
import { follow } from '../follow.ts'
import { textOption } from '../options.ts'

const WHAT = {
  proof: 'that everything runs on the new value',
  create: '',
  set: 'that the provider has the new value',
  test: 'that the new value is accepted',
  promote: '',
  revoke: 'that the old value is dead at the provider',
  clock: 'that the clock is right now',
} as const

/** A person vouches for the one thing that is stuck; it is asked for by name before it is recorded. */
export const run: Run = async (context, [name = ''], options) => {
  const engine = await (await context.app()).engine()
  const secret = findSecret(engine.inventory(), name)
  const reason = textOption(options, 'reason')
  if (reason === undefined || reason.trim() === '') throw new KeyturnError('USAGE', 'approve wants --reason TEXT: it goes into the history')
  const before = await stateOf(engine, secret)
  const rotation = before?.rotation?.id ?? null
  const { step } = await approve(engine, secret, reason, before?.seq)
  context.out.note(`recorded: you vouch ${WHAT[step]}`)
  return follow(context, engine, secret, rotation, 'approve')
}
