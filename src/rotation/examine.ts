import { isKeyturnError } from '../errors.ts'
import { firstValue } from '../policy/rules.ts'
import { type HostState, type Secret, type SecretState, UNTAKEN } from '../terms.ts'
import { unknownVersions } from './behind.ts'
import { rotatorOf, storedVersion, type Work } from './context.ts'
import { compareOutput } from './deliver.ts'
import { type Engine, STEP_LEASE_MS } from './engine.ts'
import { gateOf } from './gate.ts'
import { consumerKey, matches } from './host.ts'
import { lookLive, type Undeclared } from './live.ts'
import { blankRotation } from './machine.ts'
import { snapshotOf } from './open.ts'
import { accepted } from './probe.ts'
import { secretStates } from './surroundings.ts'

/** Something that `doctor` found, with the command that mends it. Never a value. */
export interface Trouble {
  /** `note`: worth knowing, nothing to mend. */
  readonly severity: 'error' | 'warning' | 'note'
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** Looks at every secret: does its provider accept the current value, does the ledger know the store's versions, do files and consumers hold it. */
export async function examine(engine: Engine): Promise<readonly Trouble[]> {
  const states = await secretStates(engine)
  const troubles: Trouble[] = []
  for (const secret of engine.inventory().secrets) troubles.push(...(await examineSecret(engine, secret, states.get(secret.id) ?? null)))
  for (const output of engine.inventory().outputs.filter((o) => o.host === engine.host)) {
    const { differences } = await compareOutput(engine, output)
    const names = differences.filter((d) => d.kind !== 'same').map((d) => d.name)
    if (names.length > 0)
      troubles.push({
        severity: 'warning',
        code: 'DRIFT',
        message: `${output.file} differs from the store: ${names.join(', ')}`,
        hint: 'secrets sync --check, then secrets sync',
      })
    for (const consumer of output.consumers) {
      if (!engine.consumers.has(consumer.kind)) {
        troubles.push({
          severity: 'warning',
          code: 'UNSUPPORTED',
          message: `${output.file}: consumer "${consumer.key}" is of a kind that this version does not have: it cannot prove anything`,
          hint: 'old values are held until "secrets approve NAME"',
        })
      }
    }
  }
  return troubles
}

/**
 * What runs, against what the store has: live on this host, and by the last proof elsewhere and where nothing answers. Nothing is refreshed
 * and nothing recorded.
 */
export async function examineRunning(engine: Engine, undeclared: readonly Undeclared[]): Promise<readonly Trouble[]> {
  const { troubles, answered } = await lookLive(engine, undeclared)
  const recorded: Trouble[] = []
  for await (const state of engine.ledger.states()) if (state.kind === 'host') recorded.push(...staleConsumers(engine, state, answered))
  return [...troubles, ...recorded]
}

async function examineSecret(engine: Engine, secret: Secret, state: SecretState | null): Promise<readonly Trouble[]> {
  const inventory = engine.inventory()
  const store = await engine.store(secret.store)
  const strange = await unknownVersions(engine, store, secret)
  if (strange.length > 0)
    return [
      { severity: 'error', code: 'LEDGER_BEHIND', message: `${secret.name}: the store holds versions that the ledger does not know`, hint: 'secrets restore' },
    ]
  if (!state?.current) {
    const guided = engine.rotators.get(secret.rotator.kind)?.guide !== undefined
    return [{ severity: 'warning', code: 'VALUE_MISSING', message: `${secret.name} has no value in the store yet`, hint: firstValue(secret, guided) }]
  }
  const version = await storedVersion(store, secret.path, state.current)
  if (!version)
    return [{ severity: 'error', code: 'STORE_DAMAGED', message: `${secret.name}: the store no longer has its current version`, hint: 'secrets restore FILE' }]
  const rotator = rotatorOf(engine, secret.rotator.kind)
  if (!rotator.revoke || rotator.guide) return [] // nothing at a provider, or nobody to ask
  const snapshot = snapshotOf(engine, secret, gateOf(inventory, secret))
  const rotation = state.rotation ?? blankRotation('', snapshot, state.lastAt)
  const signal = engine.lease(engine.clock.now() + STEP_LEASE_MS).signal
  const work: Work = { engine, state, rotation, store, rotator, token: '', signal, note: async () => {} }
  try {
    const { ok, why } = await accepted(work, version)
    return ok
      ? []
      : [
          {
            severity: 'error',
            code: 'CREDENTIAL_REJECTED',
            message: `${secret.name}: the provider refuses the current value (${why})`,
            hint: `secrets rotate ${secret.name}   or secrets set ${secret.name}`,
          },
        ]
  } catch (error) {
    if (!isKeyturnError(error)) throw error
    return [{ severity: 'warning', code: error.code, message: `${secret.name}: ${error.message}`, hint: error.hint }]
  }
}

/** What a consumer last proved to hold against what its file holds, where it was not asked just now. */
function staleConsumers(engine: Engine, host: HostState, answered: ReadonlySet<string>): readonly Trouble[] {
  return engine.inventory().outputs.flatMap((output) => {
    const held = host.outputs[output.file]
    if (output.host !== host.host || !held) return []
    return output.consumers.flatMap(({ key }): Trouble[] => {
      const proof = host.consumers[consumerKey(output.file, key)]?.proof
      if (!proof || matches(held.vars, proof.vars)) return []
      if (host.host === engine.host && answered.has(consumerKey(output.file, key))) return []
      const names = Object.keys(held.vars).filter((name) => proof.vars[name] !== held.vars[name]?.value && proof.vars[name] !== UNTAKEN)
      return [
        {
          severity: 'warning',
          code: 'CONSUMER_FAILED',
          message: `${key} on ${host.host} still ran another value of ${names.join(', ')} than ${output.file} holds when it was asked last`,
          hint: host.host === engine.host ? 'secrets sync' : `on ${host.host}: secrets doctor`,
        },
      ]
    })
  })
}
