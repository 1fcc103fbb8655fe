import { isDeepStrictEqual } from 'node:util'
import { KeyturnError } from '../../errors.ts'
import type { Clock, CurrentVersion, Fingerprinter, NewVersion } from '../../ports.ts'
import type { Sensitive } from '../../sensitive.ts'
import type { Fields } from '../../terms.ts'
import { eachOf } from './each.ts'
import { layOver, NO_FIELDS, namesOf, pick, sameFields } from './merge.ts'
import type { RecordReader } from './reader.ts'
import type { StoreRecord } from './record.ts'
import { findVersion, type Shelf } from './shelf.ts'

export interface PutCurrent {
  /** Its lock is held. */
  readonly shelf: Shelf
  readonly reader: RecordReader
  readonly inventoryId: string
  readonly clock: Clock
  readonly fingerprints: () => Promise<Fingerprinter>
  readonly seal: (record: StoreRecord) => Promise<Uint8Array>
  /** Called right before each write. */
  readonly check: () => void
  /** Paths that are worked on at a time: while some are encrypted, the disk takes others. */
  readonly atOnce: number
}

/** What `putCurrent` of a store promises, under its lock. One document is written a path, whatever number of versions it gets. */
export async function putAllCurrent(versions: readonly CurrentVersion[], { atOnce, ...how }: PutCurrent): Promise<void> {
  await eachOf([...Map.groupBy(versions, ({ path }) => path)], atOnce, ([path, mine]) => putOn(path, mine, how))
}

async function putOn(path: string, versions: readonly CurrentVersion[], how: Omit<PutCurrent, 'atOnce'>): Promise<void> {
  const { shelf, reader, inventoryId: inventory, clock, fingerprints, seal, check } = how
  const before = (await reader.current(path))?.fields ?? NO_FIELDS
  let document = before
  for (const version of versions) {
    const { token, handle, fields } = version
    const files = await shelf.versionFiles(path)
    const file = findVersion(files, token)
    const there = file && (await reader.version(path, file.file))
    if (there) refuseOther(path, there, version)
    document = (await promoted(document, version, fingerprints)) ?? document
    if (there) continue
    const seq = (files.at(-1)?.seq ?? 0) + 1
    const bytes = await seal({ kind: 'version', inventory, path, token, seq, createdAt: clock.now(), handle, fields })
    await shelf.writeNew(shelf.versionFile(path, seq, token), bytes, check)
  }
  if (sameFields(document, before)) return
  await shelf.write(shelf.currentFile(path), await seal({ kind: 'current', inventory, path, changedAt: clock.now(), fields: document }), check)
}

/**
 * A document with a version's fields laid over it; `null` where it holds them already.
 *
 * @throws KeyturnError STORE_CHANGED where it holds something else than was expected.
 */
export async function promoted(
  document: Sensitive<Fields>,
  { path, fields, expect }: Pick<CurrentVersion, 'path' | 'fields' | 'expect'>,
  fingerprints: () => Promise<Fingerprinter>,
): Promise<Sensitive<Fields> | null> {
  const own = pick(document, namesOf(fields))
  if (sameFields(own, fields)) return null
  const empty = namesOf(own).length === 0
  const expected = expect === null ? empty : !empty && (await fingerprints()).of(own) === expect
  if (!expected) {
    throw new KeyturnError('STORE_CHANGED', `${path}: ${empty ? 'holds no value of the secret' : 'holds another value'}, which was not expected`)
  }
  return layOver(document, fields)
}

/** @throws KeyturnError STAGE_CONFLICT where the stored version of this token is another. */
export function refuseOther(path: string, there: NewVersion, put: NewVersion): void {
  // A handle is JSON, and `undefined` in it is not stored.
  const handle: unknown = JSON.parse(JSON.stringify(put.handle))
  if (!sameFields(there.fields, put.fields) || !isDeepStrictEqual(there.handle, handle)) {
    throw new KeyturnError('STAGE_CONFLICT', `${path}: version ${put.token} is stored with other bytes`)
  }
}
