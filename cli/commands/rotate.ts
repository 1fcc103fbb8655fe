import { KeyturnError } from '../../src/errors.ts'
import { findSecret } from '../../src/inventory/lookup.ts'
import { agendaOf } from '../../src/rotation/due.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import { forgetOld } from '../../src/rotation/forget.ts'
import { stateOf } from '../../src/rotation/open.ts'
import { planOf } from '../../src/rotation/plan.ts'
import { settle } from '../../src/rotation/settle.ts'
import { secretStates } from '../../src/rotation/surroundings.ts'
import type { Millis, Secret } from '../../src/terms.ts'
import type { CommandContext, Run } from '../context.ts'
import type { Options } from '../declare.ts'
import { isFailed, outcomeJson, sayOutcome, sayRestarts } from '../follow.ts'
import { sayMoment } from '../moment.ts'
import { durationOption, numberOption, textOption } from '../options.ts'
import { planText } from '../plan-text.ts'
import { type Result, rotateAll } from '../rotate-all.ts'
import { fitted } from '../wrap.ts'

/** Rotates the secrets named, or what is due. Returns after delivery; a later run revokes the old value. */
export const run: Run = async (context, names, options) => {
  const how = {
    compromised: options.compromised === true,
    waitMs: durationOption(options, 'wait'),
    concurrency: numberOption(options, 'concurrency') ?? 4,
    reason: textOption(options, 'reason'),
  }
  const engine = await (await context.app()).engine()
  const chosen = await choose(context, engine, names, options)
  if (options.dryRun === true) return showPlans(context, engine, chosen)
  const { secrets } = chosen
  if (secrets.length > 0 && !(await confirmed(context, engine, secrets, how.compromised))) return 0
  for (const line of notesOf(engine, chosen)) context.out.note(line)
  const results = secrets.length === 0 ? [] : await rotateAll(context, engine, secrets, { ...how, named: chosen.named })
  if (!chosen.named) await settle(engine, await sweptLater(engine), { patientUntil: engine.clock.now() })
  return report(context, engine, chosen, results)
}

interface Chosen {
  readonly secrets: readonly Secret[]
  /** Named ones are tried again where they wait for a person. */
  readonly named: boolean
  /** Due, and a person has to make the new value: listed, since nobody was named. */
  readonly guided: readonly Secret[]
  /** Due, but the window is closed. */
  readonly waiting: readonly Secret[]
  readonly opensAt: Millis | null
}

async function choose(context: CommandContext, engine: Engine, names: readonly string[], options: Options): Promise<Chosen> {
  const inventory = engine.inventory()
  const compromised = options.compromised === true
  const chosen = (secrets: readonly Secret[], more: Partial<Chosen> = {}): Chosen => ({
    ...{ secrets, named: false, guided: [], waiting: [], opensAt: null },
    ...more,
  })
  if (names.length > 0) {
    if (options.all === true) throw new KeyturnError('USAGE', 'give names or --all, not both')
    return chosen([...new Set(names.map((name) => findSecret(inventory, name)))], { named: true })
  }
  if (options.all === true) {
    const rotatable = inventory.secrets.filter((s) => engine.rotators.get(s.rotator.kind)?.never !== true)
    // Nobody is there to make the new values. Of what leaked, nothing may be left out.
    if (compromised || options.dryRun === true || context.prompts.possible) return chosen(rotatable)
    const guided = await guidedOf(engine, rotatable)
    return chosen(
      rotatable.filter((s) => !guided.includes(s)),
      { guided },
    )
  }
  if (compromised)
    throw new KeyturnError('USAGE', '--compromised wants the names of what leaked', { hint: 'secrets rotate NAME --compromised   or --all --compromised' })
  if (options.dryRun !== true) for (const secret of inventory.secrets) await forgetOld(engine, secret)
  const { open, due, waiting, opensAt } = agendaOf(inventory, await secretStates(engine), engine.clock.now())
  const guided = await guidedOf(engine, due)
  return chosen([...open, ...due.filter((s) => !guided.includes(s))], { guided, waiting, opensAt })
}

/**
 * Whose provider may still list what a crash left behind. With them goes whatever an interrupted command left of the files and
 * consumers of this host: a timer runs this and nothing else.
 */
async function sweptLater(engine: Engine): Promise<readonly Secret[]> {
  const states = await secretStates(engine)
  return engine.inventory().secrets.filter(({ id }) => states.get(id)?.late)
}

/** Those of which a person has to make the new value, and nothing is open that could go on without. */
async function guidedOf(engine: Engine, secrets: readonly Secret[]): Promise<readonly Secret[]> {
  const found: Secret[] = []
  for (const secret of secrets) {
    if (engine.rotators.get(secret.rotator.kind)?.guide && !(await stateOf(engine, secret))?.rotation) found.push(secret)
  }
  return found
}

function notesOf(engine: Engine, { guided, waiting, opensAt }: Chosen): readonly string[] {
  const notes: string[] = []
  if (waiting.length > 0) notes.push(`due, but the window opens ${sayMoment(opensAt ?? 0, engine.clock.now())}: ${waiting.map((s) => s.name).join(', ')}`)
  if (guided.length > 0) notes.push('you have to make the new value:', ...guided.map((s) => `  secrets rotate ${s.name}`))
  return notes
}

async function showPlans(context: CommandContext, engine: Engine, chosen: Chosen): Promise<number> {
  const secrets = [...chosen.secrets, ...chosen.guided]
  const plans = await Promise.all(secrets.map(async (s) => ({ ...planOf(engine, s), openSince: (await stateOf(engine, s))?.rotation?.openedAt ?? null })))
  if (context.options.json) {
    const document = plans.map((plan) => ({ ...plan, openSince: plan.openSince === null ? null : new Date(plan.openSince).toISOString() }))
    context.out.document({ schema: 'keyturn/plan@1', plans: document })
    return 0
  }
  const now = engine.clock.now()
  const texts = plans.map((plan) =>
    plan.openSince === null ? planText(plan) : `${planText(plan)}\n  note       a rotation is open since ${sayMoment(plan.openSince, now)}: it goes on`,
  )
  context.out.print(texts.length === 0 ? 'nothing is due' : fitted(context.out, texts.join('\n\n')))
  for (const line of notesOf(engine, { ...chosen, guided: [] })) context.out.note(line)
  return 0
}

async function confirmed(context: CommandContext, engine: Engine, secrets: readonly Secret[], compromised: boolean): Promise<boolean> {
  if (!context.prompts.possible || context.options.yes) return true
  context.out.note(fitted(context.out, secrets.map((s) => planText(planOf(engine, s))).join('\n\n')))
  const names = secrets.map((s) => s.name).join(', ')
  if (await context.prompts.confirm(compromised ? `Replace and revoke ${names} now, proved or not?` : `Rotate ${names}?`, true)) return true
  context.out.note('nothing was changed')
  return false
}

function report(context: CommandContext, engine: Engine, chosen: Chosen, results: readonly Result[]): number {
  const { out } = context
  for (const { secret, outcome } of results) sayOutcome(context, engine, secret, outcome)
  if (context.options.json) {
    const { guided, waiting, opensAt } = chosen
    out.document({
      schema: 'keyturn/rotate@1',
      results: results.map(({ secret, outcome }) => outcomeJson(secret, outcome)),
      needsPerson: guided.map((s) => s.name),
      waiting: waiting.map((s) => s.name),
      opensAt: opensAt === null || waiting.length === 0 ? null : new Date(opensAt).toISOString(),
    })
  } else {
    if (results.length === 0) out.say(chosen.guided.length + chosen.waiting.length > 0 ? 'nothing can be rotated now' : 'nothing is due')
    sayRestarts(
      context,
      engine,
      results.filter(({ outcome }) => !isFailed(outcome)).map(({ secret }) => secret),
    )
  }
  const failed = results.filter(({ outcome }) => isFailed(outcome)).length
  if (failed === 0) return 0
  return failed === results.length ? 1 : 4
}
