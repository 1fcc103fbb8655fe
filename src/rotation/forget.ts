import { isKeyturnError } from '../errors.ts'
import type { Secret, VersionState } from '../terms.ts'
import { secretStream } from '../terms.ts'
import type { Engine } from './engine.ts'
import { stateOf } from './open.ts'
import { dropStray, knownTraits } from './stray.ts'

/**
 * Takes versions out of the store once they have been dead for `retain`: until then guards can look for their values. A version
 * whose death nobody saw stays. With them goes what nothing refers to. Returns how many were forgotten; repeatable.
 */
export async function forgetOld(engine: Engine, secret: Secret): Promise<number> {
  for (let forgotten = 0; ; ) {
    const state = await stateOf(engine, secret)
    if (!state || state.rotation) return forgotten
    const old = state.former.find((v) => isOver(engine, secret, v))
    if (!old) {
      await dropStray(engine, secret, state)
      return forgotten
    }
    const { token } = old
    await (await engine.store(secret.store)).drop(secret.path, token)
    try {
      const stream = secretStream(engine.inventory().id, secret.id)
      await engine.ledger.append(stream, state.seq + 1, { type: 'saw', facts: { kind: 'dropped', token } }, { policy: secret.policy })
      forgotten += 1
    } catch (error) {
      // Somebody else was faster: look again.
      if (!isKeyturnError(error, 'STREAM_MOVED')) throw error
    }
  }
}

function isOver(engine: Engine, secret: Secret, version: VersionState): boolean {
  const ended = version.deadAt ?? (mayLive(engine, secret, version) ? undefined : version.replacedAt)
  return ended !== undefined && engine.clock.now() - ended >= secret.policy.retainMs
}

/** Whether something at a provider could still accept it: as whatever made it says, else as the inventory does today. */
function mayLive(engine: Engine, { rotator }: Secret, { handle }: VersionState): boolean {
  return knownTraits(engine, handle?.rotator ?? rotator.kind, handle?.params ?? rotator.params)?.revokes ?? true
}
