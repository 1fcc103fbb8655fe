import { isKeyturnError, KeyturnError } from '../errors.ts'
import { dialectOf } from '../outputs/dialects/index.ts'
import { expectedEntries, secretsBehind } from '../outputs/entries.ts'
import { mergeEntries } from '../outputs/merge.ts'
import type { Version } from '../ports.ts'
import type { Sensitive } from '../sensitive.ts'
import type { HeldVar, HostState, Output, SecretState, Token } from '../terms.ts'
import { compare, type Difference, type ExpectedNow, tokenOf } from './compare.ts'
import { pick } from './context.ts'
import { type DocumentOf, readDocuments } from './documents.ts'
import type { Engine } from './engine.ts'
import { formerOf } from './former.ts'
import { onceWritten } from './once-written.ts'
import { secretStates } from './surroundings.ts'

/** What an output should hold, with what it was found by. */
export interface ExpectedHere extends ExpectedNow {
  readonly documentOf: DocumentOf
  /** By secret id, read after the documents. */
  readonly states: ReadonlyMap<string, SecretState>
}

/** Reads the current documents of an output's secrets. Repeatable; writes nothing. */
export async function expectedOf(engine: Engine, output: Output): Promise<ExpectedHere> {
  const { secrets } = engine.inventory()
  const used = secretsBehind(output, secrets)
  const documentOf = await readDocuments(engine, used)
  const former = new Map<string, Version>()
  const fingerprints = await engine.fingerprints()
  const states = await secretStates(engine)
  const tokens = new Map<string, Token>()
  for (const secret of used) {
    const document = documentOf(secret)
    const own = document && pick(document.fields, secret.fields)
    if (!own) continue
    const fingerprint = fingerprints.of(own)
    const token = tokenOf(states.get(secret.id), (v) => v.fingerprint === fingerprint)
    tokens.set(secret.id, token)
    const other = formerOf(states.get(secret.id), token)
    const [version] = other ? await (await engine.store(secret.store)).get(secret.path, [other.token]) : []
    if (version) former.set(secret.id, version)
  }
  const expected = expectedEntries(output, secrets, documentOf, ({ id }) => former.get(id)?.fields)
  return { ...expected, tokens, documentOf, states, former: new Map([...former].map(([id, { token }]) => [id, token])) }
}

/** What a file should hold next, and what it then holds. Nothing is written. */
export interface MergedNow {
  /** The very text that was given, where nothing is to be written. */
  readonly merged: Sensitive<string>
  readonly vars: Readonly<Record<string, HeldVar>>
}

/**
 * Merges all current values into the text of an output; what was edited by hand stays, but for `discard`.
 *
 * @throws KeyturnError VALUE_MISSING, ENV_UNREADABLE, ENV_NOT_REPRESENTABLE; and what the store throws.
 */
export async function mergedNow(
  engine: Engine,
  state: HostState | null,
  output: Output,
  text: Sensitive<string> | null,
  discard: readonly string[] = [],
): Promise<MergedNow> {
  const { expected, differences } = await comparedNow(engine, state, output, text)
  requireValues(engine, output, expected)
  const keep = new Set(differences.filter((d) => d.kind === 'hand-edited' && !discard.includes(d.name)).map((d) => d.name))
  const entries = expected.entries.filter((e) => !keep.has(e.name))
  const merged = naming(output, () => mergeEntries(text, entries, dialectOf(output.dialect)))
  return { merged, vars: heldVars(differences, (d, wanted) => (keep.has(d.name) ? d.held : wanted)) }
}

/** What a file holds before us. */
export async function lookedAt(engine: Engine, state: HostState | null, output: Output, text: Sensitive<string> | null): Promise<MergedNow['vars']> {
  return heldVars((await comparedNow(engine, state, output, text)).differences, (d) => d.held)
}

/** How a file differs from the store now, and what its reader sees. */
export async function comparedNow(engine: Engine, state: HostState | null, output: Output, text: Sensitive<string> | null) {
  const expected = await expectedOf(engine, output)
  const entries = text === null ? [] : naming(output, () => dialectOf(output.dialect).parse(text))
  const known = { states: expected.states, record: state?.outputs[output.file], fingerprints: await engine.fingerprints() }
  const differences = compare(expected, entries, known)
  const strange = differences.filter(({ kind, name }) => kind === 'hand-edited' && Object.hasOwn(output.vars, name)).map(({ name }) => name)
  if (strange.length === 0) return { expected, entries, differences }
  const written = await onceWritten(engine, output, strange, known.states, expected.documentOf)
  return { expected, entries, differences: compare(expected, entries, { ...known, written }) }
}

/** What the inventory no longer has is nobody's: it stays in the file and leaves the record. */
const heldVars = (differences: readonly Difference[], held: (d: Difference, wanted: HeldVar) => HeldVar): Readonly<Record<string, HeldVar>> =>
  Object.fromEntries(differences.flatMap((d) => (d.expected === null ? [] : [[d.name, held(d, d.expected)]])))

/** Readers and writers of a dialect name the line or the variable; which file it is, is known here. */
function naming<T>(output: Output, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!isKeyturnError(error)) throw error
    throw new KeyturnError(error.code, `${output.file}: ${error.message}`, { hint: error.hint, details: error.details, retryable: error.retryable })
  }
}

/** A secret that has a current version and no value at its path is no reason to write less: somebody changed the path. Tried again. */
function requireValues(engine: Engine, output: Output, expected: ExpectedHere): void {
  for (const secret of secretsBehind(output, engine.inventory().secrets)) {
    if (!expected.states.get(secret.id)?.current || expected.tokens.has(secret.id)) continue
    throw new KeyturnError('VALUE_MISSING', `${output.file}: ${secret.name} has a current version, but the store has no value of it at ${secret.path}`, {
      hint: `put path, field and store back in ${engine.inventory().file}`,
      retryable: true,
    })
  }
}
