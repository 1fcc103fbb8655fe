import type { Document } from '../ports.ts'
import type { Secret } from '../terms.ts'
import type { Engine } from './engine.ts'

/** The current document that a secret lies in, as it was read; `undefined` where the store has none at its path. */
export type DocumentOf = (secret: Secret) => Document | undefined

/**
 * Reads the current documents of some secrets, each path once and those of a store in one call. Repeatable; throws what the store
 * throws, and then gives none.
 */
export async function readDocuments(engine: Engine, secrets: readonly Secret[]): Promise<DocumentOf> {
  const documents = new Map<string, ReadonlyMap<string, Document>>()
  for (const [name, own] of Map.groupBy(secrets, ({ store }) => store)) {
    const store = await engine.store(name)
    documents.set(name, await store.read([...new Set(own.map(({ path }) => path))]))
  }
  return ({ store, path }) => documents.get(store)?.get(path)
}
