import { atLeast } from '../policy/rules.ts'
import type { AgeSource, Millis } from '../terms.ts'
import { dueOfRow, isGuided, type Status, type StatusRow } from './build.ts'
import { formatDay, sayMoment } from './moments.ts'
import type { OpenRotation } from './open.ts'

/** How reports say things. */

const DAY_MS = 86_400_000
/** `143d`, `>=12d` where it may be older, `?` where nobody knows, `-` without a value. */
export function ageOf({ version, bornAt, source }: StatusRow, now: Millis): string {
  if (version === null) return '-'
  if (bornAt === null) return '?'
  return `${atLeast(source) ? '>=' : ''}${Math.max(0, Math.floor((now - bornAt) / DAY_MS))}d`
}

export const limitOf = ({ secret }: StatusRow): string => (secret.rotator.kind === 'none' ? '-' : days(secret.policy.maxAgeMs))

/** Whole days, or hours where a limit is shorter than one. */
export const days = (ms: number): string => (ms >= DAY_MS ? `${Math.floor(ms / DAY_MS)}d` : `${Math.floor(ms / 3_600_000)}h`)

/**
 * The day from which on its age makes it due, and the timer rotates it; `now` where the value must not stay, or nobody knows its age;
 * `-` without a value, `never` where it is never rotated. A timer goes by age alone: a violation waits for a person's word.
 */
export function dueOf(row: StatusRow, now: Millis): string {
  if (row.secret.rotator.kind === 'none') return 'never'
  if (row.version === null) return '-'
  if (row.state === 'violation') return 'now'
  const due = dueOfRow(row)
  return due === null ? 'now' : formatDay(due, now)
}

/** `v4 in 2 of 2`: consumers that proved to hold it; `v4 in 0 of 1`: what proved holds another. `unproven`: nothing can tell what runs. `-`: nothing reads it. */
export function runningOf({ running, version }: StatusRow): string {
  if (running === null || version === null) return '-'
  if (running.written < running.files && running.written === 0) return 'not delivered'
  return running.proven === 0 && running.other === 0 ? 'unproven' : `v${version} in ${running.proven} of ${running.total}`
}

/** The worst finding in three words, else what an open rotation waits for. */
export function whyOf({ findings, rotation, source, state }: StatusRow, now: Millis): string {
  const [worst] = findings
  if (worst && (state !== 'rotating' || worst.severity !== 'info')) return worst.why
  if (rotation) {
    const until = rotation.until === null ? '' : ` until ${sayMoment(rotation.until, now)}`
    if (rotation.waits === 'grace') return `both work${until}`
    if (rotation.waits === 'nothing') return rotation.step ? `next: ${rotation.step}` : 'open'
    if (rotation.failed === 'OLD_STILL_USED') return 'old key is in use'
    if (rotation.waits === 'retry' && rotation.until !== null) return `next try ${sayMoment(rotation.until, now)}`
    return WAITS[rotation.waits]
  }
  return source === 'claimed' ? 'age as claimed' : ''
}

/** Short enough for the narrowest table; `secrets status NAME` says more. */
const WAITS: Readonly<Record<Exclude<OpenRotation['waits'], 'nothing' | 'grace'>, string>> = {
  claim: 'a step runs',
  retry: 'is tried again',
  proof: 'waits for proof',
  admin: 'is admin key now',
  clock: 'waits for clock',
  person: 'waits for you',
}

/** `voice-agent, production: 5 secrets, 4 need you`. */
export function headline({ inventory, summary, needYou }: Status): string {
  const count = summary.total === 1 ? '1 secret' : `${summary.total} secrets`
  const need = needYou === 0 ? (summary.total === 0 ? 'nothing declared' : 'all is well') : needYou === 1 ? '1 needs you' : `${needYou} need you`
  return `${inventory.project}, ${inventory.environment}: ${count}, ${need}`
}

export interface NextCommand {
  readonly command: string
  readonly does: string
}

/** The commands that would help most, worst first, each once. */
export function nextCommands({ rows, jobs, behind, inventory }: Status, most = 3): readonly NextCommand[] {
  const found = new Map<string, string>()
  for (const row of rows) {
    if (found.size >= most || row.state === 'ok' || row.state === 'rotating') break
    const hint = row.findings[0]?.hint ?? ''
    // A hint may go on after the command, or be no command at all.
    const command = /^secrets [^,;]*?(?=$|,|;| {2})/.exec(hint)?.[0]
    if (command !== undefined && !found.has(command)) found.set(command, meaning(command, row, inventory.outputs))
  }
  if (found.size < most && jobs.length > 0) found.set('secrets sync', 'tries again what failed')
  if (found.size < most && behind.length > 0) found.set('secrets doctor', 'asks what runs now')
  return [...found].map(([command, does]) => ({ command, does }))
}

function meaning(command: string, { secret }: StatusRow, outputs: Status['inventory']['outputs']): string {
  const verb = command.split(' ')[1]
  if (verb === 'revoke') return 'ends the old value, asks first'
  if (verb === 'set') return 'asks for the value'
  if (verb === 'approve') return 'once you have seen that everything runs'
  if (verb !== 'rotate') return ''
  if (isGuided(secret)) return 'tells what to do, asks for the new value'
  const refreshed = outputs
    .filter(({ only }) => only === null || only.includes(secret.name))
    .flatMap(({ consumers }) =>
      consumers.map(({ kind, params, key }) => (kind === 'compose' && typeof params.service === 'string' ? `recreates ${params.service}` : `refreshes ${key}`)),
    )
  return refreshed.length > 2 ? `refreshes ${refreshed.length} consumers` : refreshed.join(', ')
}

const SOURCES: Readonly<Record<AgeSource, string>> = {
  rotation: 'Keyturn made it then',
  provider: 'by its provider',
  store: "by the store's date",
  git: 'git has this very value since then',
  file: 'by the time of its file',
  claimed: 'claimed by a person',
  'first-seen': 'seen first then',
  unknown: 'nobody knows how old',
}

/** `made 2 Sep (claimed by a person)`, `not younger than 9 Nov (by the time of its file)`. */
export function originOf({ bornAt, source }: StatusRow, now: Millis): string {
  if (bornAt === null) return SOURCES.unknown
  return `${atLeast(source) ? 'not younger than' : 'made'} ${formatDay(bornAt, now)} (${SOURCES[source]})`
}
