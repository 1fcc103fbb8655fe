import { KeyturnError } from '../../src/errors.ts'
import { findSecret } from '../../src/inventory/lookup.ts'
import { adopt } from '../../src/rotation/decide.ts'
import type { Run } from '../context.ts'
import { dateOption, textOption } from '../options.ts'

/** Evidence from a person about the age of the current value; shown as claimed. */
export const run: Run = async (context, [name = ''], options) => {
  const engine = await (await context.app()).engine()
  const secret = findSecret(engine.inventory(), name)
  const bornAt = dateOption(options, 'created')
  const evidence = textOption(options, 'evidence')
  if (bornAt === undefined)
    throw new KeyturnError('USAGE', 'adopt wants --created DATE', { hint: `secrets adopt ${name} --created 2026-09-02 --evidence "how you know"` })
  if (evidence === undefined || evidence.trim() === '') throw new KeyturnError('USAGE', 'adopt wants --evidence TEXT: how you know; it goes into the history')
  await adopt(engine, secret, { bornAt, evidence })
  if (context.options.json) context.out.document({ schema: 'keyturn/adopt@1', name: secret.name, createdAt: new Date(bornAt).toISOString() })
  else context.out.say(`${secret.name}: recorded as made on ${new Date(bornAt).toISOString().slice(0, 10)} (claimed)`)
  return 0
}
