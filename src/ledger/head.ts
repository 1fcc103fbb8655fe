import { createHash } from 'node:crypto'
import { KeyturnError } from '../errors.ts'
import type { LedgerSnapshot } from './snapshot.ts'
import type { SqliteLedger } from './sqlite.ts'

/** A ledger as it stood when `pos` events had been appended to it. */
export interface Head {
  readonly inventoryId: string
  readonly pos: number
  /** SHA-256 over name, number of events and last hash of every stream, hex. */
  readonly digest: string
  /** Over the line without it. */
  readonly signature: string
}

const MARK = 'keyturn-head-v1'

/** One line to keep elsewhere: with it, `verifyLedger` sees also what was cut off the end. */
export async function headOf(ledger: SqliteLedger, sign: (text: string) => string | Promise<string>): Promise<string> {
  const snapshot = await ledger.snapshot()
  try {
    const text = headText(snapshot.inventoryId, snapshot.pos, digestOf(snapshot))
    return `${text} ${await sign(text)}`
  } finally {
    snapshot.close()
  }
}

/** What is signed. */
export const headText = (inventoryId: string, pos: number, digest: string): string => `${MARK} ${inventoryId} ${pos} ${digest}`

/** Throws USAGE where the line is no head. */
export function parseHead(line: string): Head {
  const [mark, inventoryId, pos, digest, signature, ...more] = line.trim().split(/\s+/)
  if (mark !== MARK || !inventoryId || !/^\d{1,15}$/.test(pos ?? '') || !/^[0-9a-f]{64}$/.test(digest ?? '') || !signature || more.length > 0) {
    throw new KeyturnError('USAGE', `this is no head of a ledger: expected one line that begins with ${MARK}`, { hint: '"secrets history --head" prints one.' })
  }
  return { inventoryId, pos: Number(pos), digest: digest as string, signature }
}

/** Collects the streams in the order of their names' bytes. */
export function digester(): { add(stream: string, seq: number, hash: string): void; digest(): string } {
  const sum = createHash('sha256')
  return {
    add: (stream, seq, hash) => void sum.update(`${JSON.stringify([stream, seq, hash])}\n`),
    digest: () => sum.digest('hex'),
  }
}

function digestOf(snapshot: LedgerSnapshot): string {
  const sum = digester()
  for (const row of snapshot.rows()) sum.add(row.stream, row.seq, row.hash)
  return sum.digest()
}
