import { KeyturnError } from '../../errors.ts'
import { Sensitive } from '../../sensitive.ts'
import type { Fields, Handle, Millis, Token } from '../../terms.ts'

/** What a file of the store holds. It names its own place, so that a file copied elsewhere is refused there. */
export type StoreRecord = CurrentRecord | VersionRecord

export interface CurrentRecord {
  readonly kind: 'current'
  readonly inventory: string
  readonly path: string
  readonly changedAt: Millis
  readonly fields: Sensitive<Fields>
}

export interface VersionRecord {
  readonly kind: 'version'
  readonly inventory: string
  readonly path: string
  readonly token: Token
  /** 1, 2, 3 ... in the order they were put, whatever the clock did. */
  readonly seq: number
  readonly createdAt: Millis
  readonly handle: Handle | null
  readonly fields: Sensitive<Fields>
}

const SCHEMA = 'keyturn/store@1'

/** Bytes of one record. A document is read whole by every reader; certificates and key files are thousands of times smaller. */
const LARGEST = 16 * 1024 * 1024

/** The largest file that can hold a record: age and the seals add little. */
export const LARGEST_FILE = LARGEST + 1024 * 1024

/**
 * One line of JSON.
 *
 * @throws KeyturnError VALUE_REFUSED for what is too large or no set of strings.
 */
export function encodeRecord(record: StoreRecord): Sensitive<Uint8Array> {
  return record.fields.map((fields) => {
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value !== 'string') throw new KeyturnError('VALUE_REFUSED', `${record.path}: field ${JSON.stringify(name)} is not a text`)
    }
    const bytes = Buffer.from(JSON.stringify({ schema: SCHEMA, ...record, fields }))
    if (bytes.length > LARGEST) {
      throw new KeyturnError('VALUE_REFUSED', `${record.path}: ${bytes.length} bytes, more than the ${LARGEST} that the embedded store takes`, {
        hint: 'Keep large files elsewhere and store the key that encrypts them.',
      })
    }
    return bytes
  })
}

/**
 * The record in these bytes, or what is wrong with it.
 *
 * @throws KeyturnError STORE_NEWER for a later format.
 */
export function decodeRecord(body: Sensitive<Buffer>, file: string): StoreRecord | { readonly wrong: string } {
  let raw: Record<string, unknown>
  try {
    raw = JSON.parse(body.reveal().toString('utf8')) as Record<string, unknown>
  } catch {
    // JSON.parse quotes what it read, and that is a value.
    return { wrong: 'holds no record' }
  }
  if (raw?.schema !== SCHEMA) {
    if (typeof raw?.schema === 'string' && raw.schema.startsWith('keyturn/store@')) {
      throw new KeyturnError('STORE_NEWER', `${file}: has format ${raw.schema}, and this Keyturn knows ${SCHEMA}`)
    }
    return { wrong: 'holds no record' }
  }
  const { kind, inventory, path, token, seq, createdAt, changedAt, handle, fields } = raw
  const texts = typeof fields === 'object' && fields !== null && Object.values(fields).every((value) => typeof value === 'string')
  if (!texts || typeof inventory !== 'string' || typeof path !== 'string') return { wrong: 'holds no record' }
  const own = new Sensitive(fields as Fields)
  if (kind === 'current' && typeof changedAt === 'number') return { kind, inventory, path, changedAt, fields: own }
  if (kind === 'version' && typeof token === 'string' && typeof seq === 'number' && typeof createdAt === 'number') {
    return { kind, inventory, path, token, seq, createdAt, handle: (handle ?? null) as Handle | null, fields: own }
  }
  return { wrong: 'holds no record' }
}
