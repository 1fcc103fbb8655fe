import { blankRotation } from '../../src/rotation/machine.ts'
import type { FieldFacts, HostState, Inventory, Output, Policy, RotationState, Secret, SecretState, VersionState } from '../../src/terms.ts'

/** Inventories and folded states for the tests of policy and reports: one call, and what differs. */

export const DAY = 86_400_000
/** Saturday, 21 November 2026, 18:00 UTC: the day of the sample in the documentation. */
export const NOW = Date.UTC(2026, 10, 21, 18)
export const ID = 'kt_8f3k2m9q'

export const POLICY: Policy = {
  maxAgeMs: 90 * DAY,
  rotateBeforeMs: 14 * DAY,
  graceMs: DAY,
  askAfterMs: 2 * DAY,
  minLength: 16,
  minEntropyBits: 80,
  retainMs: 180 * DAY,
}

export const secretOf = (name: string, differs: Partial<Secret> = {}): Secret => ({
  id: name,
  name,
  env: { [name.toUpperCase().replaceAll('-', '_')]: 'value' },
  fields: ['value'],
  store: 'main',
  path: `voice-agent/production/${name}`,
  rotator: { kind: 'random', params: {} },
  rotatorDeclared: true,
  policy: POLICY,
  accept: [],
  ...differs,
})

/** Facts of a strong value; `mark` makes its fingerprint. */
export const factsOf = (mark: string, differs: Partial<FieldFacts> = {}): FieldFacts => ({ length: 43, entropyBits: 250, value: `hmac:k1:${mark}`, ...differs })

export const versionOf = (secret: Secret, differs: Partial<VersionState> & { ageDays?: number; now?: number } = {}): VersionState => {
  const { ageDays = 9, now = NOW, ...rest } = differs
  return {
    token: `${ID}.${secret.id}.${rest.n ?? 1}`,
    handle: null,
    fingerprint: `hmac:k1:fields-${secret.id}-${rest.n ?? 1}`,
    facts: { value: factsOf(`value-${secret.id}-${rest.n ?? 1}`) },
    n: 1,
    bornAt: now - ageDays * DAY,
    source: 'rotation',
    firstSeenAt: now - ageDays * DAY,
    pos: 1,
    ...rest,
  }
}

export const stateOf = (secret: Secret, differs: Partial<SecretState> = {}): SecretState => ({
  kind: 'secret',
  v: 1,
  stream: `${ID}/secret/${secret.id}`,
  secret: secret.id,
  seq: 7,
  pos: 7,
  lastAt: NOW - DAY,
  hash: 'f'.repeat(64),
  count: 1,
  tokens: [],
  current: versionOf(secret),
  former: [],
  rotation: null,
  claim: null,
  failure: null,
  late: null,
  last: null,
  removed: false,
  ...differs,
})

export const rotationOf = (secret: Secret, differs: Partial<RotationState> = {}): RotationState => {
  const { name, store, path, fields, rotator, policy } = secret
  const snapshot = { name, store, path, fields, rotator, overlap: true, sets: true, revokes: true, lists: false, gate: [], policy }
  return { ...blankRotation('r1', snapshot, NOW - DAY), openedSeq: 5, ...differs }
}

export const outputOf = (differs: Partial<Output> = {}): Output => ({
  file: '.env',
  target: '/srv/voice-agent/.env',
  dialect: 'compose',
  perm: 0o600,
  host: 'pbx-1',
  only: null,
  vars: {},
  consumers: [],
  unproven: 'hold',
  ...differs,
})

export const inventoryOf = (secrets: readonly Secret[], differs: Partial<Inventory> = {}): Inventory => ({
  id: ID,
  project: 'voice-agent',
  environment: 'production',
  file: '/srv/voice-agent/secrets.yaml',
  dir: '/srv/voice-agent',
  hash: '0'.repeat(64),
  state: null,
  policy: POLICY,
  stores: [],
  recipients: ['age1first', 'age1second'],
  secrets,
  outputs: [],
  rules: [],
  schedule: { zone: null, sweep: '*/15 * * * *', report: null, window: null },
  ledger: { kind: 'sqlite' },
  ...differs,
})

export const hostOf = (differs: Partial<HostState> = {}): HostState => ({
  kind: 'host',
  v: 1,
  stream: `${ID}/host/pbx-1`,
  host: 'pbx-1',
  seq: 3,
  pos: 30,
  lastAt: NOW - DAY,
  hash: 'f'.repeat(64),
  outputs: {},
  consumers: {},
  claim: null,
  failures: {},
  ...differs,
})
