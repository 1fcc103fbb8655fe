import { evaluate, exempt, type RuleFinding, reuseFinding, secretFields, withException } from '../policy/rules.ts'
import { dueOn } from '../policy/schedule.ts'
import { gateOf } from '../rotation/gate.ts'
import { openSecret } from '../rotation/left.ts'
import { type Next, next } from '../rotation/next.ts'
import type { AgeSource, Fingerprint, GateOutput, HostState, Inventory, Millis, Secret, SecretState, StreamState } from '../terms.ts'
import { type OldRun, oldRunsOf } from './behind.ts'
import { type OpenRotation, openRotation } from './open.ts'
import { type Holder, reuse } from './reuse.ts'
import { deployment, type Running } from './running.ts'

/** From worst to best. `attention`: a person must decide. */
export const STATES = ['attention', 'violation', 'overdue', 'due', 'rotating', 'ok'] as const
export type SecretStanding = (typeof STATES)[number]

/** One secret, as all reports see it. Holds no value. */
export interface StatusRow {
  readonly secret: Secret
  readonly state: SecretStanding
  /** What people see as its version; `null`: no value yet. */
  readonly version: number | null
  readonly fingerprint: Fingerprint | null
  readonly bornAt: Millis | null
  readonly source: AgeSource
  /** When its provider ends it by itself; `null`: never, or nobody knows. */
  readonly expiresAt: Millis | null
  /** Worst first. */
  readonly findings: readonly RuleFinding[]
  readonly rotation: OpenRotation | null
  readonly running: Running | null
}

/** When it should be replaced; `null`: never, or nobody knows. Reckoned when asked, since it takes as much room as the rest of a row. */
export function dueOfRow({ secret, bornAt, expiresAt }: StatusRow): Millis | null {
  if (exempt(secret) || bornAt === null) return null
  const byAge = dueOn(bornAt, secret.policy)
  return expiresAt === null ? byAge : Math.min(byAge, expiresAt - secret.policy.rotateBeforeMs)
}

/** Something that failed on a host: an output that could not be written, a consumer that could not be refreshed. */
export interface FailedJob {
  readonly host: string
  readonly on: string
  readonly step: string
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly retryAt: Millis | null
}

export interface Summary {
  readonly total: number
  readonly ok: number
  readonly due: number
  readonly overdue: number
  readonly violations: number
  readonly rotating: number
  readonly attention: number
  /** Findings that a dated exception covers. */
  readonly accepted: number
}

/** Counted over the streams as they are now. */
export interface HistoryCounts {
  readonly versions: number
  readonly replaced30d: number
  readonly replaced90d: number
  /** Secrets whose last rotation was given up. */
  readonly givenUp: number
}

export interface Status {
  readonly inventory: Inventory
  readonly at: Millis
  readonly summary: Summary
  /** Rows that a person has to act on. */
  readonly needYou: number
  /** Worst first, then what is due first, then by name. */
  readonly rows: readonly StatusRow[]
  readonly jobs: readonly FailedJob[]
  /** Consumers whose last proof showed another value than their file has. */
  readonly behind: readonly OldRun[]
  readonly history: HistoryCounts
  /** Whole sentences about the project as such. */
  readonly remarks: readonly string[]
}

export interface BuildInput {
  readonly inventory: Inventory
  /** Every stream of the ledger, those of hosts first, as the ledger gives them (in the order of their names). They are looked at one by one and not kept. */
  readonly states: AsyncIterable<StreamState> | Iterable<StreamState>
  /** A host's state once more, where an open rotation waits for its proofs. Without it, the states of hosts are kept. */
  readonly host?: (name: string) => Promise<HostState | null>
  readonly now: Millis
  /** Names or variables have been resolved; `null`: all. Reuse is looked for among all of them in any case. */
  readonly only?: ReadonlySet<string> | null
  readonly remarks?: readonly string[]
  /** Why rules of the inventory's own ask for a value of a secret, by its name. */
  readonly required?: ReadonlyMap<string, readonly string[]>
}

const DAY_MS = 86_400_000
const NO_FINDINGS: readonly RuleFinding[] = []
const NO_REASONS: readonly string[] = []
const alone = (): readonly string[] => []

/** A row while it is built. */
type Draft = { -readonly [key in keyof StatusRow]: StatusRow[key] }

/**
 * Facts and ledger to plain data. One pass over the streams, linear in their number; a stream's state is let go once its row is made,
 * so that a hundred thousand of them fit into little memory. Reads no value and writes nothing.
 */
export async function buildStatus(input: BuildInput): Promise<Status> {
  const { inventory, now } = input
  const secrets = [...inventory.secrets]
  const numbers = new Map<string, number>()
  for (const [i, { id }] of secrets.entries()) numbers.set(id, i)
  const drafts: (Draft | undefined)[] = new Array(secrets.length)
  // Behind those that are declared: what left the inventory with a rotation open, which still has to end (failure rules 2 and 13).
  const declared = secrets.length
  const deployed = deployment(inventory)
  const kept = new Map<string, HostState>()
  const jobs: FailedJob[] = []
  const behind: OldRun[] = []
  const open: [number, SecretState][] = []
  const admins = new Set<string>()
  const values = reuse(secrets.length, (i) => onlyVariable(secrets[i] as Secret))
  const history = { versions: 0, replaced30d: 0, replaced90d: 0, givenUp: 0 }

  let begun = false
  for await (const state of input.states) {
    if (state.claim?.admin !== undefined && state.claim.until > now) admins.add(state.claim.admin)
    if (state.kind === 'host') {
      if (begun) throw new Error(`the stream of host ${state.host} comes after one of a secret`)
      deployed.add(state)
      jobs.push(...failedJobs(state))
      if (!input.host) kept.set(state.host, state)
      continue
    }
    begun = true
    const i = numbers.get(state.secret)
    if (i === undefined) {
      const left = openSecret(state)
      if (left) open.push([secrets.push(left) - 1, state])
      continue
    }
    const secret = secrets[i] as Secret
    count(history, state, now)
    for (const { name, facts } of secretFields({ secret, state })) values.add(i, name, facts.value)
    if (state.rotation || (state.late && state.failure)) open.push([i, state])
    drafts[i] = draft(secret, state, input, null, deployed.of(secret, state.current?.token ?? null))
    behind.push(...oldRunsOf(deployed.behind(secret), secret, state))
  }
  for (const [i, state] of open) {
    const secret = secrets[i] as Secret
    const gate = gateOf(inventory, secret)
    const around = { now, gate, hosts: await hostsOf(state, gate, kept, input.host), adminInUse: admins.has(secret.name), gone: () => false }
    const made = draft(secret, state, input, next(state, around), drafts[i]?.running ?? null)
    if (i >= declared) made.findings = ofLeft(made)
    drafts[i] = made
  }
  for (const [i, secret] of secrets.entries()) drafts[i] ??= draft(secret, null, input, null, deployed.of(secret, null))
  const made = drafts as Draft[]
  for (const holders of values.shared()) markReuse(holders, made, now)

  const rows = input.only ? made.filter(({ secret }) => input.only?.has(secret.name)) : made
  for (const row of rows) row.state = standingOf(row)
  rows.sort(worstFirst)
  return {
    inventory,
    at: now,
    summary: summarize(rows),
    needYou: rows.filter(needsPerson).length,
    rows,
    jobs,
    behind: input.only ? behind.filter(({ secret }) => input.only?.has(secret)) : behind,
    history,
    remarks: input.remarks ?? [],
  }
}

/** The one variable of most secrets; of others, something that no field is called. */
function onlyVariable({ env }: Secret): string {
  let only = ''
  for (const variable in env) {
    if (only !== '') return ''
    only = variable
  }
  return only
}

/** Those that the rotation's gate needs, read once each. */
async function hostsOf(
  { rotation }: SecretState,
  gate: readonly GateOutput[],
  kept: Map<string, HostState>,
  read: BuildInput['host'],
): Promise<ReadonlyMap<string, HostState>> {
  for (const { host } of [...(rotation?.snapshot.gate ?? []), ...gate]) {
    if (kept.has(host)) continue
    const found = await read?.(host)
    if (found) kept.set(host, found)
  }
  return kept
}

/** Of a secret that is no longer declared only its rotation matters: no policy is asked of its value. */
const ofLeft = ({ secret, findings, rotation }: Draft): readonly RuleFinding[] => [
  ...findings.filter(({ rule }) => rule === 'attention' || rule === 'old-alive'),
  {
    rule: 'left',
    severity: 'info',
    message: 'it is no longer in the inventory, and its open rotation still has to end',
    hint: rotation?.hint ?? `secrets rotate ${secret.name}`,
    why: 'left the inventory',
  },
]

function draft(secret: Secret, state: SecretState | null, { now, required }: BuildInput, going: Next | null, running: Running | null): Draft {
  const attention = going?.kind === 'attention' ? { reason: going.message, hint: going.hint } : null
  const found = evaluate({ secret, state, now, attention, guided: isGuided(secret), sharedWith: alone, required: required?.get(secret.name) ?? NO_REASONS })
  const current = state?.current ?? null
  return {
    secret,
    state: 'ok',
    version: current?.n ?? null,
    fingerprint: current?.fingerprint ?? null,
    bornAt: current?.bornAt ?? null,
    source: current?.source ?? 'unknown',
    expiresAt: current?.expiresAt ?? null,
    findings: found.length === 0 ? NO_FINDINGS : found,
    rotation: state?.rotation ? openRotation(state, going) : null,
    running,
  }
}

/** The worst that was found; remarks and what is accepted change nothing. */
function standingOf({ findings, rotation }: StatusRow): SecretStanding {
  const worst = findings[0]?.severity
  return worst !== undefined && worst !== 'info' ? worst : rotation ? 'rotating' : 'ok'
}

/** A person has to give the new value: nothing here can make one at the provider. */
export const isGuided = (secret: Secret): boolean => secret.rotator.kind === 'manual'

/** At most this many names stand in a message; comparing all with all would be quadratic where everything is the same. */
const NAMED = 4

function markReuse(holders: readonly Holder[], drafts: readonly Draft[], now: Millis): void {
  const sharing = [...new Set(holders.map((holder) => holder.secret))]
  const first = sharing.slice(0, NAMED + 1)
  for (const { secret: i, field } of holders) {
    const row = drafts[i] as Draft
    if (row.findings.some(({ rule }) => rule === 'reuse')) continue
    const others = first.filter((other) => other !== i).slice(0, NAMED)
    const names = others.map((other) => (drafts[other] as Draft).secret.name)
    const finding = withException(reuseFinding(row.secret, field, names, sharing.length - 1 - others.length), { secret: row.secret, now })
    row.findings = [...row.findings, finding].sort((a, b) => severityRank(a) - severityRank(b))
  }
}

const severityRank = ({ severity }: RuleFinding): number => (severity === 'info' ? STATES.length : STATES.indexOf(severity))

function count(history: { -readonly [key in keyof HistoryCounts]: number }, state: SecretState, now: Millis): void {
  history.versions += state.count
  if (state.last?.outcome === 'back' && !state.rotation) history.givenUp += 1
  for (const { replacedAt } of state.former) {
    if (replacedAt === undefined) continue
    if (replacedAt > now - 30 * DAY_MS) history.replaced30d += 1
    if (replacedAt > now - 90 * DAY_MS) history.replaced90d += 1
  }
}

const needsPerson = ({ state, secret }: StatusRow): boolean =>
  state === 'attention' || state === 'violation' || state === 'overdue' || (state === 'due' && isGuided(secret))

function worstFirst(a: StatusRow, b: StatusRow): number {
  if (a.state !== b.state) return STATES.indexOf(a.state) - STATES.indexOf(b.state)
  const due = (dueOfRow(a) ?? Number.MAX_SAFE_INTEGER) - (dueOfRow(b) ?? Number.MAX_SAFE_INTEGER)
  return due !== 0 ? due : a.secret.name < b.secret.name ? -1 : 1
}

function summarize(rows: readonly StatusRow[]): Summary {
  const counts = { attention: 0, violation: 0, overdue: 0, due: 0, rotating: 0, ok: 0 }
  let accepted = 0
  for (const { state, findings } of rows) {
    counts[state] += 1
    for (const finding of findings) if (finding.accepted) accepted += 1
  }
  const { ok, due, overdue, violation, rotating, attention } = counts
  return { total: rows.length, ok, due, overdue, violations: violation, rotating, attention, accepted }
}

const failedJobs = ({ host, failures }: HostState): FailedJob[] =>
  Object.entries(failures).map(([on, { step, code, message, hint, retryAt }]) => ({ host, on, step, code, message, hint, retryAt }))
