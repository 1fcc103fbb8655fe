import type { HostState, SecretState, StreamState } from '../terms.ts'
import { hostStream } from '../terms.ts'
import type { Engine } from './engine.ts'
import { gateFor, gateOf } from './gate.ts'
import type { Surroundings } from './next.ts'

/** What a secret's next step depends on beside its own stream. */
export async function surroundingsOf(engine: Engine, state: SecretState): Promise<Surroundings> {
  const inventory = engine.inventory()
  const secret = inventory.secrets.find((s) => s.id === state.secret)
  const gate = secret ? gateOf(inventory, secret) : []
  const needed = state.rotation ? gateFor(state.rotation, gate) : gate
  const hosts = new Map<string, HostState>()
  for (const { host } of needed) {
    if (hosts.has(host)) continue
    const found = await engine.ledger.state(hostStream(inventory.id, host))
    if (found?.kind === 'host') hosts.set(host, found)
  }
  // Under every name: it may have been renamed since the rotation opened, and so may what claims say.
  const names = new Set([state.secret, state.rotation?.snapshot.name, secret?.name])
  const isAdmin = inventory.secrets.some((s) => s.rotator.admin !== undefined && names.has(s.rotator.admin))
  return {
    now: engine.clock.now(),
    gate,
    hosts,
    adminInUse: isAdmin && (await isClaimedAsAdmin(engine, names)),
    gone: (worker) => engine.gone(worker),
  }
}

async function isClaimedAsAdmin(engine: Engine, names: ReadonlySet<string | undefined>): Promise<boolean> {
  const now = engine.clock.now()
  for await (const { claim } of engine.ledger.states()) {
    if (claim?.admin !== undefined && names.has(claim.admin) && claim.until > now && !engine.gone(claim.by)) return true
  }
  return false
}

/** The states of all secrets, by id. */
export async function secretStates(engine: { readonly ledger: Pick<Engine['ledger'], 'states'> }): Promise<Map<string, SecretState>> {
  const states = new Map<string, SecretState>()
  for await (const state of engine.ledger.states()) if (isSecret(state)) states.set(state.secret, state)
  return states
}

const isSecret = (state: StreamState): state is SecretState => state.kind === 'secret'
