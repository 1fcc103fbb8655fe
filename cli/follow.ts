import type { Engine } from '../src/rotation/engine.ts'
import { stateOf } from '../src/rotation/open.ts'
import { outcomeOf } from '../src/rotation/outcome.ts'
import { settle } from '../src/rotation/settle.ts'
import type { Secret } from '../src/terms.ts'
import type { CommandContext } from './context.ts'

const PATIENCE_MS = 60_000

/** Lets one rotation go on as far as it can now, and says how it stands. */
export async function follow(context: CommandContext, engine: Engine, secret: Secret, rotation: string | null, command: string): Promise<number> {
  const settled = await settle(engine, [secret], { patientUntil: engine.clock.now() + PATIENCE_MS })
  const outcome = outcomeOf(await stateOf(engine, secret), settled.secrets.get(secret.id) ?? { kind: 'idle' }, rotation)
  // Going back is what a rollback is for: there it is no failure.
  const failed = outcome.kind === 'attention' || (outcome.kind === 'back' && command !== 'rollback')
  const until = outcome.oldValidUntil === null ? null : new Date(outcome.oldValidUntil).toISOString()
  if (context.options.json) context.out.document({ schema: `keyturn/${command}@1`, name: secret.name, ...outcome, oldValidUntil: until })
  else if (!failed) context.out.say(`${secret.name}: ${outcome.message}${until === null ? '' : ` ${until}`}`)
  if (failed) context.out.warn(`${secret.name}: ${outcome.message}`, outcome.hint ?? `secrets status ${secret.name}`)
  return failed ? 1 : 0
}
