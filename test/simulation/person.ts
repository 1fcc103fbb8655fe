import { KeyturnError } from '../../src/errors.ts'
import { approve, hasten, retry, rollback } from '../../src/rotation/decide.ts'
import type { Missing } from '../../src/rotation/gate.ts'
import { next } from '../../src/rotation/next.ts'
import { openRotation } from '../../src/rotation/open.ts'
import { surroundingsOf } from '../../src/rotation/surroundings.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Inventory } from '../../src/terms.ts'
import type { Chance } from './chance.ts'
import { start } from './running.ts'
import type { Process } from './scheduler.ts'
import type { World } from './world.ts'

/** Somebody who works on the same machines: restarts programs, edits the inventory, answers questions. */

const HOUR = 3_600_000

/** One thing that a person does at any time, without looking what we are doing. */
export function meddle(world: World, chance: Chance): void {
  const running = chance.pick([...world.runnings.values()])
  if (chance.happens(0.75)) {
    const copy = chance.happens(0.5) ? chance.pick(world.disk.former(running.host, running.target)) : undefined
    world.trace.push(`a person restarts ${running.name}${copy === undefined ? '' : ' on a copy'}`)
    start(running, world.disk, world.moment(), copy)
  } else {
    edit(world, chance)
  }
}

/** Changes the inventory while rotations are open. What `mend` takes back does not work in the long run. */
function edit(world: World, chance: Chance): void {
  const { inventory } = world
  const what = chance.pick(['rename', 'grace', 'path', 'output', 'consumer'] as const)
  world.trace.push(`a person edits the inventory: ${what}`)
  world.inventory = { ...inventory, ...edited(world, chance, what), hash: `${inventory.hash}+` }
}

function edited(world: World, chance: Chance, what: 'rename' | 'grace' | 'path' | 'output' | 'consumer'): Partial<Inventory> {
  const { secrets, outputs } = world.inventory
  const admins = secrets.map(({ rotator }) => rotator.admin)
  switch (what) {
    case 'rename': {
      const chosen = chance.pick(secrets)
      if (admins.includes(chosen.name)) return {}
      return { secrets: secrets.map((s) => (s === chosen ? { ...s, name: `${s.id}-renamed-${chance.between(1, 9)}` } : s)) }
    }
    case 'grace': {
      const graceMs = chance.pick([0, HOUR, 48 * HOUR])
      return { secrets: secrets.map((s) => ({ ...s, policy: { ...s.policy, graceMs } })) }
    }
    case 'path': {
      const chosen = chance.pick(secrets)
      return { secrets: secrets.map((s) => (s === chosen ? { ...s, path: `elsewhere/${s.id}` } : s)) }
    }
    case 'output':
      return { outputs: outputs.length > 1 || chance.happens(0.3) ? outputs.slice(1) : outputs }
    case 'consumer': {
      const chosen = outputs[0]
      if (!chosen || world.runnings.size > 4) return {}
      const name = `added-${world.runnings.size}`
      const running = { name, host: chosen.host, target: chosen.target, env: {}, since: world.moment(), onCopy: false }
      world.runnings.set(name, running)
      start(running, world.disk, world.moment())
      const consumer = { key: name, kind: 'running', params: { name, proves: true }, unproven: 'hold' as const, timeoutMs: 30_000 }
      return { outputs: outputs.map((o) => (o === chosen ? { ...o, consumers: [...o.consumers, consumer] } : o)) }
    }
  }
}

/** One decision at any time, whatever state things are in; most do not fit and are refused. */
export async function decideSomething(world: World, chance: Chance): Promise<void> {
  const engine = world.engine({ name: 'person', host: 'alpha', gates: [], status: 'alive' } satisfies Process, async () => {})
  const secret = chance.pick(world.inventory.secrets)
  const what = chance.pick(['rollback', 'compromised', 'retry', 'give'] as const)
  world.trace.push(`a person: ${what} ${secret.id}`)
  try {
    switch (what) {
      case 'rollback':
        await rollback(engine, secret, 'it does not work')
        break
      case 'compromised':
        await hasten(engine, secret, chance.pick([0, 60_000]), 'it leaked')
        break
      case 'retry':
        await retry(engine, secret, 'once more')
        break
      case 'give':
        if (secret.rotator.kind === 'single') {
          await openRotation(engine, secret, { given: new Sensitive({ [`${secret.id}_value`]: `canary-given-${chance.between(1, 1e9)}` }) })
        }
    }
  } catch (error) {
    // It did not fit what is going on; the person reads why.
    if (!(error instanceof KeyturnError)) throw error
    world.trace.push(`a person is told: ${error.code} ${error.message}`)
  }
}

/** Takes back the edits under which nothing can go on: a path without a value, an output that is only gone from the file. */
export function mend(world: World, original: Inventory): void {
  const { secrets, outputs } = world.inventory
  world.inventory = {
    ...world.inventory,
    secrets: secrets.map((s) => ({ ...s, path: original.secrets.find(({ id }) => id === s.id)?.path ?? s.path })),
    outputs: original.outputs.map((o) => outputs.find(({ host, file }) => host === o.host && file === o.file) ?? o),
  }
}

/** What was taken out of the inventory can prove nothing any more; a person has to say that it does not run. */
const isDeclared = ({ outputs }: Inventory, { host, file, consumer }: Missing): boolean =>
  outputs.some((o) => o.host === host && o.file === file && (consumer === undefined || o.consumers.some(({ key }) => key === consumer)))

/** Answers everything that waits for a person; true: something was answered. */
export async function answer(world: World): Promise<boolean> {
  const engine = world.engine({ name: 'person', host: 'alpha', gates: [], status: 'alive' } satisfies Process, async () => {})
  let answered = false
  for (const secret of world.inventory.secrets) {
    const state = world.state(secret.id)
    if (!state?.rotation) continue
    const n = next(state, await surroundingsOf(engine, state))
    if (n.kind !== 'attention') continue
    const gone = n.step === 'proof' && (n.missing ?? []).every((m) => !isDeclared(world.inventory, m))
    world.trace.push(`a person answers for ${secret.id}, ${n.step}: ${gone ? 'approve' : 'retry'} (${n.message})`)
    if (gone) await approve(engine, secret, 'it is no more')
    else await retry(engine, secret, 'mended')
    answered = true
  }
  return answered
}
