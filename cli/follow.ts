import { iso, sayMoment } from '../src/reports/moments.ts'
import { hostState } from '../src/rotation/deliver.ts'
import type { Engine } from '../src/rotation/engine.ts'
import { outputsOf } from '../src/rotation/gate.ts'
import { consumerKey } from '../src/rotation/host.ts'
import { stateOf } from '../src/rotation/open.ts'
import { type Outcome, outcomeNow } from '../src/rotation/outcome.ts'
import { type SettleOptions, settle } from '../src/rotation/settle.ts'
import type { Failure, Millis, Output, Secret } from '../src/terms.ts'
import type { CommandContext } from './context.ts'

/** Back-offs, and consumers that take a while to prove, are waited for this long before a command returns. */
export const PATIENCE_MS = 90_000

/** A shorter wait needs no word. */
const SILENT_MS = 1_500

/** For {@link settle}: says on stderr what is waited for, each thing once. */
export function sayWaits(context: CommandContext, engine: Engine, secrets: readonly Secret[]): NonNullable<SettleOptions['onWait']> {
  const said = new Set<string>()
  const sayNew = (lines: readonly string[]): void => {
    for (const line of lines.filter((one) => !said.has(one))) {
      said.add(line)
      context.out.note(line)
    }
  }
  return async (settled) => {
    const isLong = (until: Millis): boolean => until - engine.clock.now() >= SILENT_MS
    const lines: string[] = []
    for (const secret of secrets) {
      const n = settled.secrets.get(secret.id)
      if (n?.kind !== 'wait' || !isLong(n.until)) continue
      const state = await stateOf(engine, secret)
      if (n.why === 'retry') lines.push(`${secret.name}: ${state?.failure?.step}: ${state?.failure?.message}; trying again`)
      if (n.why === 'claim') lines.push(`${secret.name}: another process is at step ${state?.claim?.step}; waiting for it`)
      if (n.why === 'admin') lines.push(`${secret.name}: waiting until no rotation uses it as its admin credential`)
    }
    const { host } = settled
    if (host.kind === 'wait' && !isLong(host.until)) return sayNew(lines)
    if (host.kind === 'wait' && host.why === 'claim') lines.push(`${host.on}: another process is at it; waiting for it`)
    if (host.kind === 'wait' && host.why !== 'claim') {
      const failure = (await hostState(engine))?.failures[host.on]
      if (host.why === 'health') lines.push(`${host.on}: it has the new value; watched for a while, whether it stays healthy`)
      else lines.push(failure ? `${host.on}: ${failure.message}; trying again` : `${host.on}: it still holds another value; it is refreshed again`)
    }
    sayNew(lines)
  }
}

/** For {@link settle}: says on stderr how a file was written, where a person should know; each thing once. */
export function sayOnce({ out }: CommandContext): NonNullable<SettleOptions['onNote']> {
  const said = new Set<string>()
  return (note) => {
    if (!said.has(note)) out.note(note)
    said.add(note)
  }
}

/** What this host's present outputs and consumers last failed with. What is no longer declared is nobody's trouble. */
export async function hostFailures(engine: Engine): Promise<readonly (readonly [on: string, failure: Failure])[]> {
  const { outputs } = engine.inventory()
  const own = outputs.filter((o) => o.host === engine.host)
  const known = new Set(own.flatMap((o) => [o.file, ...o.consumers.map((c) => consumerKey(o.file, c.key))]))
  return Object.entries((await hostState(engine))?.failures ?? {}).filter(([on]) => known.has(on))
}

/** True where the command has not done what it was asked for. */
export const isFailed = ({ kind }: Pick<Outcome, 'kind'>): boolean => kind === 'attention' || kind === 'failing' || kind === 'back'

/** `jwt: done, version 2`: one line, with how long the old value lives. */
export function outcomeText(engine: Engine, secret: Secret, { message, oldValidUntil }: Outcome): string {
  if (oldValidUntil === null) return named(secret, message)
  const guided = engine.rotators.get(secret.rotator.kind)?.guide !== undefined
  const then = guided ? 'then you are asked to delete it' : 'the next "secrets rotate" after that revokes it'
  return `${named(secret, message)}; old value valid until ${sayMoment(oldValidUntil, engine.clock.now())}, ${then}`
}

/** Many messages begin with the name already. */
const named = ({ name }: Secret, message: string): string => (message.startsWith(`${name}: `) ? message : `${name}: ${message}`)

/** Prints one outcome: what went well to stdout, what did not as a warning with the next command. */
export function sayOutcome(context: CommandContext, engine: Engine, secret: Secret, outcome: Outcome): void {
  const text = outcomeText(engine, secret, outcome)
  if (isFailed(outcome)) {
    context.out.warn(text, outcome.hint ?? `secrets status ${secret.name}`)
    return
  }
  if (!context.options.json) context.out.say(text)
  if (outcome.hint !== null) context.out.note(outcome.hint.startsWith('secrets ') ? `next: ${outcome.hint}` : outcome.hint)
}

/** An outcome as plain data, for `--json`. */
export const outcomeJson = (secret: Secret, { oldValidUntil, ...rest }: Outcome) => ({
  name: secret.name,
  ...rest,
  oldValidUntil: iso(oldValidUntil),
})

/** A file that nothing is declared to read again is of no use to what runs. */
export function sayRestarts(context: CommandContext, engine: Engine, secrets: readonly Secret[]): void {
  const own = (o: Output): boolean => o.host === engine.host && o.consumers.length === 0
  const files = new Set(secrets.flatMap((s) => outputsOf(engine.inventory(), s).filter(own)).map((o) => o.file))
  for (const file of files) context.out.note(`restart what reads ${file}: no consumer is declared that would do it`)
}

/** Lets one rotation go on as far as it can now, and tells how it stands. Nothing is printed but what is waited for. */
export async function settleOne(context: CommandContext, engine: Engine, secret: Secret, rotation: string | null, command: string): Promise<Outcome> {
  const settled = await settle(engine, [secret], {
    patientUntil: engine.clock.now() + PATIENCE_MS,
    onWait: sayWaits(context, engine, [secret]),
    onNote: sayOnce(context),
    retry: `secrets ${command}`,
  })
  return outcomeNow(engine, await stateOf(engine, secret), settled.secrets.get(secret.id) ?? { kind: 'idle' }, rotation)
}

/** The same, printed, with the exit status: what `approve`, `rollback`, `revoke` and `set` end with. */
export async function follow(context: CommandContext, engine: Engine, secret: Secret, rotation: string | null, command: string): Promise<number> {
  const found = await settleOne(context, engine, secret, rotation, command)
  // Going back is what a rollback is for: there it is no failure. Nor is the end of what a rotation made that went back by itself.
  const isEnded = found.kind === 'back' && (await stateOf(engine, secret))?.rotation === null
  const isBack = (command === 'rollback' && (found.kind === 'back' || found.kind === 'rotated')) || (command === 'revoke' && isEnded)
  const outcome: Outcome = isBack
    ? { ...found, kind: 'rotated', message: found.version === null ? 'taken back' : `version ${found.version} is current again` }
    : found
  sayOutcome(context, engine, secret, outcome)
  if (context.options.json) context.out.document({ schema: `keyturn/${command}@1`, ...outcomeJson(secret, outcome) })
  // Who approves has just vouched for it.
  else if (!isFailed(outcome) && command !== 'approve') sayRestarts(context, engine, [secret])
  return isFailed(outcome) ? 1 : 0
}
