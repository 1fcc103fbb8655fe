import { currentAndPrevious } from '../../src/rotation/context.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import { introduce, openRotation, stateOf } from '../../src/rotation/open.ts'
import { settle } from '../../src/rotation/settle.ts'
import type { Sensitive } from '../../src/sensitive.ts'
import type { Fields, Secret } from '../../src/terms.ts'
import type { CommandContext, Run } from '../context.ts'
import { declareSecret } from '../declare-secret.ts'
import { follow } from '../follow.ts'
import { textOption } from '../options.ts'
import { fieldOf, requireStrong, valueFrom } from '../value.ts'

/** Gives a value: a new name is declared first; a known one is rotated to the value given. */
export const run: Run = async (context, [name = ''], options) => {
  const { engine, secret, declared } = await declareSecret(context, name)
  const field = fieldOf(secret, name, options)
  const value = await valueFrom(context, options, `Value of ${declared ? name : secret.name}: `)
  const fields = value.map((text) => ({ [field]: text }) as Fields)
  const state = await stateOf(engine, secret)
  const before = state?.current ? await currentFields(engine, secret) : null
  if (before?.tells((old) => value.tells((text) => old[field] === text))) {
    if (context.options.json) context.out.document({ schema: 'keyturn/set@1', name: secret.name, kind: 'same' })
    else context.out.say(`${secret.name}: this is the current value already; nothing was changed`)
    return 0
  }
  await requireStrong(engine, secret, fields, options)
  if (before === null || engine.rotators.get(secret.rotator.kind)?.never)
    return first(context, engine, secret, before ? before.with(fields, (old, given) => ({ ...old, ...given })) : fields)
  const opened = await openRotation(engine, secret, { given: fields, reason: textOption(options, 'reason') ?? 'secrets set' })
  return follow(context, engine, secret, opened.rotation?.id ?? null, 'set')
}

async function currentFields(engine: Engine, secret: Secret): Promise<Sensitive<Fields> | null> {
  const [fields] = await currentAndPrevious(engine, secret.name)
  return fields ?? null
}

/** The first value, or that of a secret that is never rotated: stored, made current and delivered; nobody's credential ends. */
async function first(context: CommandContext, engine: Engine, secret: Secret, fields: Sensitive<Fields>): Promise<number> {
  await introduce(engine, secret, fields, { bornAt: engine.clock.now(), source: 'first-seen' })
  const settled = await settle(engine, [secret], { patientUntil: engine.clock.now() + 30_000 })
  const files = engine.inventory().outputs.filter((o) => o.host === engine.host && (o.only === null || o.only.includes(secret.name)))
  if (context.options.json) context.out.document({ schema: 'keyturn/set@1', name: secret.name, kind: 'stored' })
  else context.out.say(`${secret.name}: stored${files.length > 0 ? ` and written to ${files.map((o) => o.file).join(', ')}` : ''}`)
  if (settled.host.kind === 'wait') context.out.warn(`${settled.host.on}: tried again later`, 'secrets sync')
  if (files.some((o) => o.consumers.length === 0)) context.out.note('restart whatever reads the file: nothing is declared that would do it')
  return 0
}
