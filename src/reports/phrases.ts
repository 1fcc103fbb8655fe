import { atLeast } from '../policy/rules.ts'
import type { Millis } from '../terms.ts'
import { dueOfRow, isGuided, type Status, type StatusRow } from './build.ts'

/** How reports say things. Times are local, from `Date` alone: loading Intl takes longer than the rest of status. */

const DAY_MS = 86_400_000
/** Beyond this a date without its year could be taken for the wrong one. */
const YEAR_NEEDED_DAYS = 270

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** `5 Feb`, with the year where it could be mistaken. */
export function formatDay(at: Millis, now: Millis): string {
  const date = new Date(at)
  const short = `${date.getDate()} ${MONTHS[date.getMonth()]}`
  return Math.abs(at - now) > YEAR_NEEDED_DAYS * DAY_MS ? `${short} ${date.getFullYear()}` : short
}

/** `Sat 21 Nov 19:00 +01:00`. */
export function formatMoment(at: Millis): string {
  const date = new Date(at)
  const two = (n: number): string => String(n).padStart(2, '0')
  const offset = -date.getTimezoneOffset()
  const zone = offset === 0 ? 'UTC' : `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
  return `${WEEKDAYS[date.getDay()]} ${date.getDate()} ${MONTHS[date.getMonth()]} ${two(date.getHours())}:${two(date.getMinutes())} ${zone}`
}

/** `143d`, `>=12d` where it may be older, `?` where nobody knows, `-` without a value. */
export function ageOf({ version, bornAt, source }: StatusRow, now: Millis): string {
  if (version === null) return '-'
  if (bornAt === null) return '?'
  return `${atLeast(source) ? '>=' : ''}${Math.max(0, Math.floor((now - bornAt) / DAY_MS))}d`
}

export const limitOf = ({ secret }: StatusRow): string => (secret.rotator.kind === 'none' ? '-' : days(secret.policy.maxAgeMs))

/** Whole days, or hours where a limit is shorter than one. */
export const days = (ms: number): string => (ms >= DAY_MS ? `${Math.floor(ms / DAY_MS)}d` : `${Math.floor(ms / 3_600_000)}h`)

export function dueOf(row: StatusRow, now: Millis): string {
  if (row.secret.rotator.kind === 'none') return 'never'
  if (row.state === 'violation') return 'now'
  const due = dueOfRow(row)
  return due === null ? 'now' : formatDay(due, now)
}

/** `v4 in 2 of 2`: consumers that proved to hold it. `unproven`: nothing can tell what runs. `-`: nothing reads it. */
export function runningOf({ running, version }: StatusRow): string {
  if (running === null || version === null) return '-'
  if (running.written < running.files && running.written === 0) return 'not delivered'
  return running.proven === 0 ? 'unproven' : `v${version} in ${running.proven} of ${running.total}`
}

/** The worst finding in three words, else what an open rotation waits for. */
export function whyOf({ findings, rotation, source, state }: StatusRow, now: Millis): string {
  const [worst] = findings
  if (worst && (state !== 'rotating' || worst.severity !== 'info')) return worst.why
  if (rotation) {
    const until = rotation.until === null ? '' : ` until ${formatDay(rotation.until, now)} ${time(rotation.until)}`
    if (rotation.waits === 'grace') return `both work${until}`
    if (rotation.waits === 'nothing') return rotation.step ? `next: ${rotation.step}` : 'open'
    return `waits for ${WAITS[rotation.waits]}${rotation.waits === 'retry' ? until : ''}`
  }
  return source === 'claimed' ? 'age as claimed' : ''
}

const WAITS: Readonly<Record<string, string>> = {
  claim: 'a step that runs',
  retry: 'the next try',
  proof: 'proof of what runs',
  admin: 'its use as admin key to end',
  clock: 'the clock',
  person: 'you',
}

const time = (at: Millis): string => {
  const date = new Date(at)
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`
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
export function nextCommands({ rows, jobs, inventory }: Status, most = 3): readonly NextCommand[] {
  const found = new Map<string, string>()
  for (const row of rows) {
    if (found.size >= most || row.state === 'ok' || row.state === 'rotating') break
    const hint = row.findings[0]?.hint ?? ''
    // A hint may go on after the command, or be no command at all.
    const command = /^secrets [^,;]*?(?=$|,|;| {2})/.exec(hint)?.[0]
    if (command !== undefined && !found.has(command)) found.set(command, meaning(command, row, inventory.outputs))
  }
  if (found.size < most && jobs.length > 0) found.set('secrets sync', 'tries again what failed')
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
