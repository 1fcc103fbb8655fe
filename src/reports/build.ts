import { atLeast, evaluate, exempt, type RuleFinding, type RuleInput, reuseFinding, secretFields, withException } from '../policy/rules.ts'
import { dueAt } from '../policy/schedule.ts'
import { gateOf } from '../rotation/gate.ts'
import { type Next, next } from '../rotation/next.ts'
import type { AgeSource, Fingerprint, HostState, Inventory, Millis, Secret, SecretState, StreamState } from '../terms.ts'
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
  /** The true age may be larger. */
  readonly atLeast: boolean
  readonly dueAt: Millis | null
  /** Worst first. */
  readonly findings: readonly RuleFinding[]
  readonly rotation: OpenRotation | null
  readonly running: Running | null
  readonly guided: boolean
}

/** A rotation that is open, and what it waits for. */
export interface OpenRotation {
  readonly id: string
  readonly openedAt: Millis
  readonly reason: string | null
  /** The step that comes next, or what is waited for. */
  readonly waits: 'nothing' | 'claim' | 'retry' | 'proof' | 'grace' | 'admin' | 'clock' | 'person'
  readonly step: string | null
  readonly until: Millis | null
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
  readonly history: HistoryCounts
  /** Whole sentences about the project as such. */
  readonly remarks: readonly string[]
}

export interface BuildInput {
  readonly inventory: Inventory
  /** Every stream of the ledger, in any order. They are looked at one by one and not kept. */
  readonly states: AsyncIterable<StreamState> | Iterable<StreamState>
  readonly now: Millis
  /** Names or variables have been resolved; `null`: all. Reuse is looked for among all of them in any case. */
  readonly only?: ReadonlySet<string> | null
  readonly remarks?: readonly string[]
}

const DAY_MS = 86_400_000
const NO_FINDINGS: readonly RuleFinding[] = []
const alone = (): readonly string[] => []

/** A row while it is built. */
interface Draft {
  readonly secret: Secret
  readonly current: {
    readonly n: number
    readonly token: string
    readonly fingerprint: Fingerprint
    readonly bornAt: Millis | null
    readonly source: AgeSource
  } | null
  readonly atLeast: boolean
  readonly dueAt: Millis | null
  findings: readonly RuleFinding[]
  rotation: OpenRotation | null
}

/**
 * Facts and ledger to plain data. One pass over the streams, linear in their number; a stream's state is let go once its row is made,
 * so that a hundred thousand of them fit into little memory. Reads no value and writes nothing.
 */
export async function buildStatus(input: BuildInput): Promise<Status> {
  const { inventory, now } = input
  const drafts = new Map<string, Draft | null>()
  for (const secret of inventory.secrets) drafts.set(secret.id, null)
  const secrets = new Map(inventory.secrets.map((secret) => [secret.id, secret]))
  const hosts = new Map<string, HostState>()
  const open: SecretState[] = []
  const admins = new Set<string>()
  const values = new Map<Fingerprint, Holder | Holder[]>()
  const history = { versions: 0, replaced30d: 0, replaced90d: 0, givenUp: 0 }

  for await (const state of input.states) {
    if (state.claim?.admin !== undefined && state.claim.until > now) admins.add(state.claim.admin)
    if (state.kind === 'host') {
      hosts.set(state.host, state)
      continue
    }
    const secret = secrets.get(state.secret)
    if (!secret) continue
    count(history, state, now)
    for (const { name, facts } of secretFields({ secret, state })) hold(values, facts.value, { secret, field: name })
    if (state.rotation) open.push(state)
    drafts.set(secret.id, draft(secret, state, now, null))
  }
  for (const secret of inventory.secrets) if (!drafts.get(secret.id)) drafts.set(secret.id, draft(secret, null, now, null))
  for (const state of open) {
    const secret = secrets.get(state.secret) as Secret
    const around = { now, gate: gateOf(inventory, secret), hosts, adminInUse: admins.has(secret.name), gone: () => false }
    drafts.set(secret.id, draft(secret, state, now, next(state, around)))
  }
  for (const shared of values.values()) if (Array.isArray(shared)) markReuse(shared, drafts, now)

  const running = deployment(inventory, hosts)
  const rows: StatusRow[] = []
  for (const [id, made] of drafts) {
    drafts.set(id, null)
    if (made && (input.only?.has(made.secret.name) ?? true)) rows.push(toRow(made, running(made.secret, made.current?.token ?? null)))
  }
  rows.sort(worstFirst)
  return {
    inventory,
    at: now,
    summary: summarize(rows),
    needYou: rows.filter(needsPerson).length,
    rows,
    jobs: [...hosts.values()].flatMap(failedJobs),
    history,
    remarks: input.remarks ?? [],
  }
}

function draft(secret: Secret, state: SecretState | null, now: Millis, going: Next | null): Draft {
  const attention = going?.kind === 'attention' ? { reason: going.message, hint: going.hint } : null
  const input: RuleInput = { secret, state, now, attention, guided: isGuided(secret), sharedWith: alone }
  const found = evaluate(input)
  const current = state?.current ?? null
  return {
    secret,
    current: current && { n: current.n, token: current.token, fingerprint: current.fingerprint, bornAt: current.bornAt, source: current.source },
    atLeast: atLeast(state),
    dueAt: exempt(secret) ? null : dueAt(state, secret.policy),
    findings: found.length === 0 ? NO_FINDINGS : found,
    rotation: state?.rotation ? openRotation(state, going) : null,
  }
}

/** A person has to give the new value: nothing here can make one at the provider. */
export const isGuided = (secret: Secret): boolean => secret.rotator.kind === 'manual'

function openRotation(state: SecretState, going: Next | null): OpenRotation | null {
  const r = state.rotation
  if (!r) return null
  const common = { id: r.id, openedAt: r.openedAt, reason: r.reason }
  switch (going?.kind) {
    case 'do':
      return { ...common, waits: 'nothing', step: going.step, until: null }
    case 'wait':
      return { ...common, waits: going.why, step: state.claim?.step ?? null, until: going.until }
    case 'attention':
      return { ...common, waits: 'person', step: going.step, until: null }
    default:
      return { ...common, waits: 'nothing', step: null, until: null }
  }
}

interface Holder {
  readonly secret: Secret
  readonly field: string
}

function hold(values: Map<Fingerprint, Holder | Holder[]>, value: Fingerprint, holder: Holder): void {
  const before = values.get(value)
  if (before === undefined) values.set(value, holder)
  else if (Array.isArray(before)) before.push(holder)
  else values.set(value, [before, holder])
}

/** At most this many names stand in a message; comparing all with all would be quadratic where everything is the same. */
const NAMED = 4

function markReuse(holders: readonly Holder[], drafts: Map<string, Draft | null>, now: Millis): void {
  const secrets = [...new Set(holders.map(({ secret }) => secret))]
  if (secrets.length < 2) return
  const first = secrets.slice(0, NAMED + 1).map(({ name }) => name)
  for (const { secret, field } of holders) {
    const made = drafts.get(secret.id)
    if (!made || made.findings.some(({ rule }) => rule === 'reuse')) continue
    const others = first.filter((name) => name !== secret.name).slice(0, NAMED)
    const finding = withException(reuseFinding(secret, field, others, secrets.length - 1 - others.length), { secret, now })
    made.findings = [...made.findings, finding].sort((a, b) => severityRank(a) - severityRank(b))
  }
}

const severityRank = ({ severity }: RuleFinding): number => (severity === 'info' ? STATES.length : STATES.indexOf(severity))

function toRow(made: Draft, running: Running | null): StatusRow {
  const { secret, current, findings, rotation } = made
  const worst = findings[0]?.severity
  return {
    secret,
    state: worst !== undefined && worst !== 'info' ? worst : rotation ? 'rotating' : 'ok',
    version: current?.n ?? null,
    fingerprint: current?.fingerprint ?? null,
    bornAt: current?.bornAt ?? null,
    source: current?.source ?? 'unknown',
    atLeast: made.atLeast,
    dueAt: made.dueAt,
    findings,
    rotation,
    running,
    guided: isGuided(secret),
  }
}

function count(history: { -readonly [key in keyof HistoryCounts]: number }, state: SecretState, now: Millis): void {
  history.versions += state.count
  if (state.last?.outcome === 'back' && !state.rotation) history.givenUp += 1
  for (const { replacedAt } of state.former) {
    if (replacedAt === undefined) continue
    if (replacedAt > now - 30 * DAY_MS) history.replaced30d += 1
    if (replacedAt > now - 90 * DAY_MS) history.replaced90d += 1
  }
}

const needsPerson = ({ state, guided }: StatusRow): boolean =>
  state === 'attention' || state === 'violation' || state === 'overdue' || (state === 'due' && guided)

function worstFirst(a: StatusRow, b: StatusRow): number {
  if (a.state !== b.state) return STATES.indexOf(a.state) - STATES.indexOf(b.state)
  const due = (a.dueAt ?? Number.MAX_SAFE_INTEGER) - (b.dueAt ?? Number.MAX_SAFE_INTEGER)
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
