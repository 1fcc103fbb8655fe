import { isKeyturnError } from '../errors.ts'
import { FACTS_VERSION } from '../policy/facts.ts'
import type { Facts, Secret, SecretState, Token } from '../terms.ts'
import { secretStream } from '../terms.ts'
import type { Engine } from './engine.ts'
import { secretStates } from './surroundings.ts'

/** More at a time would hold the values of years in memory. */
const MOST_VERSIONS = 20

/**
 * Takes facts again that were recorded with less knowledge than this Keyturn has, so that what `status` says follows from what is known today. Reads values, so it is
 * for commands that may (`doctor`, `rotate`), never for `status`. A secret with an open rotation is left for later. Repeatable.
 *
 * @param also - judges again whatever was known: where a value stands in other environments changes without us
 * @returns names of the secrets whose facts were recorded anew.
 */
export async function judgeAgain(engine: Engine, also = false): Promise<readonly string[]> {
  const states = await secretStates(engine)
  const judged: string[] = []
  for (const secret of engine.inventory().secrets) {
    const state = states.get(secret.id)
    if (!state?.current || state.rotation || state.claim || state.removed) continue
    const facts = await factsAgain(engine, secret, state, also)
    if (Object.keys(facts).length === 0) continue
    try {
      await engine.ledger.append(
        secretStream(engine.inventory().id, secret.id),
        state.seq + 1,
        { type: 'saw', facts: { kind: 'judged', facts } },
        { policy: secret.policy },
      )
      judged.push(secret.name)
    } catch (error) {
      // Somebody is at work on it: the next look does it.
      if (!isKeyturnError(error, 'STREAM_MOVED')) throw error
    }
  }
  return judged
}

/** By token, where they differ from what is recorded; versions that the store no longer has keep theirs. */
async function factsAgain(engine: Engine, secret: Secret, state: SecretState, also: boolean): Promise<Readonly<Record<Token, Facts>>> {
  const versions = [...(state.current ? [state.current] : []), ...state.former].slice(0, MOST_VERSIONS)
  const stale = versions.filter(({ token, facts }) => isStale(facts) || (also && token === state.current?.token))
  if (stale.length === 0) return {}
  const fingerprints = await engine.fingerprints()
  const found = await (await engine.store(secret.store)).get(
    secret.path,
    stale.map(({ token }) => token),
  )
  const facts: Record<Token, Facts> = {}
  for (const { token, fields } of found) {
    const before = stale.find((version) => version.token === token)?.facts ?? {}
    const again = withPlaces(await engine.facts(fields, secret.env, fingerprints), before)
    if (inOrder(again) !== inOrder(before)) facts[token] = again
  }
  return facts
}

const isStale = (facts: Facts): boolean => Object.values(facts).some(({ by = 1 }) => by < FACTS_VERSION)

/** A value that stood elsewhere once was known there: replacing it there, or an environment that cannot be opened now, makes it no better. */
const withPlaces = (again: Facts, before: Facts): Facts =>
  Object.fromEntries(
    Object.entries(again).map(([field, facts]) => {
      const elsewhere = [...new Set([...(facts.elsewhere ?? []), ...(before[field]?.elsewhere ?? [])])].sort()
      return [field, elsewhere.length === 0 ? facts : { ...facts, elsewhere }]
    }),
  )

/** The ledger gives keys back in an order of its own. */
const inOrder = (facts: Facts): string => {
  const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)
  return JSON.stringify(
    Object.entries(facts)
      .sort(byKey)
      .map(([field, one]) => [field, Object.entries(one).sort(byKey)]),
  )
}
