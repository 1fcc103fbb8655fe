import type { Millis } from '../terms.ts'
import { dueOfRow, type FailedJob, type Status, type StatusRow } from './build.ts'
import { iso } from './moments.ts'
import { acceptedOf, ownersOf, statesOf } from './totals.ts'

/** The JSON documents, in pieces: a hundred thousand secrets need not be one string in memory. */

const DAY_MS = 86_400_000

/** `keyturn/status@1`. */
export function* statusJson(status: Status): Generator<string> {
  yield* head(status, 'keyturn/status@1')
  yield* list('secrets', status.rows, (row) => rowJson(row, status.at))
  yield ',\n'
  yield* list('jobs', status.jobs, jobJson)
  yield* behindJson(status)
  yield '\n}'
}

/** `keyturn/report@1`: the same with totals, exceptions and counts of the history. */
export function* reportJson(status: Status): Generator<string> {
  yield* head(status, 'keyturn/report@1')
  yield `  "states": ${JSON.stringify(statesOf(status))},\n`
  yield* list('owners', ownersOf(status), (owner) => owner)
  yield ',\n'
  yield* list('accepted', acceptedOf(status), ({ secret, rule, until, reason, by }) => ({ secret, rule, until: iso(until), reason, by }))
  yield `,\n  "history": ${JSON.stringify(status.history)},\n`
  yield* list('secrets', status.rows, (row) => rowJson(row, status.at))
  yield ',\n'
  yield* list('jobs', status.jobs, jobJson)
  yield* behindJson(status)
  yield '\n}'
}

function* head({ inventory, at, summary, remarks }: Status, schema: string): Generator<string> {
  const { project, environment } = inventory
  yield '{\n'
  for (const [key, value] of Object.entries({ schema, project, environment, at: iso(at), summary }))
    yield `  ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`
  if (remarks.length > 0) yield `  "remarks": ${JSON.stringify(remarks)},\n`
}

function* list<T>(name: string, items: Iterable<T>, show: (item: T) => unknown): Generator<string> {
  yield `  ${JSON.stringify(name)}: [`
  let before = '\n    '
  let some = false
  for (const item of items) {
    yield before + JSON.stringify(show(item))
    before = ',\n    '
    some = true
  }
  yield some ? '\n  ]' : ']'
}

/** One secret, as it stands in both documents. */
export function rowJson(row: StatusRow, at: Millis): object {
  const { secret, rotation } = row
  return {
    name: secret.name,
    env: Object.keys(secret.env),
    state: row.state,
    kind: secret.rotator.kind,
    store: secret.store,
    owner: secret.owner ?? null,
    version: row.version === null ? null : String(row.version),
    fingerprint: row.fingerprint,
    rotatedAt: iso(row.bornAt),
    ageDays: row.bornAt === null ? null : Math.round(((at - row.bornAt) / DAY_MS) * 100) / 100,
    ageSource: row.source,
    ...(row.expiresAt !== null && { expiresAt: iso(row.expiresAt) }),
    maxAgeDays: secret.rotator.kind === 'none' ? null : secret.policy.maxAgeMs / DAY_MS,
    dueAt: iso(dueOfRow(row)),
    findings: row.findings.map(({ rule, severity, message, hint, accepted }) => ({ rule, severity, message, hint, ...(accepted && { accepted: true }) })),
    rotation: rotation && { ...rotation, openedAt: iso(rotation.openedAt), since: iso(rotation.since), until: iso(rotation.until) },
    running: row.running,
  }
}

/** Left out where there is none, as `remarks` are. */
function* behindJson({ behind }: Status): Generator<string> {
  if (behind.length === 0) return
  yield ',\n'
  yield* list('behind', behind, (one) => ({ ...one, provedAt: iso(one.provedAt) }))
}

const jobJson = (job: FailedJob): object => ({ ...job, retryAt: iso(job.retryAt) })
