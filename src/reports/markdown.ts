import { MEND, sayRan } from './behind.ts'
import { STATES, type Status } from './build.ts'
import { formatDay, formatMoment, sayMoment } from './moments.ts'
import { ageOf, dueOf, headline, limitOf, runningOf, whyOf } from './phrases.ts'
import { acceptedOf, ownersOf, statesOf } from './totals.ts'

/** `secrets report --format markdown`. In pieces, since there may be many rows. */
export function* reportMarkdown(status: Status): Generator<string> {
  const { at, history } = status
  yield `# ${plain(headline(status))}\n\n${formatMoment(at)}\n\n`
  const states = statesOf(status)
  yield* table(
    ['State', 'Secrets'],
    STATES.map((state) => [state, String(states[state])]),
  )
  yield '\n## Secrets\n\n'
  yield row(['State', 'Secret', 'Age', 'Limit', 'Due', 'Running', 'Why', 'Next'])
  yield row(['---', '---', '---:', '---:', '---', '---', '---', '---'])
  for (const one of status.rows) {
    const cells = [
      one.state,
      one.secret.name,
      ageOf(one, at),
      limitOf(one),
      dueOf(one, at),
      runningOf(one),
      one.findings[0]?.message ?? whyOf(one, at),
      one.findings[0]?.hint ?? '',
    ]
    yield row(cells.map(plain))
  }
  yield '\n## Owners\n\n'
  yield* table(
    ['Owner', 'Secrets', ...STATES],
    ownersOf(status).map(({ owner, total, states: counts }) => [owner ?? '(nobody named)', String(total), ...STATES.map((state) => String(counts[state]))]),
  )
  const accepted = acceptedOf(status)
  yield '\n## Accepted exceptions\n\n'
  if (accepted.length === 0) yield 'None.\n'
  else
    yield* table(
      ['Secret', 'Rule', 'Until', 'By', 'Reason'],
      accepted.map(({ secret, rule, until, by, reason }) => [secret, rule, formatDay(until, at), by, reason]),
    )
  yield '\n## History\n\n'
  yield `${history.versions} versions; ${history.replaced30d} replaced in the last 30 days, ${history.replaced90d} in the last 90; ${history.givenUp} secrets whose last rotation was given up.\n`
  if (status.behind.length > 0) {
    yield '\n## Still on an old value\n\n'
    yield* table(
      ['Host', 'What', 'Ran', 'Proved last', 'Next'],
      status.behind.map((run) => [run.host, `${run.who} (${run.file})`, sayRan(run), sayMoment(run.provedAt, at), MEND]),
    )
  }
  if (status.jobs.length > 0) {
    yield '\n## Failed on a host\n\n'
    yield* table(
      ['Host', 'On', 'Step', 'What', 'Next'],
      status.jobs.map(({ host, on, step, message, hint }) => [host, on, step, message, hint]),
    )
  }
  for (const remark of status.remarks) yield `\n${plain(remark)}\n`
}

function* table(titles: readonly string[], rows: readonly (readonly string[])[]): Generator<string> {
  yield row(titles)
  yield row(titles.map(() => '---'))
  for (const cells of rows) yield row(cells.map(plain))
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`

/** Names and reasons are people's text: none of it may become markup or break a table. */
const plain = (text: string): string => text.replace(/[\\`*_{}[\]<>#|]/g, '\\$&').replace(/\s+/g, ' ')
