import type { Secret } from '../terms.ts'
import { secretStream } from '../terms.ts'
import type { Engine } from './engine.ts'
import { stateOf } from './open.ts'

/**
 * Takes versions out of the store once they have been dead for `retain`: until then guards can look for their values. A version
 * whose death nobody saw stays. Returns how many; repeatable.
 */
export async function forgetOld(engine: Engine, secret: Secret): Promise<number> {
  const state = await stateOf(engine, secret)
  if (!state || state.rotation) return 0
  const revokes = engine.rotators.get(secret.rotator.kind)?.revoke !== undefined
  const old = state.former.filter((v) => {
    const ended = v.deadAt ?? (revokes ? undefined : v.replacedAt)
    return ended !== undefined && engine.clock.now() - ended >= secret.policy.retainMs
  })
  const store = await engine.store(secret.store)
  let seq = state.seq
  for (const { token } of old) {
    await store.drop(secret.path, token)
    seq += 1
    await engine.ledger.append(
      secretStream(engine.inventory().id, secret.id),
      seq,
      { type: 'saw', facts: { kind: 'dropped', token } },
      { policy: secret.policy },
    )
  }
  return old.length
}
