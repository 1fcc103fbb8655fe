import type { Millis, Secret, SecretState } from '../terms.ts'
import { sayMoment } from './moments.ts'
import type { Behind } from './running.ts'

/** A consumer that still ran an old value of a secret when it proved last. Recorded facts only: nobody is asked. */
export interface OldRun {
  readonly secret: string
  readonly host: string
  readonly file: string
  /** Its key in the inventory. */
  readonly consumer: string
  /** As a person calls it: `service ai_engine`. */
  readonly who: string
  readonly variable: string
  /** The version that it ran; `null`: none that is known. */
  readonly ran: number | null
  /** False: it had none at all. */
  readonly held: boolean
  /** The current version; `null`: none. */
  readonly version: number | null
  readonly provedAt: Millis
}

const NONE: readonly OldRun[] = []

/** The same with versions by their numbers, while the secret's state is at hand. */
export function oldRunsOf(found: readonly Behind[], secret: Secret, { current, former }: SecretState): readonly OldRun[] {
  if (found.length === 0) return NONE
  const versions = current ? [current, ...former] : former
  return found.map(({ host, file, consumer, variable, held, provedAt }) => {
    const { key, kind, params } = consumer
    const ran = versions.find(({ facts }) => Object.values(facts).some(({ value }) => value === held))?.n ?? null
    return {
      secret: secret.name,
      host,
      file,
      consumer: key,
      who: kind === 'compose' && typeof params.service === 'string' ? `service ${params.service}` : key,
      variable,
      ran,
      held: held !== null,
      version: current?.n ?? null,
      provedAt,
    }
  })
}

/** `another OPENAI_API_KEY (version 3)`, `no OPENAI_API_KEY`. */
export const sayRan = ({ variable, ran, held }: OldRun): string => (held ? `another ${variable}${ran === null ? '' : ` (version ${ran})`}` : `no ${variable}`)

/** What a person does about it. */
export const MEND = 'secrets sync refreshes it there; secrets doctor says what runs now'

/** Below the table: who still ran what, and what to type. */
export function* oldRunLines({ behind, at }: { readonly behind: readonly OldRun[]; readonly at: Millis }): Generator<string> {
  if (behind.length === 0) return
  yield '\nStill on an old value:\n'
  for (const run of behind) {
    const store = run.version === null ? '' : `, the store has version ${run.version}`
    yield `  ${run.who} (${run.file}) on ${run.host} ran ${sayRan(run)} when it proved last (${sayMoment(run.provedAt, at)})${store}\n`
  }
  yield `      ${MEND}\n`
}
