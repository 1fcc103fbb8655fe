import type { Expected } from '../outputs/entries.ts'
import { isPlaceholder, isShippedDefault } from '../policy/placeholder.ts'
import type { Entry, Fingerprinter } from '../ports.ts'
import type { Fingerprint, HeldVar, SecretState, Token, VersionRef, WriteRecord } from '../terms.ts'

/**
 * - `same`: the file holds what it should.
 * - `add`: it is not in the file, or stands there without a value since before us, as in a file copied from a sample: empty, or
 *   with words in its place such as `your-api-key-here`.
 * - `change`: the file holds a value that we know: the one we wrote last, or that of another version.
 * - `hand-edited`: the file holds a value that nobody of us wrote. It is never overwritten without a person's word.
 * - `gone`: we wrote it once, the inventory no longer has it, and it is still in the file.
 */
export type DriftKind = 'same' | 'add' | 'change' | 'hand-edited' | 'gone'

/** What an output should hold now, with the version that each secret has in the store (by id; the empty token: none of ours). */
export interface ExpectedNow extends Expected {
  readonly tokens: ReadonlyMap<string, Token>
  /** The version that stands beside it in lists of both; by id. */
  readonly former: ReadonlyMap<string, Token>
}

/** One variable: how the file differs from what it should hold. No values. */
export interface Difference {
  readonly name: string
  readonly kind: DriftKind
  readonly held: HeldVar
  /** `null` for a variable that the inventory no longer has. */
  readonly expected: HeldVar | null
}

export interface Known {
  /** By secret id. */
  readonly states: ReadonlyMap<string, SecretState>
  readonly record: WriteRecord | undefined
  readonly fingerprints: Fingerprinter
  /** Values of whole variables that we may have written besides: see `onceWritten`. */
  readonly written?: ReadonlySet<Fingerprint>
}

/** Compares a file with what it should hold. A value that we neither wrote last nor know from any version was written by hand. */
export function compare(
  expected: ExpectedNow,
  parsed: readonly Entry[] | null,
  { states, record, fingerprints, written = new Set() }: Known,
): readonly Difference[] {
  const inFile = new Map((parsed ?? []).map((e) => [e.name, fingerprints.ofValue(e.value)]))
  const unfilled = new Set((parsed ?? []).filter((e) => e.value.tells(isNoValue)).map((e) => e.name))
  const found = expected.entries.map(({ name, value, secrets, listed }): Difference => {
    const from = (token: (id: string) => Token): Record<string, Token> => Object.fromEntries(secrets.map((id) => [id, token(id)]))
    const wanted: HeldVar = {
      value: fingerprints.ofValue(value),
      from: from((id) => expected.tokens.get(id) ?? ''),
      ...(listed.length > 0 && { former: Object.fromEntries(listed.map((id) => [id, expected.former.get(id) ?? ''])) }),
    }
    // Asked for where the file differs alone: most of it never does.
    const isKnown = (value: Fingerprint): boolean => written.has(value) || knownValues(secrets, states).has(value)
    const is = inFile.get(name) ?? null
    const before = record?.vars[name]
    const foreign = kindOf(is, wanted, before, isKnown)
    // Once we have written it, whoever empties it means it.
    const kind = foreign === 'hand-edited' && before === undefined && unfilled.has(name) ? 'add' : foreign
    return { name, kind, held: kind === 'same' ? wanted : heldVar(kind, is, from, before, states), expected: wanted }
  })
  const wanted = new Set(expected.entries.map((e) => e.name))
  const gone = Object.keys(record?.vars ?? {}).filter((name) => !wanted.has(name) && inFile.has(name))
  return [...found, ...gone.map((name): Difference => ({ name, kind: 'gone', held: { value: inFile.get(name) ?? null, from: {} }, expected: null }))]
}

const isNoValue = (value: string): boolean => value === '' || isPlaceholder(value) || isShippedDefault(value)

function kindOf(is: Fingerprint | null, wanted: HeldVar, before: HeldVar | undefined, isKnown: (value: Fingerprint) => boolean): DriftKind {
  if (is === null) return 'add'
  if (is === wanted.value) return 'same'
  const ours = before !== undefined && !before.edited && before.value === is
  return ours || isKnown(is) ? 'change' : 'hand-edited'
}

function heldVar(
  kind: DriftKind,
  value: Fingerprint | null,
  from: (token: (id: string) => Token) => Record<string, Token>,
  before: HeldVar | undefined,
  states: ReadonlyMap<string, SecretState>,
): HeldVar {
  if (kind === 'hand-edited') return { value, from: from(() => ''), edited: true }
  if (before && !before.edited && before.value === value) return before
  return { value, from: from((id) => tokenOf(states.get(id), (v) => Object.values(v.facts).some((f) => f.value === value))) }
}

/** Which known version it is; the empty token: none. The version being rotated in is looked at first. */
export const tokenOf = (state: SecretState | undefined, is: (version: VersionRef) => boolean): Token => versionsOf(state).find(is)?.token ?? ''

/** All versions that are known, the one being rotated in first. */
export const versionsOf = (state: SecretState | undefined): readonly VersionRef[] =>
  [state?.rotation?.made, state?.rotation?.retiring, state?.current, ...(state?.former ?? [])].filter((v) => v !== null && v !== undefined)

const knownValues = (ids: readonly string[], states: ReadonlyMap<string, SecretState>): ReadonlySet<Fingerprint> =>
  new Set(ids.flatMap((id) => versionsOf(states.get(id)).flatMap((v) => Object.values(v.facts).map((f) => f.value))))
