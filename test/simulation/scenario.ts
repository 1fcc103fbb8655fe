import type { ConsumerSpec, Inventory, Output, Policy, Secret } from '../../src/terms.ts'

const HOUR = 3_600_000
export const DAY = 24 * HOUR

export const POLICY: Policy = {
  ...{ maxAgeMs: 90 * DAY, rotateBeforeMs: 14 * DAY, graceMs: DAY, askAfterMs: 2 * DAY },
  ...{ minLength: 16, minEntropyBits: 80, retainMs: 180 * DAY },
}

export interface SecretPlan {
  readonly id: string
  readonly kind: 'minting' | 'single' | 'turns'
  /** Default: one of its own. */
  readonly path?: string
  /** Id of the secret that holds the admin credential. */
  readonly admin?: string
  /** No variable: only Keyturn uses it. */
  readonly internal?: true
}

export interface OutputPlan {
  readonly host: string
  readonly file: string
  readonly only?: readonly string[]
  readonly vars?: Readonly<Record<string, string>>
  readonly consumers: readonly { readonly name: string; readonly proves?: boolean; readonly unproven?: 'hold' | 'grace' }[]
}

/** What a simulated world consists of before anything happens in it. */
export interface Scenario {
  readonly name: string
  readonly secrets: readonly SecretPlan[]
  readonly outputs: readonly OutputPlan[]
  /** Fields of others in the document of that path; nobody may touch them. */
  readonly foreign?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly policy?: Partial<Policy>
}

/** Variable to field. */
export const variablesOf = ({ id, kind, internal }: SecretPlan): Readonly<Record<string, string>> => {
  const name = id.toUpperCase()
  if (internal) return {}
  return kind === 'turns' ? { [`${name}_USER`]: `${id}_username`, [`${name}_VALUE`]: `${id}_value` } : { [`${name}_KEY`]: `${id}_value` }
}

/** Fields carry the secret's name, since several may lie at one path. */
export const fieldsOf = ({ id, kind }: SecretPlan): readonly string[] => (kind === 'turns' ? [`${id}_username`, `${id}_value`] : [`${id}_value`])

export function inventoryOf(scenario: Scenario): Inventory {
  const policy = { ...POLICY, ...scenario.policy }
  return {
    ...{ id: 'kt_simulated', project: 'simulated', environment: 'production', file: '/simulated/secrets.yaml', dir: '/simulated', hash: 'inventory-hash-1' },
    ...{ state: null, policy, stores: [{ name: 'main', kind: 'memory', params: {} }], recipients: [], rules: [], ledger: { kind: 'sqlite' } },
    secrets: scenario.secrets.map((plan) => secretOf(plan, policy)),
    outputs: scenario.outputs.map(outputOf),
    schedule: { zone: null, sweep: '*/15 * * * *', report: null, window: null },
  }
}

const secretOf = (plan: SecretPlan, policy: Policy): Secret => ({
  ...{ id: plan.id, name: plan.id, env: variablesOf(plan), fields: fieldsOf(plan), store: 'main', path: plan.path ?? `simulated/production/${plan.id}` },
  rotator: { kind: plan.kind, params: { account: plan.id }, ...(plan.admin !== undefined && { admin: plan.admin }) },
  ...{ rotatorDeclared: true, policy, accept: [] },
})

const outputOf = ({ host, file, only, vars = {}, consumers }: OutputPlan): Output => ({
  ...{ file, target: `/${host}/${file}`, dialect: 'compose', perm: 0o600, host, only: only ?? null, vars, unproven: 'hold' },
  consumers: consumers.map(
    ({ name, proves = true, unproven = 'hold' }): ConsumerSpec => ({ key: name, kind: 'running', params: { name, proves }, unproven, timeoutMs: 30_000 }),
  ),
})

const app = (host: string, name: string): OutputPlan => ({ host, file: '.env', consumers: [{ name }] })

const one = (kind: SecretPlan['kind'], name: string): Scenario => ({ name, secrets: [{ id: 'key', kind }], outputs: [app('alpha', 'app')] })

/** Every kind of provider, and every way in which secrets share something. */
export const SCENARIOS = {
  overlap: one('minting', 'with overlap'),
  noOverlap: one('single', 'without overlap'),
  turns: one('turns', 'two users in turn'),
  twoHosts: {
    name: 'two hosts',
    secrets: [{ id: 'key', kind: 'minting' }],
    outputs: [app('alpha', 'app'), app('beta', 'agent')],
  },
  oneOutput: {
    name: 'two secrets on one output',
    secrets: [
      { id: 'key', kind: 'minting' },
      { id: 'pass', kind: 'single' },
    ],
    outputs: [{ host: 'alpha', file: '.env', consumers: [{ name: 'app' }, { name: 'jobs' }] }],
  },
  onePath: {
    name: 'two secrets on one store path',
    secrets: [
      { id: 'key', kind: 'minting', path: 'shared/keys' },
      { id: 'other', kind: 'minting', path: 'shared/keys' },
    ],
    outputs: [app('alpha', 'app')],
    foreign: { 'shared/keys': { region: 'eu-1' } },
  },
  admin: {
    name: 'an admin credential that is rotated too',
    secrets: [
      { id: 'root', kind: 'minting', internal: true },
      { id: 'key', kind: 'minting', admin: 'root' },
    ],
    outputs: [app('alpha', 'app')],
  },
} as const satisfies Record<string, Scenario>
