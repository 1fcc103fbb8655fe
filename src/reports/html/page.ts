import { createHash } from 'node:crypto'
import { VERSION } from '../../build.ts'
import { MEND, sayRan } from '../behind.ts'
import { STATES, type Status } from '../build.ts'
import { formatDay, formatMoment, sayMoment } from '../moments.ts'
import { headline, nextCommands } from '../phrases.ts'
import { acceptedOf, ownersOf, statesOf } from '../totals.ts'
import { ageChart, shareBar, timeline } from './charts.ts'
import { mark, symbols, WORDS } from './marks.ts'
import { counted, foreign, grouped, plain } from './markup.ts'
import { folded, ownersTable, plainTable, stateSections } from './sections.ts'
import { STYLE } from './style.ts'

/** Up to so many secrets a printed page shows what is folded on the screen. */
const PRINTED_WHOLE = 500

/**
 * `secrets report --format html`: one page that needs nothing else. No script, no picture, no font is fetched, and the page itself
 * forbids it, so that it can be mailed and kept. In pieces, since there may be many rows.
 */
export function* reportHtml(status: Status): Generator<string> {
  const { rows, inventory } = status
  yield* head(status)
  yield `<p class="of">${foreign(inventory.project)} · ${foreign(inventory.environment)}</p>\n<h1>${saying(status)}</h1>\n`
  yield `<p class="when"><time datetime="${new Date(status.at).toISOString()}">${whenOf(status.at)}</time></p>\n`
  yield* figures(status)
  yield* nextSteps(status)
  yield* stateSections(status, ['attention', 'violation', 'overdue'])
  if (rows.length > 0) yield `<div class="charts">\n${ageChart(status)}${timeline(status)}</div>\n`
  yield* stateSections(status, ['due', 'rotating', 'ok'])
  yield* oldRuns(status)
  yield* failures(status)
  yield* owners(status)
  yield* exceptions(status)
  yield* history(status)
  yield* foot(status)
}

function* head(status: Status): Generator<string> {
  const hash = createHash('sha256').update(STYLE).digest('base64')
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${plain(headline(status))}</title>
<style>${STYLE}</style>
</head>
<body${status.rows.length <= PRINTED_WHOLE ? ' class="whole"' : ''}>
${symbols()}<main>
`
}

/** The one sentence that everybody reads. */
function saying({ summary, needYou }: Status): string {
  const { total } = summary
  if (total === 0) return 'No secret is declared yet'
  if (needYou === 0) return total === 1 ? 'The one secret is in good order' : `All ${grouped(total)} secrets are in good order`
  if (total === 1) return 'The one secret needs you'
  return `${grouped(needYou)} of ${grouped(total)} secrets ${needYou === 1 ? 'needs' : 'need'} you`
}

/** With its year: a report is kept. */
const whenOf = (at: number): string => formatMoment(at).replace(/ (\d\d:\d\d) (.*)$/, ` ${new Date(at).getFullYear()}, $1 ($2)`)

function* figures(status: Status): Generator<string> {
  const states = statesOf(status)
  yield shareBar(status)
  if (status.rows.length === 0) return
  const items = STATES.map((state) => {
    const count = states[state]
    const inner = `<b>${grouped(count)}</b><span>${mark(state)}${WORDS[state].short}</span>`
    return count === 0 ? `<li class="none">${inner}</li>` : `<li class="${state}"><a href="#${state}">${inner}</a></li>`
  })
  yield `<ul class="figures">${items.join('')}</ul>\n`
}

function* nextSteps(status: Status): Generator<string> {
  const next = status.rows.length === 0 ? [{ command: 'secrets set NAME', does: 'declares a variable and takes its value' }] : nextCommands(status)
  if (next.length === 0) return
  yield `<div class="next"><p id="next">What would help most</p><dl aria-labelledby="next">${next.map(({ command, does }) => `<dt><code>${foreign(command)}</code></dt><dd>${foreign(does)}</dd>`).join('')}</dl></div>\n`
}

function* oldRuns({ behind, at }: Status): Generator<string> {
  if (behind.length === 0) return
  yield '<section id="behind"><h2>Still on an old value</h2><p class="lead">By their last proofs: nobody was asked now.</p>\n'
  const rows = behind.map((run) => [`${run.who} (${run.file})`, run.host, sayMoment(run.provedAt, at), MEND, sayRan(run)])
  yield* plainTable(['What', 'Host', 'Proved last', 'Next', 'Ran'], rows)
  yield '</section>\n'
}

function* failures({ jobs, at }: Status): Generator<string> {
  if (jobs.length === 0) return
  yield '<section id="failed"><h2>Failed on a host</h2><p class="lead">What was to be written, refreshed or proved there.</p>\n'
  const rows = jobs.map(({ host, on, step, message, hint, retryAt }) => [
    `${step} ${on}`,
    host,
    retryAt === null ? '' : `tried again ${formatDay(retryAt, at)}`,
    hint,
    message,
  ])
  yield* plainTable(['What', 'Host', 'Again', 'Next', 'Seen'], rows)
  yield '</section>\n'
}

function* owners(status: Status): Generator<string> {
  const all = ownersOf(status)
  // Where nobody is named it would say nothing.
  if (all.every(({ owner }) => owner === null)) return
  yield '<section id="owners"><h2>Owners</h2>\n'
  yield* folded(all.length, 'owner', ownersTable(all))
  yield '</section>\n'
}

function* exceptions(status: Status): Generator<string> {
  const accepted = acceptedOf(status)
  if (accepted.length === 0) return
  yield `<section id="exceptions"><h2>Accepted exceptions <small>${grouped(accepted.length)}</small></h2><p class="lead">Found, and accepted by somebody until a day. The first to end comes first.</p>\n`
  const rows = accepted.map(({ secret, rule, until, by, reason }) => [secret, rule, `until ${formatDay(until, status.at)}`, by, reason])
  yield* folded(accepted.length, 'exception', plainTable(['Secret', 'Rule', 'Until', 'By', 'Reason'], rows))
  yield '</section>\n'
}

function* history({ history: counts, rows }: Status): Generator<string> {
  if (rows.length === 0) return
  const facts: readonly (readonly [string, number])[] = [
    ['replaced in 30 days', counts.replaced30d],
    ['replaced in 90 days', counts.replaced90d],
    ['versions ever', counts.versions],
    ['rotations given up', counts.givenUp],
  ]
  yield `<section id="history"><h2>History</h2><dl class="facts">${facts.map(([what, count]) => `<div><dd>${grouped(count)}</dd><dt>${what}</dt></div>`).join('')}</dl></section>\n`
}

function* foot(status: Status): Generator<string> {
  yield '<footer>'
  for (const remark of status.remarks) yield `<p>${foreign(remark)}</p>`
  const tail = status.rows.length > PRINTED_WHOLE ? ` ${counted(status.rows.length, 'secret')}: what is folded is not printed unless it is opened first.` : ''
  yield `<p>Made by Keyturn ${plain(VERSION)} from its records. No secret value is on this page.${tail}</p></footer>\n</main>\n</body>\n</html>\n`
}
