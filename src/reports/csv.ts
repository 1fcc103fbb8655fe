import type { Millis } from '../terms.ts'
import { dueOfRow, type Status, type StatusRow } from './build.ts'

/** Columns in the order in which they will always stand: new ones are added at the end. `docs/reports.md` says what each means. */
const COLUMNS: readonly (readonly [name: string, cell: (row: StatusRow, status: Status) => string | number | null])[] = [
  ['project', (_, { inventory }) => inventory.project],
  ['environment', (_, { inventory }) => inventory.environment],
  ['secret', ({ secret }) => secret.name],
  ['state', ({ state }) => state],
  ['variables', ({ secret }) => Object.keys(secret.env).join(' ')],
  ['owner', ({ secret }) => secret.owner ?? null],
  ['rotator', ({ secret }) => secret.rotator.kind],
  ['store', ({ secret }) => secret.store],
  ['version', ({ version }) => version],
  ['fingerprint', ({ fingerprint }) => fingerprint],
  ['made_at', ({ bornAt }) => iso(bornAt)],
  ['age_days', ({ bornAt }, { at }) => (bornAt === null ? null : Math.max(0, Math.floor((at - bornAt) / DAY_MS)))],
  ['age_source', ({ version, source }) => (version === null ? null : source)],
  ['max_age_days', ({ secret }) => (secret.rotator.kind === 'none' ? null : Math.round((secret.policy.maxAgeMs / DAY_MS) * 100) / 100)],
  ['due_at', (row) => iso(dueOfRow(row))],
  ['rules', ({ findings }) => findings.map(({ rule, accepted }) => (accepted ? `${rule} (accepted)` : rule)).join(' ')],
  ['finding', ({ findings }) => findings[0]?.message ?? null],
  ['next', ({ findings, rotation }) => findings[0]?.hint ?? rotation?.hint ?? null],
  ['rotation_since', ({ rotation }) => iso(rotation?.openedAt ?? null)],
  ['rotation_waits_for', ({ rotation }) => rotation?.waits ?? null],
  ['files_written', ({ running }) => running?.written ?? null],
  ['files', ({ running }) => running?.files ?? null],
  ['consumers_proven', ({ running }) => running?.proven ?? null],
  ['consumers', ({ running }) => running?.total ?? null],
  ['at', (_, { at }) => iso(at)],
]

const DAY_MS = 86_400_000

/** One text for all rows of a report. */
const iso = (at: Millis | null): string | null => (at === null ? null : new Date(at).toISOString())

/** `secrets report --format csv`: RFC 4180 with a header, one line a secret, worst first. In pieces, since there may be many. */
export function* reportCsv(status: Status): Generator<string> {
  yield `${COLUMNS.map(([name]) => name).join(',')}\r\n`
  for (const row of status.rows) yield `${COLUMNS.map(([, cell]) => field(cell(row, status))).join(',')}\r\n`
}

/** What a spreadsheet takes for a formula, also in the wide forms of these signs, and behind blanks that it cuts off. */
const FORMULA = /^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/

/** No text file holds these. */
const UNPRINTABLE = /(?![\t\n\r])\p{Cc}/gu

/** A text that would begin a formula gets an apostrophe before it: names and reasons are other people's text. */
function field(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const text = value.toWellFormed().replace(UNPRINTABLE, '\ufffd')
  const safe = FORMULA.test(text) ? `'${text}` : text
  return /[",;\r\n\t]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
