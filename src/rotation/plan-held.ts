import { isKeyturnError } from '../errors.ts'
import type { ConsumerSpec, Output, Secret } from '../terms.ts'
import { consumerContext } from './deliver.ts'
import type { Engine } from './engine.ts'
import { outputsOf } from './gate.ts'

/** What would hold a rotation if it were begun now: nothing proves what this consumer runs with. */
export interface Held {
  readonly host: string
  readonly file: string
  readonly consumer: string
  /** What is missing, in words. */
  readonly why: string
  /** What mends it. */
  readonly hint: string
}

/** A tool that hangs is not waited for longer. */
const READY_MS = 15_000

/**
 * Asks every consumer of some secrets, each once, whether all is there that it needs: a missing tool or socket is seen before the rotation and
 * not in it. Those of other hosts are left out. Repeatable; nothing is changed, and no program of the user's is run.
 *
 * @returns by the secret's id.
 */
export async function heldNow(engine: Engine, secrets: readonly Secret[]): Promise<ReadonlyMap<string, readonly Held[]>> {
  const asked = new Map<ConsumerSpec, Promise<Held | null>>()
  const found = await Promise.all(
    secrets.map(async (secret) => {
      const never = engine.rotators.get(secret.rotator.kind)?.never === true
      const own = never ? [] : outputsOf(engine.inventory(), secret).filter(({ host }) => host === engine.host)
      const answers = own.flatMap((output) =>
        output.consumers.map((spec) => {
          const answer = asked.get(spec) ?? ask(engine, output, spec)
          asked.set(spec, answer)
          return answer
        }),
      )
      return [secret.id, (await Promise.all(answers)).filter((one) => one !== null)] as const
    }),
  )
  return new Map(found)
}

async function ask(engine: Engine, output: Output, spec: ConsumerSpec): Promise<Held | null> {
  const held = (why: string, hint: string): Held => ({ host: output.host, file: output.file, consumer: spec.key, why, hint })
  const { signal } = engine.lease(engine.clock.now() + READY_MS)
  try {
    const { kind, context } = await consumerContext(engine, output, { ...spec, timeoutMs: Math.min(spec.timeoutMs, READY_MS) }, signal)
    await kind.ready?.(context)
    const isSilent = !kind.proves(context.params) && spec.unproven === 'hold' && output.unproven === 'hold'
    return isSilent ? held('it cannot prove what it holds', 'declare how it proves (docs/consumers.md), or say "unproven: grace"') : null
  } catch (error) {
    if (isKeyturnError(error)) return held(error.message, error.hint)
    throw error
  }
}
