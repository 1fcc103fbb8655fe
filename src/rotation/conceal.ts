import type { Sensitive } from '../sensitive.ts'
import type { Secret, Token } from '../terms.ts'
import type { Engine } from './engine.ts'
import { stateOf } from './open.ts'

/**
 * Every stored value of some secrets that may still be accepted somewhere: the current one, those of an open rotation, and former
 * ones that nobody saw end. What a program says is searched for them before it is shown or recorded.
 */
export async function liveValues(engine: Engine, secrets: readonly Secret[]): Promise<readonly Sensitive<string>[]> {
  const found: Sensitive<string>[] = []
  for (const secret of secrets) {
    const state = await stateOf(engine, secret)
    const { made, retiring } = state?.rotation ?? {}
    const alive = [state?.current, made, retiring, ...(state?.former ?? []).filter((v) => v.deadAt === undefined)]
    const tokens = alive.flatMap((version): Token[] => (version ? [version.token] : []))
    for (const { fields } of await (await engine.store(secret.store)).get(secret.path, tokens)) {
      for (const name of secret.fields) found.push(fields.map((own) => own[name] ?? ''))
    }
  }
  return found
}
