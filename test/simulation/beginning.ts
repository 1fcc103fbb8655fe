import { adopt } from '../../src/rotation/decide.ts'
import { advanceHost } from '../../src/rotation/deliver.ts'
import { introduce } from '../../src/rotation/introduce.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Fields, Json } from '../../src/terms.ts'
import type { Account } from './account.ts'
import { named } from './account.ts'
import type { MintingAccount } from './minting.ts'
import { start } from './running.ts'
import { fieldsOf, type Scenario, variablesOf } from './scenario.ts'
import type { Process } from './scheduler.ts'
import type { SingleAccount } from './single.ts'
import type { TurnsAccount } from './turns.ts'
import { makeWorld, type World } from './world.ts'

export const hostsOf = (scenario: Scenario): readonly string[] => [...new Set(scenario.outputs.map(({ host }) => host))]

/** A world in which everything works: every secret has a value, every file holds it, and every program runs on it. */
export async function begin(scenario: Scenario, seed: number | string = 0): Promise<World> {
  const world = await makeWorld(scenario, seed)
  const engineOn = (host: string) => world.engine({ name: 'beginning', host, gates: [], status: 'alive' } satisfies Process, async () => {})
  const variables: Record<string, string> = {}

  for (const [path, fields] of Object.entries(scenario.foreign ?? {})) world.storage.documents.set(path, { fields, changedAt: world.now })
  for (const plan of scenario.secrets) {
    const engine = engineOn(hostsOf(scenario)[0] ?? 'alpha')
    const secret = world.inventory.secrets.find(({ id }) => id === plan.id)
    if (!secret) throw new Error(`no secret ${plan.id}`)
    const { fields, id } = firstOf(world.accounts.get(plan.id) as Account, fieldsOf(plan), world.now)
    await introduce(engine, secret, new Sensitive(fields), { bornAt: world.now, source: 'claimed' })
    if (id !== null) await adopt(engine, secret, { handle: { rotator: plan.kind, params: secret.rotator.params as Json, id }, evidence: 'made with the world' })
    for (const [name, field] of Object.entries(variablesOf(plan))) variables[name] = fields[field] ?? ''
  }
  for (const { host, file, only } of scenario.outputs) {
    const mine = scenario.secrets.filter(({ id }) => only === undefined || only.includes(id)).flatMap((plan) => Object.keys(variablesOf(plan)))
    const lines = mine.map((name) => `${name}=${variables[name]}`)
    world.disk.write(host, `/${host}/${file}`, ['# kept as it is', 'REGION=eu-1', ...lines, ''].join('\n'))
  }
  for (const running of world.runnings.values()) start(running, world.disk, world.moment())
  for (const host of hostsOf(scenario)) await advanceHost(engineOn(host))
  return world
}

/** The credential that is in use before we come. */
function firstOf(account: Account, names: readonly string[], now: number): { readonly fields: Fields; readonly id: Json } {
  switch (account.kind) {
    case 'minting': {
      const key = (account as MintingAccount).mint(null, now)
      return { fields: named(names, { value: key.value }), id: key.id }
    }
    case 'single':
      return { fields: named(names, { value: (account as SingleAccount).password }), id: null }
    case 'turns': {
      const value = (account as TurnsAccount).users.first?.password ?? ''
      return { fields: named(names, { username: 'first', value }), id: { user: 'first' } }
    }
  }
}
