import type { ConsumerContext, Sight } from '../ports.ts'
import { type Fingerprint, type Millis, UNTAKEN } from '../terms.ts'
import type { Trouble } from './examine.ts'
import type { HeldVersion, Naming } from './held-version.ts'

/** A variable of which some part holds another value than the store, or than the file where that was edited. */
export interface Difference {
  readonly name: string
  readonly held: Fingerprint | null
  readonly than: 'store' | 'file'
  /** The parts that hold this. */
  readonly parts: readonly Sight[]
}

/** All parts of one running thing, and the file that they read. */
export interface Words {
  readonly parts: readonly Sight[]
  readonly running: readonly Sight[]
  readonly file: string
  readonly now: Millis
}

/**
 * In the order of the file's variables; where parts hold different values, each by itself.
 *
 * @param standing what the file holds of the variables in which it differs from the store
 */
export function differencesIn(
  { vars, expected, fingerprints }: ConsumerContext<unknown>,
  parts: readonly Sight[],
  standing: ReadonlyMap<string, Fingerprint | null>,
): readonly Difference[] {
  return vars.flatMap((name) => {
    const value = expected[name]
    const wanted = value && fingerprints.ofValue(value)
    const by = new Map<Fingerprint | null, Sight[]>()
    for (const part of parts) {
      const held = part.vars[name]
      if (held === undefined || held === UNTAKEN || wanted === undefined) continue
      if (held !== wanted || (standing.get(name) ?? held) !== held) by.set(held, [...(by.get(held) ?? []), part])
    }
    return [...by].map(([held, holders]): Difference => ({ name, held, than: held === wanted ? 'file' : 'store', parts: holders }))
  })
}

/**
 * Says what still runs an old value: an error where that was ended already, since its calls fail.
 *
 * @param behind the file holds another value than the store as well
 */
export function sayOld(words: Words, differences: readonly Difference[], naming: Naming, behind: boolean): Trouble {
  const [first] = words.parts as readonly [Sight]
  const said = differences.map((one) => ({ ...one, version: one.held === null ? null : naming.held(one.name, one.held), store: otherHas(words, one, naming) }))
  const ended = said.some(({ version }) => (version?.endedAt ?? null) !== null)
  return {
    severity: ended ? 'error' : 'warning',
    code: 'OLD_VALUE_RUNS',
    message: said.length === 1 ? oneOf(words, said[0] as Said) : severalOf(words, said),
    hint: `${behind ? `secrets sync --check (${words.file} differs from the store); then ` : ''}${first.mend}${first.trap === undefined ? '' : `   (${first.trap})`}`,
  }
}

interface Said extends Difference {
  readonly version: HeldVersion | null
  readonly store: string
}

const oneOf = (words: Words, { name, version, parts, store }: Said): string =>
  version === null
    ? `${parts[0]?.who} runs without ${name}${agesOf(words, parts)}${store}`
    : `${parts[0]?.who} ${version.later ? 'runs' : 'still runs'} ${version.words}${agesOf(words, parts)}${endedOf(words, version)}${store}`

/** The ages once, where all are the same parts. */
function severalOf(words: Words, said: readonly Said[]): string {
  const [first] = said as readonly [Said]
  const alike = said.every(({ parts }) => parts.length === first.parts.length && parts.every((part, at) => part === first.parts[at]))
  const each = said.map(({ name, version, parts, store }) => {
    const what = version === null ? `${name} is missing` : version.words
    return `${what}${alike ? '' : agesOf(words, parts)}${version === null ? '' : endedOf(words, version)}${store}`
  })
  return `${first.parts[0]?.who} still runs other values${alike ? agesOf(words, first.parts) : ''}: ${each.join('; ')}`
}

function otherHas({ file }: Words, { name, than }: Difference, naming: Naming): string {
  if (than === 'file') return `, ${file} has another value`
  const current = naming.current(name)
  return current === null ? ', the store has another' : `, the store has ${current}`
}

const endedOf = ({ now }: Words, { endedAt }: HeldVersion): string => (endedAt === null ? '' : `, which was ended ${ago(now - endedAt)}: its calls fail`)

/** ` (container created 41 days ago)`, ` (1 of 2 containers, created 41 days ago)`. */
function agesOf({ running, now }: Words, parts: readonly Sight[]): string {
  const [first] = parts
  if (first === undefined) return ''
  const begun = first.part === 'container' ? 'created' : 'started'
  const known = parts.flatMap(({ since }) => since ?? [])
  const age = known.length === 0 ? '' : `${begun} ${ago(now - Math.min(...known))}`
  const count = running.length > 1 ? `${parts.length} of ${running.length} ${first.part === 'container' ? 'containers' : 'processes'}` : ''
  if (count === '') return age === '' ? '' : ` (${first.part} ${age})`
  return ` (${[count, known.length > 1 ? `the oldest ${age}` : age].filter(Boolean).join(', ')})`
}

/** What does not run is no alarm; what it would come up with is worth knowing. */
export function sayIdle({ parts }: Words, differences: readonly Difference[], naming: Naming | null): Trouble {
  const [{ who, idle, mend }] = parts as readonly [Sight]
  const old = differences.flatMap(({ name, held }) => (held === null || naming === null ? [] : [naming.held(name, held).words]))
  return {
    severity: 'note',
    code: 'NOT_RUNNING',
    message: `${who} does not run (${idle})${old.length === 0 ? ', so there is nothing to compare' : `; started as it is, it would run ${old.join(', ')}`}`,
    hint: mend,
  }
}

export const sayUnsure = ({ running }: Words): readonly Trouble[] =>
  running.flatMap(({ who, unsure, mend }) =>
    unsure === undefined
      ? []
      : [
          {
            severity: 'warning',
            code: 'UNPROVEN',
            message: `${who}: nothing shows which value of ${unsure.names.join(', ')} it runs: ${unsure.why}`,
            hint: mend,
          } as const,
        ],
  )

/** `41 days ago`, `5 hours ago`, `12 minutes ago`, `just now`. */
export function ago(ms: number): string {
  for (const [unit, length] of UNITS) if (ms >= 2 * length) return `${Math.floor(ms / length)} ${unit} ago`
  return 'just now'
}

const UNITS = [
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['minutes', 60_000],
] as const
