import type { Fingerprinter } from '../ports.ts'
import type { Fingerprint, HostState, Millis, Secret, SecretState, VersionState } from '../terms.ts'
import type { Engine } from './engine.ts'

/** Says of fingerprints which versions they are. */
export interface Naming {
  /** `OPENAI_API_KEY version 3`, `a value of OPENAI_API_KEY that this store never held`, `another value of OPENAI_API_KEY`. */
  held(name: string, found: Fingerprint): HeldVersion
  /** What the store has of a variable now: `version 4`; `null`: the ledger knows of none. */
  current(name: string): string | null
}

export interface HeldVersion {
  readonly words: string
  /** A later one than the current one: something was taken back since. */
  readonly later: boolean
  /** When it was ended at its provider; `null`: not, or not known. */
  readonly endedAt: Millis | null
}

/** What the versions are looked for in. */
export interface Known {
  /** The secrets behind each variable. */
  readonly behind: ReadonlyMap<string, readonly Secret[]>
  readonly states: ReadonlyMap<string, SecretState>
  /** What was written into files of this host once, for values that are made of several. */
  readonly written: readonly Written[]
  readonly fingerprints: Fingerprinter
  /** Whether something at a provider ends with a version of it. */
  ends(secret: Secret): boolean
}

/** One variable as some write left it. */
export interface Written {
  readonly name: string
  readonly value: Fingerprint
  readonly from: Readonly<Record<string, string>>
}

export function namingOf({ behind, states, written, fingerprints, ends }: Known): Naming {
  const versionsOf = (secret: Secret): readonly VersionState[] => {
    const state = states.get(secret.id)
    return state?.current ? [state.current, ...state.former] : (state?.former ?? [])
  }
  const versionOf = (name: string, found: Fingerprint): { readonly secret: Secret; readonly version: VersionState } | null => {
    for (const secret of behind.get(name) ?? []) {
      const version = versionsOf(secret).find((one) => Object.values(one.facts).some(({ value }) => value === found))
      if (version) return { secret, version }
    }
    const from = written.find((one) => one.name === name && one.value === found)?.from ?? {}
    const parts = (behind.get(name) ?? []).flatMap((secret) => {
      const version = versionsOf(secret).find(({ token }) => token === from[secret.id])
      return version ? [{ secret, version }] : []
    })
    // Of several the one that was replaced since is what makes it another text.
    return parts.find(({ secret, version }) => version.token !== states.get(secret.id)?.current?.token) ?? parts[0] ?? null
  }
  const isDirect = (name: string, secret: Secret): boolean => Object.hasOwn(secret.env, name)
  return {
    held(name, found) {
      const is = versionOf(name, found)
      if (is === null) {
        const ours = found.startsWith(`hmac:${fingerprints.keyId}:`)
        return { words: ours ? `a value of ${name} that this store never held` : `another value of ${name}`, later: false, endedAt: null }
      }
      const { secret, version } = is
      const endedAt = version.deadAt !== undefined && ends(secret) ? version.deadAt : null
      const words = isDirect(name, secret) ? `${name} version ${version.n}` : `${name} with ${secret.name} version ${version.n}`
      return { words, later: version.n > (states.get(secret.id)?.current?.n ?? 0), endedAt }
    },
    current(name) {
      const known = (behind.get(name) ?? []).flatMap((secret) => {
        const n = states.get(secret.id)?.current?.n
        return n === undefined ? [] : [isDirect(name, secret) ? `version ${n}` : `${secret.name} version ${n}`]
      })
      return known.length === 0 ? null : known.join(' and ')
    },
  }
}

/** What was written into a file of this host, newest last. Read only where something differs: a stream may be long. */
export async function writtenInto(engine: Engine, host: HostState | null, file: string): Promise<readonly Written[]> {
  if (host === null) return []
  const claims = new Set<number>()
  const found: Written[] = []
  for (const { seq, event } of await engine.ledger.read(host.stream)) {
    if (event.type === 'claimed' && event.step === 'write' && event.on === file) claims.add(seq)
    if (event.type !== 'did' || event.result.step !== 'write' || !claims.has(event.claim)) continue
    for (const [name, { value, from, edited }] of Object.entries(event.result.vars)) if (value !== null && !edited) found.push({ name, value, from })
  }
  return found
}
