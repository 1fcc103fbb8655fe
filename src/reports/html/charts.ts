import { exempt } from '../../policy/rules.ts'
import type { Millis } from '../../terms.ts'
import { dueOfRow, STATES, type Status, type StatusRow } from '../build.ts'
import { formatDay } from '../moments.ts'
import { statesOf } from '../totals.ts'
import { WORDS } from './marks.ts'
import { counted, foreign, grouped, plain } from './markup.ts'

/** The drawings: bars at per cents of the width, so that they fit a phone and a sheet of paper alike while their labels keep their size. */

const DAY_MS = 86_400_000
const WEEK = 7
/** The timeline, in days. */
const AHEAD = 90

/** The words at the limit's line stand above every bar and its number. */
const TOP = 36
const FLOOR = 152
const LABELS = 170

/** Days that a bar of the histogram may cover: what people count in. */
const WIDTHS = [1, 2, 5, 7, 10, 15, 20, 30, 60, 90, 180, 365]
/** Bars up to the usual limit. */
const WITHIN = 6
/** The last one takes everything that is older. */
const MOST_BARS = 12

const DATES = 6
const NAMES = 4

/** `12.5%` */
const percent = (part: number, of: number): string => `${Math.round((part / of) * 10_000) / 100}%`

/** One bar of all secrets, divided by state; `''` where there is none. */
export function shareBar(status: Status): string {
  const states = statesOf(status)
  const total = status.rows.length
  if (total === 0) return ''
  const told = STATES.filter((state) => states[state] > 0).map((state) => `${grouped(states[state])} ${WORDS[state].short}`)
  let before = 0
  const parts = STATES.map((state) => {
    const x = percent(before, total)
    before += states[state]
    return states[state] === 0
      ? ''
      : `<rect class="${state}" x="${x}" width="${percent(states[state], total)}" height="10"><title>${plain(WORDS[state].short)}: ${grouped(states[state])}</title></rect>`
  })
  return `<svg class="share" role="img" aria-label="${told.join(', ')}">${parts.join('')}</svg>\n`
}

interface Bar {
  within: number
  past: number
}

/** How old the values are, and how many are past their own limit. */
export function ageChart({ rows, at, inventory }: Status): string {
  const limit = inventory.policy.maxAgeMs / DAY_MS
  const width = WIDTHS.find((days) => limit / days <= WITHIN) ?? Math.ceil(limit / WITHIN)
  const bars: Bar[] = []
  const left = { unknown: 0, none: 0, never: 0 }
  for (const row of rows) {
    if (exempt(row.secret)) left.never += 1
    else if (row.version === null) left.none += 1
    else if (row.bornAt === null) left.unknown += 1
    else {
      const age = Math.max(0, at - row.bornAt)
      const i = Math.min(Math.floor(age / DAY_MS / width), MOST_BARS - 1)
      while (bars.length <= i) bars.push({ within: 0, past: 0 })
      const bar = bars[i] as Bar
      if (age >= row.secret.policy.maxAgeMs) bar.past += 1
      else bar.within += 1
    }
  }
  const known = bars.reduce((sum, { within, past }) => sum + within + past, 0)
  const late = bars.reduce((sum, { past }) => sum + past, 0)
  // Room for the words beside the line.
  while (bars.length < Math.ceil(limit / width) + 2) bars.push({ within: 0, past: 0 })
  const says =
    known === 0
      ? 'No value has a known age.'
      : `${counted(known, 'secret')} of known age, ${late === 0 ? 'none' : grouped(late)} past ${late === 1 ? 'its' : 'their'} limit.`
  const labelOf = (i: number): string => (i === MOST_BARS - 1 ? `${i * width} days or older` : `${i * width} to ${(i + 1) * width} days`)
  const drawn = columns(
    bars.map(({ within, past }, i) => ({
      parts: [
        ['bar', within],
        ['late', past],
      ],
      title: `${labelOf(i)}: ${counted(within + past, 'secret')}${past === 0 ? '' : `, ${grouped(past)} past the limit`}`,
      label: i === MOST_BARS - 1 ? `${i * width}+` : String(i * width),
    })),
    true,
  )
  const x = percent(Math.min(limit / width, bars.length), bars.length)
  const line = `<line class="limit" x1="${x}" x2="${x}" y1="4" y2="${FLOOR}"/><text class="l" x="${x}" dx="5" y="12">${Math.round(limit)} d limit</text>`
  const notes = [
    left.unknown > 0 && `${grouped(left.unknown)} of unknown age`,
    left.none > 0 && `${grouped(left.none)} without a value`,
    left.never > 0 && `${grouped(left.never)} exempt from age`,
  ].filter((note) => note !== false)
  return `<section aria-labelledby="h-age"><h2 id="h-age">Age</h2><p class="lead">${says}${notes.length > 0 ? ` Not drawn: ${notes.join(', ')}.` : ''}</p>
<svg class="chart" role="img" aria-labelledby="t-age"><title id="t-age">Secrets by age in days. ${says}</title>${line}${drawn}</svg>
<p class="key"><span><svg aria-hidden="true"><rect class="bar" width="11" height="11" fill="var(--bar)"/></svg>within the limit</span><span><svg aria-hidden="true"><rect width="11" height="11" fill="url(#late)"/></svg>past it</span><span>Days since the value was made</span></p></section>
`
}

/** What becomes due in the next 90 days, week by week, and the first of these dates with their names. */
export function timeline({ rows, at }: Status): string {
  const today = new Date(at).setHours(0, 0, 0, 0)
  const weeks = Array.from({ length: Math.ceil(AHEAD / WEEK) }, () => 0)
  const days = new Map<number, StatusRow[]>()
  let before = 0
  let after = 0
  for (const row of rows) {
    const due = dueOfRow(row)
    if (due === null || row.version === null) continue
    const day = Math.floor((due - today) / DAY_MS)
    if (due <= at) before += 1
    else if (day >= AHEAD) after += 1
    else {
      weeks[Math.floor(day / WEEK)] = (weeks[Math.floor(day / WEEK)] ?? 0) + 1
      const same = days.get(day)
      if (same) same.push(row)
      else days.set(day, [row])
    }
  }
  const within = weeks.reduce((sum, count) => sum + count, 0)
  const says = `${within === 0 ? 'Nothing becomes' : `${counted(within, 'secret')} ${within === 1 ? 'becomes' : 'become'}`} due in the next ${AHEAD} days.`
  const rest = [before > 0 && `${grouped(before)} ${before === 1 ? 'is' : 'are'} due already`, after > 0 && `${grouped(after)} later`].filter(
    (note) => note !== false,
  )
  const startOf = (week: number): Millis => today + week * WEEK * DAY_MS + DAY_MS / 2
  const drawn = columns(
    weeks.map((count, week) => ({
      parts: [['soon', count]],
      title: `${week === weeks.length - 1 ? 'From' : 'Week from'} ${formatDay(startOf(week), at)}: ${counted(count, 'secret')}`,
      label: week % 3 === 0 ? formatDay(startOf(week), at) : '',
    })),
    false,
  )
  const first = [...days.keys()].sort((a, b) => a - b)
  const dates = first.slice(0, DATES).map((day) => dateLine(formatDay(today + day * DAY_MS + DAY_MS / 2, at), days.get(day) as StatusRow[]))
  const more = first.slice(DATES).reduce((sum, day) => sum + (days.get(day)?.length ?? 0), 0)
  return `<section aria-labelledby="h-due"><h2 id="h-due">Next ${AHEAD} days</h2><p class="lead">${says}${rest.length > 0 ? ` ${rest.join(', ')}.` : ''}</p>
<svg class="chart" role="img" aria-labelledby="t-due"><title id="t-due">What becomes due in the next ${AHEAD} days, by week. ${says}</title>${drawn}</svg>
${dates.length > 0 ? `<dl class="dates">${dates.join('')}${more > 0 ? `<dt>then</dt><dd>${grouped(more)} more</dd>` : ''}</dl>` : ''}</section>
`
}

function dateLine(day: string, rows: readonly StatusRow[]): string {
  const names = rows.slice(0, NAMES).map(({ secret }) => foreign(secret.name))
  return `<dt>${day}</dt><dd>${names.join(', ')}${rows.length > NAMES ? ` and ${grouped(rows.length - NAMES)} more` : ''}</dd>`
}

interface Column {
  /** From the floor upwards: class and count. */
  readonly parts: readonly (readonly [string, number])[]
  readonly title: string
  /** Below its middle; of the histogram below its left edge, where that number of days is. */
  readonly label: string
}

/** Bars on a common floor, each with its number above. A bar that is there is never too low to be seen. */
function columns(all: readonly Column[], edges: boolean): string {
  const sums = all.map(({ parts }) => parts.reduce((sum, [, count]) => sum + count, 0))
  const highest = Math.max(1, ...sums)
  // Three secrets are no skyscraper.
  const unit = Math.min((FLOOR - TOP) / highest, 32)
  const drawn = all.map(({ parts, title, label }, i) => {
    let y = FLOOR
    const rects = parts.map(([name, count]) => {
      if (count === 0) return ''
      const height = Math.max(2, Math.round(count * unit * 10) / 10)
      y -= height
      return `<rect class="${name}" x="${percent(i + 0.12, all.length)}" width="${percent(0.76, all.length)}" y="${Math.round(y * 10) / 10}" height="${height}"/>`
    })
    const middle = percent(i + 0.5, all.length)
    const number = sums[i] ? `<text class="n" x="${middle}" y="${Math.round(y * 10) / 10 - 6}">${grouped(sums[i] as number)}</text>` : ''
    // Empty ones are no places to point at.
    const bar = sums[i] ? `<g><title>${plain(title)}</title>${rects.join('')}${number}</g>` : ''
    const at = edges ? percent(i, all.length) : middle
    // The outermost must not stick out: a printed page would cut them.
    const [place, x] = i === 0 ? [' class="first"', '0'] : i === all.length - 1 && !edges ? [' class="last"', '100%'] : ['', at]
    return `${bar}${label === '' ? '' : `<text${place} x="${x}" y="${LABELS}">${label}</text>`}`
  })
  return `<line class="axis" x1="0" x2="100%" y1="${FLOOR}.5" y2="${FLOOR}.5"/>${drawn.join('')}`
}
