import { isKeyturnError, KeyturnError } from '../../src/errors.ts'
import { findSecret } from '../../src/inventory/lookup.ts'
import { hasten, retry } from '../../src/rotation/decide.ts'
import { agendaOf } from '../../src/rotation/due.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import { forgetOld } from '../../src/rotation/forget.ts'
import { next } from '../../src/rotation/next.ts'
import { openRotation, stateOf } from '../../src/rotation/open.ts'
import { type Outcome, outcomeOf } from '../../src/rotation/outcome.ts'
import { type Plan, planOf } from '../../src/rotation/plan.ts'
import { settle } from '../../src/rotation/settle.ts'
import { secretStates, surroundingsOf } from '../../src/rotation/surroundings.ts'
import type { Millis, Secret } from '../../src/terms.ts'
import type { CommandContext, Run } from '../context.ts'
import type { Options } from '../declare.ts'
import { durationOption, numberOption, textOption } from '../options.ts'
import { askForFields } from '../value.ts'

/** Back-offs, and consumers that take a while to prove, are waited for this long before the command returns. */
const PATIENCE_MS = 90_000
const COMPROMISED_WAIT_MS = 60_000

/** Rotates the secrets named, or what is due. Returns after delivery; a later run revokes the old value. */
export const run: Run = async (context, names, options) => {
  const app = await context.app()
  const engine = await app.engine()
  const chosen = await choose(engine, names, options)
  if (options.dryRun === true) return showPlans(context, engine, chosen.secrets)
  if (chosen.secrets.length === 0) {
    for (const line of chosen.notes) context.out.note(line)
    if (context.options.json) context.out.document({ schema: 'keyturn/rotate@1', results: [] })
    else context.out.say('nothing is due')
    return 0
  }
  if (!(await confirmed(context, engine, chosen.secrets, options))) return 0
  for (const line of chosen.notes) context.out.note(line)
  const results = await rotateAll(context, engine, chosen, options)
  return report(context, results)
}

interface Chosen {
  readonly secrets: readonly Secret[]
  /** Named ones are tried again where they wait for a person, and their failure is the command's. */
  readonly named: boolean
  readonly notes: readonly string[]
}

async function choose(engine: Engine, names: readonly string[], options: Options): Promise<Chosen> {
  const inventory = engine.inventory()
  if (names.length > 0) {
    if (options.all === true) throw new KeyturnError('USAGE', 'give names or --all, not both')
    return { secrets: [...new Set(names.map((name) => findSecret(inventory, name)))], named: true, notes: [] }
  }
  if (options.all === true) {
    const rotatable = inventory.secrets.filter((s) => engine.rotators.get(s.rotator.kind)?.never !== true)
    return { secrets: rotatable, named: false, notes: [] }
  }
  if (options.compromised === true)
    throw new KeyturnError('USAGE', '--compromised wants the names of what leaked', { hint: 'secrets rotate NAME --compromised   or --all --compromised' })
  if (options.dryRun !== true) for (const secret of inventory.secrets) await forgetOld(engine, secret)
  const agenda = agendaOf(inventory, await secretStates(engine), engine.clock.now())
  const notes =
    agenda.waiting.length === 0
      ? []
      : [`due, but the window opens ${new Date(agenda.opensAt ?? 0).toISOString()}: ${agenda.waiting.map((s) => s.name).join(', ')}`]
  const guided = agenda.due.filter((s) => engine.rotators.get(s.rotator.kind)?.guide)
  if (guided.length > 0) notes.push(`due, and you have to make the new value: ${guided.map((s) => `secrets rotate ${s.name}`).join('; ')}`)
  return { secrets: [...agenda.open, ...agenda.due.filter((s) => !guided.includes(s))], named: false, notes }
}

function showPlans(context: CommandContext, engine: Engine, secrets: readonly Secret[]): number {
  const plans = secrets.map((s) => planOf(engine, s))
  if (context.options.json) context.out.document({ schema: 'keyturn/plan@1', plans })
  else context.out.print(plans.length === 0 ? 'nothing is due' : plans.map(planText).join('\n'))
  return 0
}

function planText(plan: Plan): string {
  const how = {
    overlap: 'old and new overlap: no outage',
    gap: 'no overlap: the old value dies when the new one is set',
    none: 'nothing at a provider changes',
  }[plan.overlap]
  const files = plan.files.flatMap((f) => [`  writes     ${f.file} on ${f.host} (${f.variables.join(', ')})`, ...f.consumers.map((c) => `  refreshes  ${c}`)])
  return [
    `${plan.name}  ${plan.rotator}`,
    `  steps      ${plan.steps.join(' > ')}`,
    `  overlap    ${how}`,
    ...files,
    ...plan.remarks.map((r) => `  note       ${r}`),
  ].join('\n')
}

async function confirmed(context: CommandContext, engine: Engine, secrets: readonly Secret[], options: Options): Promise<boolean> {
  if (!context.prompts.possible || context.options.yes || context.options.json) return true
  context.out.note(secrets.map((s) => planText(planOf(engine, s))).join('\n'))
  const what =
    options.compromised === true
      ? `Replace and revoke ${secrets.map((s) => s.name).join(', ')} now, proved or not?`
      : `Rotate ${secrets.map((s) => s.name).join(', ')}?`
  if (await context.prompts.confirm(what, true)) return true
  context.out.note('nothing was changed')
  return false
}

interface Result extends Outcome {
  readonly name: string
}

async function rotateAll(context: CommandContext, engine: Engine, chosen: Chosen, options: Options): Promise<readonly Result[]> {
  const waitMs = durationOption(options, 'wait')
  const compromised = options.compromised === true
  const results = new Map<string, Result>()
  const meant = new Map<string, string>()
  // A key of which an admin credential leaked is worth nothing: admins go first.
  const ordered = compromised ? [...chosen.secrets].sort((a, b) => rank(engine, a) - rank(engine, b)) : chosen.secrets
  for (const secret of ordered) {
    try {
      await start(context, engine, secret, options, chosen.named)
      const state = await stateOf(engine, secret)
      if (state?.rotation) meant.set(secret.id, state.rotation.id)
    } catch (error) {
      if (!isKeyturnError(error)) throw error
      if (ordered.length === 1) throw error
      results.set(secret.id, {
        name: secret.name,
        kind: error.code === 'NEEDS_PERSON' ? 'attention' : 'back',
        version: null,
        oldValidUntil: null,
        message: error.message,
        hint: error.hint,
      })
    }
  }
  const working = ordered.filter((s) => meant.has(s.id))
  const patience: Millis = compromised ? (waitMs ?? COMPROMISED_WAIT_MS) + PATIENCE_MS : (waitMs ?? PATIENCE_MS)
  const settled = await settle(engine, working, { patientUntil: engine.clock.now() + patience, concurrency: numberOption(options, 'concurrency') ?? 4 })
  for (const secret of working) {
    const outcome = outcomeOf(await stateOf(engine, secret), settled.secrets.get(secret.id) ?? { kind: 'idle' }, meant.get(secret.id) ?? null)
    results.set(secret.id, { name: secret.name, ...(compromised ? stillAlive(secret, outcome) : outcome) })
  }
  return ordered.flatMap((s) => results.get(s.id) ?? [])
}

const rank = (engine: Engine, secret: Secret): number => {
  if (engine.inventory().secrets.some((s) => s.rotator.admin === secret.name)) return 0
  return engine.rotators.get(secret.rotator.kind)?.guide ? 2 : 1
}

/** Opens what is not open, resumes what is; a named one that waits for a person is tried again. */
async function start(context: CommandContext, engine: Engine, secret: Secret, options: Options, named: boolean): Promise<void> {
  const reason = textOption(options, 'reason') ?? (named ? 'secrets rotate' : 'due')
  const compromised = options.compromised === true
  const waitMs = durationOption(options, 'wait') ?? COMPROMISED_WAIT_MS
  const state = await stateOf(engine, secret)
  if (state?.rotation) {
    const promoted = state.rotation.promote !== null
    if (!compromised) {
      const n = next(state, await surroundingsOf(engine, state))
      if (named && n.kind === 'attention') await retry(engine, secret, reason)
      return
    }
    await hasten(engine, secret, waitMs, reason)
    // The value that leaked may be the new one: this rotation is finished at once, and another one follows.
    if (!promoted) return
    await settle(engine, [secret], { patientUntil: engine.clock.now() + waitMs + PATIENCE_MS })
  }
  const guide = engine.rotators.get(secret.rotator.kind)?.guide
  const given = guide ? await askForFields(context, engine, secret) : null
  await openRotation(engine, secret, { reason, ...(given && { given }), ...(compromised && { compromisedWaitMs: waitMs }) })
}

/** With --compromised nothing is done before the provider refused the old value. */
function stillAlive(secret: Secret, outcome: Outcome): Outcome {
  if (outcome.kind === 'rotated' || outcome.kind === 'idle') return outcome
  const hint = outcome.hint ?? `secrets status ${secret.name}; once it is deleted at the provider: secrets revoke ${secret.name} --verify`
  return { ...outcome, kind: 'attention', message: `OLD VALUE STILL WORKS: ${outcome.message}`, hint }
}

function report(context: CommandContext, results: readonly Result[]): number {
  const { out } = context
  if (context.options.json) {
    out.document({
      schema: 'keyturn/rotate@1',
      results: results.map((r) => ({ ...r, oldValidUntil: r.oldValidUntil === null ? null : new Date(r.oldValidUntil).toISOString() })),
    })
  }
  let failed = 0
  for (const r of results) {
    const bad = r.kind === 'back' || r.kind === 'attention'
    if (bad) failed += 1
    const until = r.oldValidUntil === null ? '' : ` ${new Date(r.oldValidUntil).toISOString().replace('T', ' ').slice(0, 16)} UTC, then a later run revokes it`
    if (bad) out.warn(`${r.name}: ${r.message}`, r.hint ?? `secrets status ${r.name}`)
    else if (!context.options.json) out.say(`${r.name}: ${r.message}${until}`)
  }
  if (failed === 0) return 0
  return failed === results.length ? 1 : 4
}
