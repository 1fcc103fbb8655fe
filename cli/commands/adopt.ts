import { KeyturnError } from '../../src/errors.ts'
import { findSecret } from '../../src/inventory/lookup.ts'
import { iso } from '../../src/reports/moments.ts'
import { adopt, previousOf } from '../../src/rotation/decide.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import { stateOf } from '../../src/rotation/open.ts'
import type { Handle, Json, Secret, Token } from '../../src/terms.ts'
import type { Run } from '../context.ts'
import { parseMoment } from '../moment.ts'
import { textOption } from '../options.ts'

/** Evidence from a person: how old the current value is (shown as claimed), or which key it is at its provider. */
export const run: Run = async (context, [name = ''], options) => {
  const created = textOption(options, 'created')
  const id = textOption(options, 'id')
  const evidence = textOption(options, 'evidence')?.trim() ?? ''
  if (created === undefined && id === undefined)
    throw new KeyturnError('USAGE', 'adopt wants --created DATE or --id ID', {
      hint: `secrets adopt ${name} --created 2026-09-02 --evidence "how you know"`,
    })
  if (evidence === '') throw new KeyturnError('USAGE', 'adopt wants --evidence TEXT: how you know; it goes into the history')
  const bornAt = created === undefined ? undefined : parseMoment(created, '--created')
  const engine = await (await context.app()).engine()
  const secret = findSecret(engine.inventory(), name)
  if (bornAt !== undefined && bornAt > engine.clock.now()) throw new KeyturnError('USAGE', `--created: ${created} lies in the future`)
  if (bornAt !== undefined && options.previous !== true) {
    const current = (await stateOf(engine, secret))?.current
    if (current?.source === 'git' && current.bornAt !== null && current.bornAt < bornAt)
      throw new KeyturnError('USAGE', `${secret.name}: git has this very value since ${new Date(current.bornAt).toISOString().slice(0, 10)}`, {
        hint: `it cannot be younger than that: secrets rotate ${secret.name}`,
      })
  }
  const handle: Handle | undefined = id === undefined ? undefined : { rotator: secret.rotator.kind, params: secret.rotator.params as Json, id: parseId(id) }
  const token = options.previous === true ? await previousToken(engine, secret) : undefined
  await adopt(engine, secret, { evidence, ...(token !== undefined && { token }), ...(bornAt !== undefined && { bornAt }), ...(handle && { handle }) })
  if (context.options.json) {
    const createdAt = iso(bornAt ?? null)
    context.out.document({ schema: 'keyturn/adopt@1', name: secret.name, createdAt, id: handle?.id ?? null })
    return 0
  }
  if (created !== undefined) context.out.say(`${secret.name}: recorded as made on ${created.slice(0, 10)} (claimed)`)
  if (id !== undefined) context.out.say(`${secret.name}: recorded as ${id} at its provider`)
  return 0
}

/** That of the value on its way out, or the one before the current. */
async function previousToken(engine: Engine, secret: Secret): Promise<Token> {
  const state = await stateOf(engine, secret)
  const previous = state?.rotation?.promote ? state.rotation.retiring : state && previousOf(state)
  if (!previous) throw new KeyturnError('NOTHING_OPEN', `${secret.name}: there is no earlier version`)
  return previous.token
}

/** As the rotator gave it: most are plain texts, some an object. */
function parseId(text: string): Json {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new KeyturnError('USAGE', `--id: this begins like JSON and is none`, { hint: 'secrets history NAME --json shows how ids look' })
  }
}
