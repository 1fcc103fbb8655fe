import { nearest } from '../../src/inventory/nearest.ts'
import { currentAndPrevious } from '../../src/rotation/context.ts'
import { compareOutput } from '../../src/rotation/deliver.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import { outputsOf } from '../../src/rotation/gate.ts'
import { introduce } from '../../src/rotation/introduce.ts'
import { noticeForeign, openRotation, stateOf } from '../../src/rotation/open.ts'
import { rotationOf } from '../../src/rotation/resume.ts'
import { settle } from '../../src/rotation/settle.ts'
import type { Sensitive } from '../../src/sensitive.ts'
import type { Fields, Secret, VersionState } from '../../src/terms.ts'
import type { CommandContext, Run } from '../context.ts'
import { secretToSet } from '../declare-secret.ts'
import { follow, hostFailures, sayOnce, sayRestarts, sayWaits } from '../follow.ts'
import { textOption } from '../options.ts'
import { editedIn, sayEdited } from '../sync-report.ts'
import { fieldOf, requireStrong, valueFrom } from '../value.ts'

/** A first value is stored and written; what a file needs longer for is tried again by the next command. */
const PATIENCE_MS = 30_000

/** Gives a value: a new name is declared first; a known one is rotated to the value given. Given again, what was interrupted goes on. */
export const run: Run = async (context, [name = ''], options) => {
  const app = await context.app()
  const { secret, declare } = await secretToSet(app, name)
  if (declare !== null) await confirmNew(context, app.inventory.secrets, name)
  const field = fieldOf(secret, name, options)
  const value = await valueFrom(context, options, `Value of ${declare ? name : secret.name}: `)
  const fields = value.map((text) => ({ [field]: text }) as Fields)
  if (declare !== null) {
    // Nothing is declared for a value that is refused.
    await requireStrong(await app.engine(), secret, fields, options)
    await declare()
    context.out.note(`${app.inventory.file}: declared ${secret.name} (${name}, rotator ${secret.rotator.kind})`)
    return first(context, await (await context.reopen()).engine(), secret, fields)
  }
  const engine = await app.engine()
  const resumed = await rotationOf(engine, secret, fields)
  if (resumed !== null) return follow(context, engine, secret, resumed, 'set')
  const state = await stateOf(engine, secret)
  const before = state?.current ? await currentFields(engine, secret) : null
  if (before?.tells((old) => value.tells((text) => old[field] === text))) {
    // Stored, but perhaps by a command that was ended before it was recorded, or stood in the files.
    await noticeForeign(engine, secret, await stateOf(engine, secret))
    await settle(engine, [secret], { patientUntil: engine.clock.now() })
    if (context.options.json) context.out.document({ schema: 'keyturn/set@1', name: secret.name, kind: 'same' })
    else context.out.say(`${secret.name}: this is the current value already; nothing was changed`)
    return 0
  }
  await requireStrong(engine, secret, fields, options)
  if (before === null) return first(context, engine, secret, fields)
  const merged = before.with(fields, (old, given) => ({ ...old, ...given }))
  if (engine.rotators.get(secret.rotator.kind)?.never) return first(context, engine, secret, merged)
  // A field that had no value yet completes the version that is there: no credential is replaced.
  const isNewField = before.tells((old) => (old[field] ?? '') === '')
  if (isNewField && state?.current && !state.rotation) return first(context, engine, secret, merged, state.current)
  const opened = await openRotation(engine, secret, { given: fields, reason: textOption(options, 'reason') ?? 'secrets set' })
  return follow(context, engine, secret, opened.rotation?.id ?? null, 'set')
}

/** A name that is nearly a known one may be mistyped. */
async function confirmNew(context: CommandContext, secrets: readonly Secret[], name: string): Promise<void> {
  const close = nearest(
    name,
    secrets.flatMap((secret) => Object.keys(secret.env)),
  )
  if (close === null || context.options.yes) return
  if (!context.prompts.possible) {
    context.out.warn(`${name} is new, and ${close} is declared already`, `if you meant that one: secrets rm ${name}`)
    return
  }
  await context.prompts.agreed(`${name} is new; ${close} is declared already. Declare ${name} as well?`, { hint: `secrets set ${close}` })
}

async function currentFields(engine: Engine, secret: Secret): Promise<Sensitive<Fields> | null> {
  const [fields] = await currentAndPrevious(engine, secret.name)
  return fields ?? null
}

/** The first value, or that of a secret that is never rotated: stored, made current and delivered; nobody's credential ends. */
async function first(context: CommandContext, engine: Engine, secret: Secret, fields: Sensitive<Fields>, age?: VersionState): Promise<number> {
  await introduce(engine, secret, fields, age ? { bornAt: age.bornAt, source: age.source } : { bornAt: engine.clock.now(), source: 'first-seen' })
  await settle(engine, [secret], {
    patientUntil: engine.clock.now() + PATIENCE_MS,
    onWait: sayWaits(context, engine, [secret]),
    onNote: sayOnce(context),
    retry: 'secrets set',
  })
  const outputs = outputsOf(engine.inventory(), secret).filter((o) => o.host === engine.host)
  const files = outputs.map((o) => o.file)
  const failures = (await hostFailures(engine)).filter(([on]) => files.some((file) => on === file || on.startsWith(`${file} consumer `)))
  const unfailed = outputs.filter(({ file }) => !failures.some(([on]) => on === file))
  const edited = editedIn(await Promise.all(unfailed.map((o) => compareOutput(engine, o)))).filter(({ name }) => Object.hasOwn(secret.env, name))
  const written = unfailed.map((o) => o.file).filter((file) => !edited.some((one) => one.file === file))
  if (context.options.json) context.out.document({ schema: 'keyturn/set@1', name: secret.name, kind: 'stored', files: written })
  else context.out.say(`${secret.name}: stored${written.length > 0 ? ` and written to ${written.join(', ')}` : ''}`)
  for (const [on, f] of failures) context.out.warn(`${on}: ${f.message}`, `${f.hint} Then: secrets sync`)
  for (const one of edited) sayEdited(context, engine, one)
  if (failures.length + edited.length > 0) return 1
  sayRestarts(context, engine, [secret])
  return 0
}
