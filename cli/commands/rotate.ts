import { KeyturnError } from '../../src/errors.ts'
import { exempt } from '../../src/policy/rules.ts'
import type { StatusRow } from '../../src/reports/build.ts'
import { iso, sayMoment } from '../../src/reports/moments.ts'
import { agendaOf } from '../../src/rotation/due.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import { forgetOld } from '../../src/rotation/forget.ts'
import { judgeAgain } from '../../src/rotation/judge.ts'
import { leftLate, openOrDeclared } from '../../src/rotation/left.ts'
import { stateOf } from '../../src/rotation/open.ts'
import { planOf } from '../../src/rotation/plan.ts'
import { heldNow } from '../../src/rotation/plan-held.ts'
import { settle } from '../../src/rotation/settle.ts'
import { secretStates } from '../../src/rotation/surroundings.ts'
import type { Millis, Secret } from '../../src/terms.ts'
import type { CommandContext, Run } from '../context.ts'
import type { Options } from '../declare.ts'
import { isFailed, outcomeJson, sayOutcome, sayRestarts } from '../follow.ts'
import { durationOption, numberOption, textOption } from '../options.ts'
import { planText } from '../plan-text.ts'
import { type Result, rotateAll } from '../rotate-all.ts'
import { readStatus } from '../status.ts'

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
  if (options.dryRun === true) return showPlans(context, engine, { ...chosen, breaking: await breaking(context, chosen, names, options) })
  const { secrets } = chosen
  if (secrets.length > 0 && !(await confirmed(context, engine, secrets, how.compromised))) return 0
  for (const line of notesOf(engine, chosen)) context.out.note(line)
  const results = secrets.length === 0 ? [] : await rotateAll(context, engine, secrets, { ...how, named: chosen.named })
  if (!chosen.named) {
    await settle(engine, await sweptLater(engine), { patientUntil: engine.clock.now() })
    await judgeAgain(engine)
  }
  return report(context, engine, { ...chosen, breaking: await breaking(context, chosen, names, options) }, results)
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
  /** Not due, but the value itself must not stay; `null`: not asked, since what to rotate was said. */
  readonly breaking: readonly StatusRow[] | null
}

async function choose(context: CommandContext, engine: Engine, names: readonly string[], options: Options): Promise<Chosen> {
  const inventory = engine.inventory()
  const compromised = options.compromised === true
  const chosen = (secrets: readonly Secret[], more: Partial<Chosen> = {}): Chosen => ({
    ...{ secrets, named: false, guided: [], waiting: [], opensAt: null, breaking: null },
    ...more,
  })
  if (names.length > 0) {
    if (options.all === true) throw new KeyturnError('USAGE', 'give names or --all, not both')
    const found = await Promise.all(names.map((name) => openOrDeclared(engine, name)))
    return chosen([...new Map(found.map((secret) => [secret.id, secret])).values()], { named: true })
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

/** A timer goes by age alone: a policy that was changed must not drop calls at night. So what else must not stay is named, each time. */
async function breaking(
  context: CommandContext,
  { guided, waiting }: Chosen,
  names: readonly string[],
  options: Options,
): Promise<readonly StatusRow[] | null> {
  if (names.length > 0 || options.all === true) return null
  const said = new Set([...guided, ...waiting].map(({ id }) => id))
  const { rows } = await readStatus(context)
  return rows.filter(({ secret, state, rotation }) => state === 'violation' && rotation === null && !said.has(secret.id))
}

/**
 * Whose provider may still list what a crash left behind. With them goes whatever an interrupted command left of the files and
 * consumers of this host: a timer runs this and nothing else.
 */
async function sweptLater(engine: Engine): Promise<readonly Secret[]> {
  const states = await secretStates(engine)
  return [...engine.inventory().secrets.filter(({ id }) => states.get(id)?.late), ...leftLate(engine.inventory(), states)]
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
  const held = await heldNow(engine, secrets)
  const plans = await Promise.all(
    secrets.map(async (s) => ({ ...planOf(engine, s), held: held.get(s.id) ?? [], openSince: (await stateOf(engine, s))?.rotation?.openedAt ?? null })),
  )
  if (context.options.json) {
    const document = plans.map((plan) => ({ ...plan, openSince: iso(plan.openSince) }))
    context.out.document({ schema: 'keyturn/plan@1', plans: document })
    return 0
  }
  const now = engine.clock.now()
  const texts = plans.map((plan) =>
    plan.openSince === null
      ? planText(plan, plan.held)
      : `${planText(plan, plan.held)}\n  note       a rotation is open since ${sayMoment(plan.openSince, now)}: it goes on`,
  )
  context.out.print(texts.length === 0 ? nothingDue(chosen.breaking) : texts.join('\n\n'))
  for (const line of notesOf(engine, { ...chosen, guided: [] })) context.out.note(line)
  return 0
}

/** More names than this are counted only. */
const NAMED = 6

const nothingDue = (breaking: Chosen['breaking']): string => {
  const waiting = wordAsked(breaking)
  return waiting === null ? 'nothing is due' : `nothing is due by age; ${waiting}`
}

/** `2 values break the policy and wait for your word: ari, jwt` */
function wordAsked(breaking: Chosen['breaking']): string | null {
  if (breaking === null || breaking.length === 0) return null
  const many = breaking.length === 1 ? '1 value breaks the policy and waits' : `${breaking.length} values break the policy and wait`
  return `${many} for your word: ${breaking.length > NAMED ? 'secrets status' : breaking.map((row) => row.secret.name).join(', ')}`
}

/** What to type for those that can be rotated; of the others `secrets status NAME` says what to do. */
function commandFor(breaking: readonly StatusRow[]): string {
  if (breaking.length > NAMED) return 'next: secrets status   then: secrets rotate NAME...'
  const rotatable = breaking.filter(({ secret }) => !exempt(secret))
  if (rotatable.length === 0) return `next: secrets status ${breaking.map((row) => row.secret.name).join(' ')}`
  return `next: secrets rotate ${rotatable.map((row) => row.secret.name).join(' ')}`
}

async function confirmed(context: CommandContext, engine: Engine, secrets: readonly Secret[], compromised: boolean): Promise<boolean> {
  if (!context.prompts.possible || context.options.yes) return true
  const held = await heldNow(engine, secrets)
  context.out.note(secrets.map((s) => planText(planOf(engine, s), held.get(s.id))).join('\n\n'))
  const names = secrets.map((s) => s.name).join(', ')
  if (await context.prompts.confirm(compromised ? `Replace and revoke ${names} now, proved or not?` : `Rotate ${names}?`, true)) return true
  context.out.note('nothing was changed')
  return false
}

function report(context: CommandContext, engine: Engine, chosen: Chosen, results: readonly Result[]): number {
  const { out } = context
  for (const { secret, outcome } of results) sayOutcome(context, engine, secret, outcome)
  if (context.options.json) {
    const { guided, waiting, opensAt, breaking } = chosen
    out.document({
      schema: 'keyturn/rotate@1',
      results: results.map(({ secret, outcome }) => outcomeJson(secret, outcome)),
      needsPerson: guided.map((s) => s.name),
      waiting: waiting.map((s) => s.name),
      opensAt: waiting.length === 0 ? null : iso(opensAt),
      ...(breaking !== null && { breaking: breaking.map((row) => row.secret.name) }),
    })
  } else {
    const blocked = chosen.guided.length + chosen.waiting.length > 0
    const waiting = wordAsked(chosen.breaking)
    if (results.length === 0 && blocked) out.say('nothing can be rotated now')
    if (results.length === 0 && !blocked) out.say(nothingDue(chosen.breaking))
    else if (waiting !== null) out.note(waiting)
    if (waiting !== null) out.note(commandFor(chosen.breaking ?? []))
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
