import { oldRunLines } from './behind.ts'
import { STATES, type Status, type StatusRow } from './build.ts'
import { formatDay, formatMoment, sayMoment } from './moments.ts'
import type { OpenRotation } from './open.ts'
import { ageOf, dueOf, headline, limitOf, nextCommands, originOf, runningOf, whyOf } from './phrases.ts'
import { acceptedOf, ownersOf, statesOf } from './totals.ts'

/** What the terminal can do. */
export interface Screen {
  readonly width: number
  readonly color: boolean
}

// Raw codes: util.styleText costs more than the whole table.
const RED = '\u001b[31m'
const YELLOW = '\u001b[33m'
const DIM = '\u001b[2m'
const BOLD = '\u001b[1m'
const PLAIN = '\u001b[0m'

/** Names longer than this are cut in the table, so that one of them does not push everything else off the screen. */
const LONGEST_NAME = 32
/** Rows whose texts are kept in memory. */
const FEW = 2000
/** Below this the reason would be unreadable; a narrow terminal wraps instead. */
const NARROWEST_WHY = 16

const MARKS: Readonly<Record<StatusRow['state'], string>> = { attention: '!', violation: '!', overdue: '!', due: '~', rotating: '~', ok: ' ' }
const COLORS: Readonly<Record<string, string>> = { '!': RED, '~': YELLOW }

interface Column {
  readonly title: string
  readonly right?: true
  /** Left out first where it is narrow. */
  readonly spare?: true
  readonly cell: (row: StatusRow, now: number) => string
}

const COLUMNS: readonly Column[] = [
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'SECRET', cell: ({ secret }) => cut(secret.name, LONGEST_NAME) },
  { title: 'AGE', right: true, cell: ageOf },
  { title: 'LIMIT', right: true, spare: true, cell: limitOf },
  { title: 'DUE', cell: dueOf },
  { title: 'RUNNING', cell: runningOf },
  { title: 'WHY', cell: whyOf },
]

/** `secrets status`: one line a secret, worst first, then what to type next. In pieces, since there may be many. */
export function* statusTable(status: Status, screen: Screen): Generator<string> {
  yield `${topLine(status, screen)}\n`
  if (status.rows.length > 0) yield '\n'
  yield* rowsTable(status, screen)
  yield* oldRunLines(status)
  yield* failedJobs(status)
  yield* nextLines(status)
  for (const remark of status.remarks) yield `${remark}\n`
}

/** `secrets report`: the same, then totals, owners, exceptions, history. */
export function* reportTable(status: Status, screen: Screen): Generator<string> {
  yield `${topLine(status, screen)}\n`
  if (status.rows.length > 0) yield '\n'
  yield* rowsTable(status, screen)
  const states = statesOf(status)
  const { history } = status
  yield `\nBy state:   ${STATES.map((state) => `${states[state]} ${state}`).join(', ')}\n`
  const owners = ownersOf(status)
  if (owners.length > 0) yield 'By owner:\n'
  for (const owner of owners) {
    const todo = STATES.filter((state) => state !== 'ok' && owner.states[state] > 0).map((state) => `${owner.states[state]} ${state}`)
    yield `  ${owner.owner ?? '(nobody named)'}: ${owner.total}${todo.length > 0 ? `, of them ${todo.join(', ')}` : ', all ok'}\n`
  }
  const accepted = acceptedOf(status)
  yield `Exceptions: ${accepted.length}\n`
  for (const { secret, rule, until, by, reason } of accepted) yield `  ${secret}: ${rule} until ${formatDay(until, status.at)} by ${by}: ${reason}\n`
  yield `History:    ${history.versions} versions, ${history.replaced30d} replaced in 30 days, ${history.replaced90d} in 90; ${history.givenUp} given up\n`
  yield* oldRunLines(status)
  yield* failedJobs(status)
  for (const remark of status.remarks) yield `${remark}\n`
}

/** `secrets status NAME`: the line, and everything found with its hint. */
export function* detailTable(status: Status, screen: Screen): Generator<string> {
  yield* statusTable(status, screen)
  for (const row of status.rows) {
    const { secret, findings, version, fingerprint, rotation } = row
    const isLeft = findings.some(({ rule }) => rule === 'left')
    yield `\n${secret.name}: ${Object.keys(secret.env).join(', ') || (isLeft ? 'left the inventory' : 'used by Keyturn itself')}\n`
    yield `  rotator ${secret.rotator.kind}, store ${secret.store}${secret.owner === undefined ? '' : `, owner ${secret.owner}`}\n`
    if (version !== null && fingerprint !== null) yield `  version ${version}, ${originOf(row, status.at)}, fingerprint ${fingerprint}\n`
    if (secret.reason !== undefined) yield `  ${secret.reason}\n`
    for (const { rule, severity, message, hint } of findings) yield `  ${severity} (${rule}): ${message}\n      ${hint}\n`
    if (rotation) yield* openLines(rotation, status.at)
  }
}

/** What an open rotation waits for, by name, since when and until when, and what to type. What a person must decide stands among the findings. */
function* openLines({ openedAt, reason, waits, since, until, missing, message, hint }: OpenRotation, now: number): Generator<string> {
  const head = `  rotation open since ${sayMoment(openedAt, now)}${reason === null ? '' : ` (${reason})`}`
  if (waits === 'person') {
    yield `${head}: waits for you, see above\n`
    return
  }
  const end = until === null ? '' : waits === 'proof' ? `; from ${sayMoment(until, now)} on you are asked` : `, until ${sayMoment(until, now)}`
  if (waits !== 'proof') yield `${head}: ${message}${waits === 'retry' || waits === 'grace' ? end : ''}\n`
  else {
    yield `${head}: waits for proof since ${sayMoment(since ?? openedAt, now)}${end}\n`
    for (const { host, file, consumer, why } of missing) yield `      ${consumer === undefined ? file : `${consumer} (${file})`} on ${host}: ${why}\n`
  }
  if (hint !== null) yield `      ${hint}\n`
}

function topLine(status: Status, { width, color }: Screen): string {
  const left = headline(status)
  const right = formatMoment(status.at)
  const gap = Math.min(width, 100) - left.length - right.length
  return `${color ? BOLD : ''}${left}${color ? PLAIN : ''}${gap >= 2 ? ' '.repeat(gap) : '  '}${right}`
}

function* rowsTable({ rows, at }: Status, { width, color }: Screen): Generator<string> {
  if (rows.length === 0) return
  const widths = COLUMNS.map(({ title }) => title.length)
  // Kept between measuring and printing where they are few: many are made twice, which takes less memory.
  const kept = rows.length <= FEW ? rows.map((row) => cellsOf(row, at)) : null
  for (let r = 0; r < rows.length; r++) {
    const cells = kept?.[r] ?? cellsOf(rows[r] as StatusRow, at)
    for (let i = 0; i < cells.length; i++) widths[i] = Math.max(widths[i] ?? 0, (cells[i] as string).length)
  }
  const last = COLUMNS.length - 1
  const roomFor = (shown: readonly number[]): number => width - shown.reduce((sum, i) => sum + (i === last ? 0 : (widths[i] ?? 0) + 2), 2)
  const all = [...widths.keys()]
  // Where the reasons do not fit, what the policy says of most secrets alike makes room for them.
  const shown = roomFor(all) < (widths[last] ?? 0) ? all.filter((i) => COLUMNS[i]?.spare !== true) : all
  const left = Math.max(NARROWEST_WHY, roomFor(shown))
  const line = (cells: readonly string[]): string =>
    shown
      .map((i) => {
        const text = cells[i] ?? ''
        return i === last ? cut(text, left) : COLUMNS[i]?.right ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)
      })
      .join('  ')
      .trimEnd()
  const title = `  ${line(COLUMNS.map((column) => column.title))}`
  yield `${color ? DIM : ''}${title}${color ? PLAIN : ''}\n`
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r] as StatusRow
    const mark = MARKS[row.state]
    const paint = color ? COLORS[mark] : undefined
    yield `${paint ?? ''}${mark} ${line(kept?.[r] ?? cellsOf(row, at))}${paint ? PLAIN : ''}\n`
  }
}

const cellsOf = (row: StatusRow, at: number): readonly string[] => COLUMNS.map(({ cell }) => cell(row, at))

function* failedJobs({ jobs, at }: Status): Generator<string> {
  if (jobs.length === 0) return
  yield '\nFailed:\n'
  for (const { host, on, step, message, hint, retryAt } of jobs) {
    yield `  ${step} ${on} on ${host}: ${message}${retryAt === null ? '' : ` (tried again ${formatDay(retryAt, at)})`}\n      ${hint}\n`
  }
}

function* nextLines(status: Status): Generator<string> {
  const commands = nextCommands(status)
  const width = Math.max(...commands.map(({ command }) => command.length))
  for (const [i, { command, does }] of commands.entries()) yield `${i === 0 ? '\nNext: ' : '      '}${`${command.padEnd(width)}   ${does}`.trimEnd()}\n`
}

/** Between words where that leaves the most of it. */
function cut(text: string, width: number): string {
  if (text.length <= width) return text
  const room = Math.max(0, width - 3)
  const word = text.lastIndexOf(' ', room)
  return `${text.slice(0, word > room / 2 ? word : room)}...`
}
