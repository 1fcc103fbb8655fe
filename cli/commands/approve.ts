import { KeyturnError } from '../../src/errors.ts'
import { approve, stuckStep } from '../../src/rotation/decide.ts'
import { openOrDeclared } from '../../src/rotation/left.ts'
import { stateOf } from '../../src/rotation/open.ts'
import type { Run } from '../context.ts'
import { follow } from '../follow.ts'
import { textOption } from '../options.ts'

const WHAT = {
  proof: 'that everything runs on the new value',
  create: 'that the new value is stored',
  set: 'that the provider has the new value',
  test: 'that the new value is accepted',
  promote: 'that readers get the new value',
  revoke: 'that the old value is dead at the provider',
  clock: 'that the clock is right now',
  restore: 'that no newer value is in use than the backup has',
} as const

/** A person vouches for the one thing that is stuck. It is named first; what was appended meanwhile makes the answer void. */
export const run: Run = async (context, [name = ''], options) => {
  const reason = textOption(options, 'reason')
  if (reason === undefined || reason.trim() === '') throw new KeyturnError('USAGE', 'approve wants --reason TEXT: it goes into the history')
  const engine = await (await context.app()).engine()
  const secret = await openOrDeclared(engine, name)
  const before = await stateOf(engine, secret)
  if (!before) throw new KeyturnError('NOTHING_OPEN', `${secret.name}: nothing is recorded of it yet`)
  const what = WHAT[await stuckStep(engine, secret, before)]
  if (context.prompts.possible) await context.prompts.agreed(`Vouch ${what} (${secret.name}, event ${before.seq})?`, { left: 'nothing was recorded' })
  await approve(engine, secret, reason, before.seq)
  context.out.note(`recorded: you vouch ${what}, in answer to event ${before.seq}`)
  return follow(context, engine, secret, before.rotation?.id ?? null, 'approve')
}
