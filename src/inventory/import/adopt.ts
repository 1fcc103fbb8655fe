import { KeyturnError } from '../../errors.ts'
import { recordFacts } from '../../policy/facts.ts'
import type { Clock, Fingerprinter, Ledger, Random, SecretStore } from '../../ports.ts'
import { newToken } from '../../rotation/ids.ts'
import { Sensitive } from '../../sensitive.ts'
import { type Fields, type Inventory, type Millis, type Secret, secretStream } from '../../terms.ts'
import type { IgnoreChange } from './ignore.ts'
import type { ProposedSecret } from './propose.ts'

/** What the first import writes to. Everything goes through ports, so that a test gives it what lies in memory. */
export interface ImportPorts {
  readonly store: SecretStore
  readonly ledger: Ledger
  readonly fingerprints: Fingerprinter
  readonly clock: Clock
  readonly random: Random
  /** Aborts when the user interrupts: nothing more is written then. */
  readonly signal: AbortSignal
}

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
  readonly ignores: readonly Pick<IgnoreChange, 'path' | 'before' | 'after' | 'added'>[]
  readonly originals: readonly { readonly file: string; readonly mode: number }[]
}

const SETUP_PATH = '.keyturn/setup'
/** Reserved: paths of secrets begin with a letter, digit or `_`. A `..` would leave the store's folder. */
const originalPath = (file: string): string =>
  `.keyturn/original/${file.replace(/[^A-Za-z0-9_/-]/g, (char) => `%${char.codePointAt(0)?.toString(16)}`).replace(/\/{2,}|^\/|\/$/g, '%2f')}`

/**
 * Stores the values of a new project and records how old they are known to be: each becomes the first version of its secret
 * and current at once. Nothing of it is seen by anybody before `secrets.yaml` is written, which comes last.
 *
 * @throws KeyturnError INTERRUPTED; and what store and ledger throw. What was written until then belongs to an id that no
 * inventory has: `forgetPending` takes it away.
 */
export async function importSecrets(inventory: Inventory, proposed: readonly ProposedSecret[], ports: ImportPorts): Promise<number> {
  const { store, ledger, fingerprints, random, signal } = ports
  const byName = new Map(inventory.secrets.map((secret) => [secret.name, secret]))
  let imported = 0
  for (const one of proposed) {
    const secret = byName.get(one.name)
    if (secret === undefined || one.fields === null) continue
    stopIf(signal)
    const token = newToken(inventory.id, secret.id, random)
    await store.put(secret.path, { token, fields: one.fields, handle: null }, signal)
    await store.promote(secret.path, token, null, signal)
    stopIf(signal)
    await ledger.append(secretStream(inventory.id, secret.id), 1, firstSeen(secret, one.fields, token, one.bornAt, fingerprints), { policy: secret.policy })
    imported += 1
  }
  return imported
}

function firstSeen(secret: Secret, fields: Sensitive<Fields>, token: string, bornAt: Millis, fingerprints: Fingerprinter) {
  const facts = recordFacts(fields, { env: secret.env, fingerprints })
  const version = { token, handle: null, fingerprint: fingerprints.of(fields), facts }
  return { type: 'saw', facts: { kind: 'current', version, bornAt, source: 'file', note: 'imported by init' } } as const
}

/** Keeps the files as they were, and what was changed beside them, encrypted like everything else. Repeatable. */
export async function keepOriginals(inventoryId: string, originals: readonly Original[], ignores: readonly IgnoreChange[], ports: ImportPorts): Promise<void> {
  for (const original of originals) {
    await keep(
      originalPath(original.file),
      inventoryId,
      'original',
      original.text.map((text) => ({ text })),
      ports,
    )
  }
  const setup: Setup = {
    v: 1,
    ignores: ignores.map(({ path, before, after, added }) => ({ path, before, after, added })),
    originals: originals.map(({ file, mode }) => ({ file, mode })),
  }
  await keep(SETUP_PATH, inventoryId, 'setup', new Sensitive({ setup: JSON.stringify(setup) }), ports)
}

async function keep(path: string, inventoryId: string, what: string, fields: Sensitive<Fields>, { store, random, signal }: ImportPorts): Promise<void> {
  stopIf(signal)
  const token = newToken(inventoryId, what, random)
  await store.put(path, { token, fields, handle: null }, signal)
  await store.promote(path, token, null, signal)
}

/** What `init` recorded; `null` where the project was not made by it. */
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

function stopIf(signal: AbortSignal): void {
  if (signal.aborted) throw new KeyturnError('INTERRUPTED', 'interrupted before secrets.yaml was written')
}
