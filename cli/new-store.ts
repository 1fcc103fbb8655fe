import { KeyturnError } from '../src/errors.ts'
import { inline } from '../src/inventory/splice.ts'
import type { Json } from '../src/terms.ts'
import type { Options } from './declare.ts'
import { textOption } from './options.ts'

/** The store on a server that a new project begins with. */
export interface NewStore {
  readonly kind: string
  /** What stands under `stores: main:`. */
  readonly declared: Readonly<Record<string, Json>>
  /** The same as a text: tells whether two are one. */
  readonly text: string
}

/** Option to setting, by the kind of store that knows it. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  vault: { address: 'address', namespace: 'namespace', mount: 'mount' },
  aws: { address: 'endpoint', region: 'region', prefix: 'prefix' },
}

const ALL = [...new Set(Object.values(SETTINGS).flatMap((known) => Object.keys(known)))]

/**
 * What `--store` and the options beside it say; `null` for the embedded store. Whether the settings are right is told by the inventory.
 *
 * @throws KeyturnError USAGE for a setting that the kind does not have, and for a recovery key, which would open nothing.
 */
export function newStore(options: Options): NewStore | null {
  const kind = textOption(options, 'store') ?? 'local'
  const known = SETTINGS[kind] ?? {}
  const given = ALL.flatMap((name) => {
    const value = textOption(options, name)
    return value === undefined ? [] : [{ name, value }]
  })
  const strange = given.find(({ name }) => known[name] === undefined)
  if (strange !== undefined) {
    const kinds = Object.entries(SETTINGS).flatMap(([one, settings]) => (settings[strange.name] === undefined ? [] : [`--store ${one}`]))
    throw new KeyturnError('USAGE', `--${strange.name} belongs to ${kinds.join(' or ')}`, { hint: 'secrets help init' })
  }
  if (kind === 'local') return null
  if (options.recoveryKeyFile !== undefined) {
    throw new KeyturnError('USAGE', `--recovery-key-file: with --store ${kind} there is no embedded store that it would open`, {
      hint: 'for backups, afterwards: secrets identity add --recovery-key-file FILE',
    })
  }
  const declared = { kind, ...Object.fromEntries(given.map(({ name, value }) => [known[name] ?? name, value])) }
  return { kind, declared, text: inline(declared) }
}
