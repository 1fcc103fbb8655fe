import { isKeyturnError } from '../errors.ts'
import { parseTemplate } from '../inventory/template.ts'
import { expectedEntries } from '../outputs/entries.ts'
import type { Document, Version } from '../ports.ts'
import type { Fingerprint, Output, Secret, SecretState } from '../terms.ts'
import { versionsOf } from './compare.ts'
import type { Engine } from './engine.ts'

/** As many versions of a secret as a write can be behind, and some more. */
const VERSIONS = 6

/**
 * What a template made, or would have made, of the last versions of its secrets: a write that was killed before it was recorded left one of
 * these in the file, and that is no edit by hand. Asked only about values that nothing else explains. Repeatable; values stay inside.
 */
export async function onceWritten(
  engine: Engine,
  output: Output,
  names: readonly string[],
  states: ReadonlyMap<string, SecretState>,
  documentOf: (secret: Secret) => Document | undefined,
): Promise<ReadonlySet<Fingerprint>> {
  const { secrets } = engine.inventory()
  const fingerprints = await engine.fingerprints()
  const found = new Set<Fingerprint>()
  for (const name of names) {
    const text = output.vars[name] ?? ''
    const alone: Output = { ...output, only: [], vars: { [name]: text } }
    for (const secret of secrets.filter((one) => parseTemplate(text).secrets.includes(one.name))) {
      const tokens = [...new Set(versionsOf(states.get(secret.id)).map(({ token }) => token))].slice(0, VERSIONS)
      const versions = await (await engine.store(secret.store)).get(secret.path, tokens)
      for (const now of versions) {
        for (const former of [undefined, ...versions.filter((one) => one !== now)]) {
          const fields = (one: Secret) => (one === secret ? { path: one.path, fields: now.fields, changedAt: null } : documentOf(one))
          for (const value of filled(alone, secrets, fields, secret, former)) found.add(fingerprints.ofValue(value))
        }
      }
    }
  }
  return found
}

function filled(output: Output, secrets: readonly Secret[], documentOf: (secret: Secret) => Document | undefined, listed: Secret, former: Version | undefined) {
  try {
    return expectedEntries(output, secrets, documentOf, (one) => (one === listed ? former?.fields : undefined)).entries.map(({ value }) => value)
  } catch (error) {
    // What cannot stand there was never written.
    if (isKeyturnError(error, 'ENV_NOT_REPRESENTABLE')) return []
    throw error
  }
}
