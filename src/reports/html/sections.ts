import { type SecretStanding, STATES, type Status, type StatusRow } from '../build.ts'
import { sayMoment } from '../moments.ts'
import { ageOf, dueOf, limitOf, runningOf, whyOf } from '../phrases.ts'
import { mark, WORDS } from './marks.ts'
import { counted, foreign, grouped } from './markup.ts'

/** The lists: a section for each state, the first rows at once and the rest behind a click. Plain rows, since there may be ten thousand. */

/** So many are shown whole. */
const SHORT = 25
/** Of more, so many are shown at once. */
const FIRST = 10
/** What needs nobody opens by itself only where it is short. */
const CALM: ReadonlySet<SecretStanding> = new Set(['ok'])

const headOf = (state: SecretStanding): string =>
  `<table class="rows"><colgroup><col class="a"><col class="b"><col class="c"><col class="d"><col class="e"></colgroup><thead><tr>${['Secret', CALM.has(state) ? 'Variables' : 'Found', 'Age', 'Due', 'Running'].map((title) => `<th scope="col">${title}`).join('')}</thead><tbody>\n`

/** The sections of these states that have any rows. */
export function* stateSections(status: Status, states: readonly SecretStanding[]): Generator<string> {
  for (const state of states) {
    const from = status.rows.findIndex((row) => row.state === state)
    if (from === -1) continue
    const after = status.rows.findLastIndex((row) => row.state === state) + 1
    yield* section(status, state, from, after)
  }
}

/** @param from - rows are ordered by state, so that those of one lie together */
function* section(status: Status, state: SecretStanding, from: number, after: number): Generator<string> {
  const count = after - from
  const { title, means } = WORDS[state]
  yield `<section id="${state}"><h2>${mark(state)}${title} <small>${grouped(count)}</small></h2><p class="lead">${means}</p>\n`
  const shown = count <= SHORT ? count : CALM.has(state) ? 0 : FIRST
  if (shown > 0) yield* table(status, from, from + shown)
  if (shown < count) {
    yield `<details><summary>${shown === 0 ? `Show all ${grouped(count)}` : `${grouped(count - shown)} more`}</summary>\n`
    yield* table(status, from + shown, after)
    yield '</details>\n'
  }
  yield '</section>\n'
}

function* table({ rows, at }: Status, from: number, after: number): Generator<string> {
  yield headOf((rows[from] as StatusRow).state)
  for (let i = from; i < after; i++) yield line(rows[i] as StatusRow, at)
  yield '</table>\n'
}

/** End tags that HTML does not need are left out: of ten thousand rows they are half a megabyte. The last cell must stay empty where it is. */
function line(row: StatusRow, at: number): string {
  const calm = CALM.has(row.state)
  const middle = calm ? `${variablesOf(row)}${remarksOf(row, at)}` : foundOf(row, at)
  return `<tr><th scope="row">${foreign(row.secret.name)}${calm ? '' : variablesOf(row)}${ownerOf(row)}<td>${middle}<td>${agedOf(row, at)}<td>${blank(dueOf(row, at))}<td>${blank(runningOf(row))}</tr>\n`
}

const blank = (text: string): string => (text === '-' ? '' : text)

function variablesOf({ secret }: StatusRow): string {
  const variables = Object.keys(secret.env).join(', ')
  return variables === '' ? '' : `<span class="vars">${foreign(variables)}</span>`
}

const ownerOf = ({ secret }: StatusRow): string => (secret.owner === undefined ? '' : `<span>${foreign(secret.owner)}</span>`)

function agedOf(row: StatusRow, at: number): string {
  const age = ageOf(row, at)
  if (age === '-') return ''
  if (age === '?') return 'unknown'
  const limit = limitOf(row)
  return `${age.replace('>=', '≥ ')}${limit === '-' ? '' : ` <i>of ${limit}</i>`}`
}

/** What is known of a secret that nobody has to look at, in a line. */
function remarksOf(row: StatusRow, at: number): string {
  const remarks = row.findings.length > 0 ? row.findings.map(({ why }) => why).join(', ') : whyOf(row, at)
  const reason = row.secret.rotator.kind === 'none' ? [row.secret.reason, remarks].filter(Boolean).join(', ') : remarks
  return reason === '' ? '' : `<p><i>${foreign(reason)}</i>`
}

/** The worst finding as a sentence, the others in a few words, and what to type. A rotation that goes on by itself says what it waits for. */
function foundOf({ findings, rotation, state }: StatusRow, at: number): string {
  const going = state === 'rotating' ? rotation : null
  const [worst, ...others] = going ? [{ message: going.message, hint: going.hint ?? '' }, ...findings] : findings
  if (!worst) return ''
  const until = going?.until ? `<p><i>until ${sayMoment(going.until, at)}</i>` : ''
  const also = others.length === 0 ? '' : `<p><i>also: ${foreign(others.map((other) => ('why' in other ? other.why : other.message)).join(', '))}</i>`
  return `<p>${foreign(worst.message)}${until}${also}${command(worst.hint)}`
}

/** A hint may begin with a command, go on after it, or be no command at all. */
function command(hint: string): string {
  if (hint === '') return ''
  const typed = /^secrets [^,;]*?(?=$|,|;| {2})/.exec(hint)?.[0] ?? ''
  const rest = hint.slice(typed.length).replace(/^[,;]?\s*/, '')
  return `<p>${typed === '' ? '' : `<code>${foreign(typed)}</code>`}${rest === '' ? '' : ` <i>${foreign(rest)}</i>`}`
}

const cellsOf = (cells: readonly string[]): string => cells.map((cell) => `<td>${cell}`).join('')

/** A small table of texts. Every cell is made safe here. */
export function* plainTable(titles: readonly string[], rows: Iterable<readonly string[]>): Generator<string> {
  yield `<table class="plain"><thead><tr>${titles.map((title) => `<th scope="col">${title}`).join('')}</thead><tbody>\n`
  for (const [first = '', ...cells] of rows) yield `<tr><th scope="row">${foreign(first)}${cellsOf(cells.map(foreign))}</tr>\n`
  yield '</table>\n'
}

/** Who has what to do. */
export function* ownersTable(
  owners: Iterable<{ readonly owner: string | null; readonly total: number; readonly states: Readonly<Record<SecretStanding, number>> }>,
): Generator<string> {
  yield `<table class="plain counts"><colgroup><col class="a"></colgroup><thead><tr><th scope="col">Owner<th scope="col">Secrets${STATES.map((state) => `<th scope="col">${WORDS[state].short}`).join('')}</thead><tbody>\n`
  for (const { owner, total, states } of owners) {
    const counts = STATES.map((state) => (states[state] === 0 ? '<td>' : `<td data-state="${WORDS[state].short}">${grouped(states[state])}`))
    yield `<tr><th scope="row">${owner === null ? '<i>(nobody named)</i>' : foreign(owner)}<td data-state="secrets">${grouped(total)}${counts.join('')}</tr>\n`
  }
  yield '</table>\n'
}

/** Closed where it is long. */
export function* folded(count: number, what: string, pieces: Iterable<string>): Generator<string> {
  if (count <= SHORT) {
    yield* pieces
    return
  }
  yield `<details><summary>Show ${counted(count, what)}</summary>\n`
  yield* pieces
  yield '</details>\n'
}
