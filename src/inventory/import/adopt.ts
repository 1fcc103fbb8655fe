import { KeyturnError } from '../../errors.ts'
import type { IgnoreChange } from '../../guards/ignore-lines.ts'
import type { CurrentVersion, Fingerprinter, Random, SecretStore } from '../../ports.ts'
import type { Engine } from '../../rotation/engine.ts'
import { newToken } from '../../rotation/ids.ts'
import { type First, introduceAll } from '../../rotation/introduce.ts'
import { Sensitive } from '../../sensitive.ts'
import type { Fields } from '../../terms.ts'
import type { ProposedSecret } from './propose.ts'

/** An env file as it was before `init`, byte for byte. */
export interface Original {
  /** As the inventory names it. */
  readonly file: string
  readonly text: Sensitive<string>
  readonly mode: number
}

/** What `eject` needs to take back. Holds no value. */
export interface Setup {
  readonly v: 1
  /** Paths are absolute: the repository may begin above the project. */
  readonly ignores: readonly Pick<IgnoreChange, 'path' | 'before' | 'after' | 'added'>[]
  readonly originals: readonly { readonly file: string; readonly mode: number }[]
}

/** Where things are kept that belong to no secret. Paths of secrets never begin with a dot. */
const SETUP_PATH = '.keyturn/setup'

/** Encoded, since a `..` would lead out of the store. */
const originalPath = (file: string): string =>
  `.keyturn/original/${[...file].map((char) => (/[A-Za-z0-9_-]/.test(char) ? char : `%${char.codePointAt(0)?.toString(16)}`)).join('')}`

/**
 * Stores the values of a new project and records how old they are known to be: each becomes the first version of its secret
 * and current at once. Nobody sees any of it before `secrets.yaml` is written, which comes last. Repeatable.
 *
 * @returns how many secrets have a value now.
 * @throws KeyturnError INTERRUPTED; and what store and ledger throw.
 */
export async function importSecrets(engine: Engine, proposed: readonly ProposedSecret[], signal: AbortSignal): Promise<number> {
  const byName = new Map(engine.inventory().secrets.map((secret) => [secret.name, secret]))
  const firsts = proposed.flatMap(({ name, fields, bornAt, source, files }): First[] => {
    const secret = byName.get(name)
    return secret === undefined || fields === null ? [] : [{ secret, fields, age: { bornAt, source, note: `imported by init from ${files.join(', ')}` } }]
  })
  await unless(signal, () => introduceAll(engine, firsts, signal))
  return firsts.length
}

/** What the originals are kept in. */
export interface Keeping {
  readonly store: SecretStore
  readonly inventoryId: string
  readonly random: Random
  readonly signal: AbortSignal
  /** Where an `init` that was interrupted may have kept them: what it kept is replaced. */
  readonly over?: Fingerprinter
}

/**
 * Keeps the files as they were, and what was changed beside them, encrypted like everything else.
 *
 * @throws KeyturnError INTERRUPTED; and what the store throws.
 */
export async function keepOriginals(
  originals: readonly Original[],
  ignores: Setup['ignores'],
  { store, inventoryId, random, signal, over }: Keeping,
): Promise<void> {
  const setup: Setup = { v: 1, ignores, originals: originals.map(({ file, mode }) => ({ file, mode })) }
  const there = over && (await store.read([SETUP_PATH, ...originals.map(({ file }) => originalPath(file))]))
  const kept = (path: string, what: string, fields: Sensitive<Fields>): CurrentVersion => {
    const before = there?.get(path)?.fields
    const expect = before === undefined || before.tells((held) => Object.keys(held).length === 0) ? null : (over?.of(before) ?? null)
    return { path, token: newToken(inventoryId, what, random), fields, handle: null, expect }
  }
  const texts = originals.map(({ file, text }) =>
    kept(
      originalPath(file),
      'original',
      text.map((held) => ({ text: held })),
    ),
  )
  await unless(signal, () => store.putCurrent([...texts, kept(SETUP_PATH, 'setup', new Sensitive({ setup: JSON.stringify(setup) }))], signal))
}

/** What `init` recorded; `null` where the project was not made by it. @throws KeyturnError STORE_NEWER */
export async function readSetup(store: SecretStore): Promise<Setup | null> {
  const text = (await store.read([SETUP_PATH])).get(SETUP_PATH)?.fields.reveal().setup
  if (text === undefined) return null
  const setup = JSON.parse(text) as Setup
  if (setup.v !== 1) throw new KeyturnError('STORE_NEWER', 'what init recorded was written by a newer Keyturn')
  return setup
}

/** An env file as it was before `init`; `null` where it was not kept. */
export async function readOriginal(store: SecretStore, file: string): Promise<Sensitive<string> | null> {
  const path = originalPath(file)
  const fields = (await store.read([path])).get(path)?.fields
  return fields === undefined ? null : fields.map((held) => held.text ?? '')
}

/** @throws KeyturnError INTERRUPTED once the signal has aborted, whatever else `work` says of it. */
async function unless(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const interrupted = () => new KeyturnError('INTERRUPTED', 'interrupted before secrets.yaml was written')
  if (signal.aborted) throw interrupted()
  await work().catch((error: unknown) => {
    throw signal.aborted ? interrupted() : error
  })
}
