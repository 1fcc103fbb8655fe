import { createHash } from 'node:crypto'
import { KeyturnError } from '../errors.ts'
import type { Millis } from '../terms.ts'

/** Encrypts and opens whole backups; the keys of the embedded store do it. */
export interface Sealer {
  seal(bytes: Uint8Array): Promise<Uint8Array>
  /** IDENTITY_WRONG for another's, BACKUP_INVALID for a damaged or forged one. */
  open(bytes: Uint8Array): Promise<Unsealed>
}

/** What was sealed, and who can open it (`age1...`). */
export interface Unsealed {
  readonly bytes: Buffer
  readonly readers: readonly string[]
}

/** One backup, verified: every file in it is whole. */
export interface Backup {
  readonly inventoryId: string
  readonly createdAt: Millis
  /** Version of the Keyturn that wrote it. */
  readonly tool: string
  /** By name: `ledger.db`, `store/...`, `inventory/...`, `keys/...`. */
  readonly files: ReadonlyMap<string, Buffer>
}

/** A backup as it was opened, and who else can open it: the recipients of its inventory. */
export interface OpenedBackup extends Backup {
  readonly readers: readonly string[]
}

interface Manifest {
  readonly schema: string
  readonly inventoryId: string
  readonly createdAt: Millis
  readonly tool: string
  /** In the order of their bytes. */
  readonly files: readonly { readonly name: string; readonly size: number; readonly sha256: string }[]
}

const SCHEMA = 'keyturn/backup@1'

/** Everything is held in memory, some five times while it is encrypted. A thousand secrets with years of history need a tenth. */
export const LARGEST_BACKUP = 256 * 1024 * 1024

const NAME = /^(ledger\.db|store\/paths\/[a-z0-9%+~_.-]+(\/versions)?\/[a-z0-9%+~_.-]+\.age|inventory\/[^/\0]+|keys\/[a-z.]+)$/

/**
 * The plain bytes of a backup: a line of JSON with name, size and SHA-256 of each file, then the files. The same backup gives
 * the same bytes.
 *
 * @throws KeyturnError UNSUPPORTED for more than 256 MiB.
 */
export function packArchive(backup: Backup): Buffer {
  const entries = [...backup.files].sort(([a], [b]) => (a < b ? -1 : 1))
  const manifest: Manifest = {
    schema: SCHEMA,
    inventoryId: backup.inventoryId,
    createdAt: backup.createdAt,
    tool: backup.tool,
    files: entries.map(([name, bytes]) => ({ name, size: bytes.length, sha256: sha256(bytes) })),
  }
  const packed = Buffer.concat([Buffer.from(`${JSON.stringify(manifest)}\n`), ...entries.map(([, bytes]) => bytes)])
  if (packed.length > LARGEST_BACKUP) {
    throw new KeyturnError(
      'UNSUPPORTED',
      `the backup would have ${Math.ceil(packed.length / 1024 / 1024)} MiB, and ${LARGEST_BACKUP / 1024 / 1024} are the limit`,
      {
        hint: 'Back the state folder up as it is: its files are encrypted, and the ledger holds no values.',
      },
    )
  }
  return packed
}

/**
 * Reads what {@link packArchive} wrote, and verifies all of it.
 *
 * @throws KeyturnError BACKUP_INVALID, saying what does not fit.
 */
export function unpackArchive(bytes: Buffer): Backup {
  const end = bytes.indexOf(0x0a)
  const manifest = end < 0 ? null : parseManifest(bytes.subarray(0, end).toString('utf8'))
  if (!manifest) throw invalid('it has no list of its files')
  if (manifest.schema !== SCHEMA) throw invalid(`it has format ${JSON.stringify(manifest.schema)}, and this Keyturn knows ${SCHEMA}`)
  const files = new Map<string, Buffer>()
  let at = end + 1
  for (const { name, size, sha256: expected } of manifest.files) {
    if (!NAME.test(name) || name.split('/').some((part) => part === '.' || part === '..')) throw invalid(`it holds a file ${JSON.stringify(name)}`)
    const content = bytes.subarray(at, at + size)
    if (files.has(name) || content.length !== size || sha256(content) !== expected) throw invalid(`${name} in it is damaged`)
    files.set(name, content)
    at += size
  }
  if (at !== bytes.length) throw invalid('it is longer than its list of files says')
  const { inventoryId, createdAt, tool } = manifest
  return { inventoryId, createdAt, tool, files }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const invalid = (seen: string) => new KeyturnError('BACKUP_INVALID', `the backup cannot be used: ${seen}`)

function parseManifest(text: string): Manifest | null {
  try {
    const manifest = JSON.parse(text) as Manifest
    const known = typeof manifest.schema === 'string' && typeof manifest.inventoryId === 'string' && typeof manifest.createdAt === 'number'
    const files = Array.isArray(manifest.files) && manifest.files.every(({ name, size }) => typeof name === 'string' && Number.isSafeInteger(size) && size >= 0)
    return known && files && typeof manifest.tool === 'string' ? manifest : null
  } catch {
    return null
  }
}
