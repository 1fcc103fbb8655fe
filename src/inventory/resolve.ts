import { basename, resolve } from 'node:path'
import type { Acceptance, ConsumerSpec, Inventory, Json, Output, Policy, RotatorRef, Secret, StoreRef, Window } from '../terms.ts'
import { parseDuration } from './duration.ts'
import { suggestRotatorForAll } from './names.ts'
import { DAYS, POLICY_KEYS, type Raw, type RawConsumer, type RawOutput, type RawPolicy, type RawSecret } from './schema.ts'

/** From the words and units of the file to the terms of the engine: every default is here. Pure; what it gets has the right shape. */

/** Where the file lies, and what does not stand in it. */
export interface Surroundings {
  readonly file: string
  readonly dir: string
  readonly hash: string
  readonly host: string
  /** `-e NAME`; an inventory that names none is this one. */
  readonly environment: string | undefined
}

const DAY = 86_400_000

/** What holds where neither the inventory nor a secret says otherwise. */
export const DEFAULT_POLICY: Policy = {
  maxAgeMs: 90 * DAY,
  rotateBeforeMs: 14 * DAY,
  graceMs: DAY,
  askAfterMs: 2 * DAY,
  minLength: 16,
  minEntropyBits: 80,
  retainMs: 180 * DAY,
}

const CONSUMER_TIMEOUT_MS = 60_000

type Params = Readonly<Record<string, Json | undefined>>

export function resolveInventory(raw: Raw, around: Surroundings): Inventory {
  const project = raw.project ?? projectOf(around.dir)
  const environment = raw.environment ?? around.environment ?? 'production'
  const policy = resolvePolicy(raw.policy ?? {}, DEFAULT_POLICY)
  const window = raw.schedule?.window
  return {
    id: raw.id,
    project,
    environment,
    file: around.file,
    dir: around.dir,
    hash: around.hash,
    state: raw.state === undefined ? null : resolve(around.dir, raw.state),
    policy,
    stores: resolveStores(raw),
    recipients: raw.recipients ?? [],
    secrets: Object.entries(raw.secrets ?? {}).map(([name, secret]) => resolveSecret(name, secret, { project, environment, policy })),
    outputs: (raw.outputs ?? []).map((output) => resolveOutput(output, around)),
    rules: raw.rules ?? [],
    schedule: {
      zone: raw.schedule?.zone ?? null,
      sweep: raw.schedule?.sweep ?? '*/15 * * * *',
      report: raw.schedule?.report ?? null,
      window: window ? resolveWindow(window) : null,
    },
    ledger: { kind: raw.ledger?.kind ?? 'sqlite' },
  }
}

/** The name of the folder, for want of a better one. */
const projectOf = (dir: string): string =>
  basename(dir)
    .replace(/[^A-Za-z0-9 _.-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64) || 'project'

/** The policy of a secret, or of the inventory, over what holds otherwise. */
export function resolvePolicy(raw: RawPolicy, below: Policy): Policy {
  const ms = (text: string | undefined, otherwise: number): number => (text === undefined ? otherwise : (parseDuration(text) ?? otherwise))
  return {
    maxAgeMs: ms(raw.max_age, below.maxAgeMs),
    rotateBeforeMs: ms(raw.rotate_before, below.rotateBeforeMs),
    graceMs: ms(raw.grace, below.graceMs),
    askAfterMs: ms(raw.ask_after, below.askAfterMs),
    minLength: raw.min_length ?? below.minLength,
    minEntropyBits: raw.min_entropy_bits ?? below.minEntropyBits,
    retainMs: ms(raw.retain, below.retainMs),
  }
}

const resolveStores = (raw: Raw): readonly StoreRef[] => {
  const declared = Object.entries(raw.stores ?? {}).map(([name, { kind, ...params }]) => ({ name, kind, params: params as Params }))
  return declared.some((store) => store.name === 'main') ? declared : [{ name: 'main', kind: 'local', params: {} }, ...declared]
}

/** The long form of a secret, whichever was written. */
export const longForm = (secret: string | RawSecret): RawSecret => (typeof secret === 'string' ? { env: secret } : secret)

/** Variable to field. A single variable holds the field `value` unless `field:` names another. */
export const variablesOf = (secret: RawSecret): Readonly<Record<string, string>> =>
  typeof secret.env === 'string' ? { [secret.env]: secret.field ?? 'value' } : (secret.env ?? {})

/** The secret's own fields, each once; a secret that no variable holds has one. */
export function fieldsOf(secret: RawSecret): readonly string[] {
  const fields = [...new Set(Object.values(variablesOf(secret)))]
  return fields.length > 0 ? fields : [secret.field ?? 'value']
}

/** The rotator's kind and parameters as declared, or found from the names of the variables. */
export function rotatorOf(secret: RawSecret): { readonly ref: RotatorRef; readonly declared: boolean; readonly reason: string | undefined } {
  if (secret.rotator === undefined) {
    const { kind, reason } = suggestRotatorForAll(Object.keys(variablesOf(secret)))
    return { ref: { kind, params: {} }, declared: false, reason: kind === 'none' ? reason : undefined }
  }
  if (typeof secret.rotator === 'string') return { ref: { kind: secret.rotator, params: {} }, declared: true, reason: undefined }
  const { kind, admin, ...params } = secret.rotator
  return { ref: { kind, params: params as Params, ...(admin === undefined ? {} : { admin }) }, declared: true, reason: undefined }
}

/** The path in the store. A renamed secret stays where it was. */
export function pathOf(name: string, secret: RawSecret, where: { readonly project: string; readonly environment: string }): string {
  const project = where.project.replaceAll(' ', '-')
  return secret.path ?? `${project}/${where.environment}/${secret.renamed_from ?? name}`
}

function resolveSecret(name: string, written: string | RawSecret, where: { project: string; environment: string; policy: Policy }): Secret {
  const raw = longForm(written)
  const env = variablesOf(raw)
  const rotator = rotatorOf(raw)
  const reason = raw.reason ?? rotator.reason
  return {
    id: raw.renamed_from ?? name,
    name,
    env,
    fields: fieldsOf(raw),
    store: raw.store ?? 'main',
    path: pathOf(name, raw, where),
    rotator: rotator.ref,
    rotatorDeclared: rotator.declared,
    ...(reason === undefined ? {} : { reason }),
    ...(raw.owner === undefined ? {} : { owner: raw.owner }),
    // One object for all that override nothing: a hundred thousand secrets need it a hundred thousand times less.
    policy: POLICY_KEYS.some((key) => raw[key] !== undefined) ? resolvePolicy(raw, where.policy) : where.policy,
    accept: (raw.accept ?? []).map(resolveAcceptance),
  }
}

// To the end of the last day, by UTC: a day means the same on every host.
const resolveAcceptance = (raw: { rule: string; until: string; reason: string; by: string }): Acceptance => ({
  ...raw,
  until: Date.parse(`${raw.until}T23:59:59.999Z`),
})

const resolveWindow = (window: { days?: readonly string[] | undefined; from: string; to: string }): Window => ({
  days: window.days ?? DAYS,
  from: window.from,
  to: window.to,
})

function resolveOutput(written: string | RawOutput, around: Surroundings): Output {
  const raw: RawOutput = typeof written === 'string' ? { file: written } : written
  const unproven = raw.unproven ?? 'hold'
  return {
    file: raw.file,
    target: `${resolve(around.dir, raw.file)}${raw.dialect === 'files' ? '/' : ''}`,
    dialect: raw.dialect ?? 'compose',
    perm: Number.parseInt(raw.perm ?? '0600', 8),
    host: raw.host ?? around.host,
    only: raw.only ?? null,
    vars: raw.vars ?? {},
    consumers: resolveConsumers(raw.consumers ?? [], unproven),
    unproven,
  }
}

function resolveConsumers(raw: readonly RawConsumer[], unproven: 'hold' | 'grace'): readonly ConsumerSpec[] {
  const counts = new Map<string, number>()
  const taken = new Set(raw.map(({ name }) => name))
  // By what it is called, not by its place: what is recorded of it stays its own when another one is declared before it.
  const called = ({ service, container, unit }: RawConsumer): string | undefined => {
    const own = [service, container, unit].find((one) => typeof one === 'string')
    if (own === undefined || taken.has(own)) return undefined
    taken.add(own)
    return own
  }
  return raw.map((consumer) => {
    const { kind, name, unproven: own, timeout, probation, ...params } = consumer
    const n = (counts.get(kind) ?? 0) + 1
    counts.set(kind, n)
    const timeoutMs = (timeout === undefined ? null : parseDuration(timeout)) ?? CONSUMER_TIMEOUT_MS
    const probationMs = probation === undefined ? null : parseDuration(probation)
    return {
      key: name ?? called(consumer) ?? `${kind}-${n}`,
      kind,
      params: params as Params,
      unproven: own ?? unproven,
      timeoutMs,
      ...(probationMs !== null && { probationMs }),
    }
  })
}
