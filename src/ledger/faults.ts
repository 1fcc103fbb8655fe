import { type ErrorCode, KeyturnError } from '../errors.ts'

interface Fault {
  readonly code: ErrorCode
  readonly seen: string
  readonly hint?: string
}

/** Extended result codes that say more than their primary one. */
const EXTENDED: Readonly<Record<number, Fault>> = {
  // IOERR_SHMSIZE: the index of the write-ahead log could not grow. Every reader needs one, so a full disk ends `status` with it too.
  4874: {
    code: 'DISK_FULL',
    seen: 'no space left on the disk, or a limit on size',
    hint: 'Free some space and run the command again; if there is enough, check the quota and "ulimit -f".',
  },
}

/** Primary result codes of SQLite (sqlite.org/rescode.html); the extended ones keep them in their low byte. */
const CODES: Readonly<Record<number, Fault>> = {
  3: { code: 'FILE_UNWRITABLE', seen: 'permission denied' },
  5: { code: 'LEDGER_BUSY', seen: 'another process holds it' },
  6: { code: 'LEDGER_BUSY', seen: 'another process holds it' },
  8: { code: 'FILE_UNWRITABLE', seen: 'the file or its folder cannot be written' },
  10: { code: 'FILE_UNWRITABLE', seen: 'the disk reported an error or a limit on size', hint: 'Check the disk, its quota and "ulimit -f".' },
  11: { code: 'LEDGER_DAMAGED', seen: 'its pages do not fit together' },
  13: { code: 'DISK_FULL', seen: 'no space left on the disk' },
  14: { code: 'FILE_UNREADABLE', seen: 'the file cannot be opened', hint: 'Check owner and mode of the file and its folder.' },
  23: { code: 'FILE_UNWRITABLE', seen: 'access denied' },
  26: { code: 'LEDGER_DAMAGED', seen: 'it is no SQLite database' },
}

/** What SQLite, the file system or `JSON.parse` threw, as ours. Anything else comes back as it is. */
export function ledgerFault(error: unknown, file: string): unknown {
  if (error instanceof KeyturnError) return error
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  if (code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number') {
    const known = EXTENDED[errcode] ?? CODES[errcode & 0xff]
    if (known) return new KeyturnError(known.code, `ledger ${file}: ${known.seen} (SQLite ${errcode})`, known.hint === undefined ? {} : { hint: known.hint })
    // "no such table", "no such column": the file is a database, but not the one we made.
    return new KeyturnError('LEDGER_DAMAGED', `ledger ${file}: a table of it is missing or altered (SQLite ${errcode})`)
  }
  if (error instanceof SyntaxError || code === 'ERR_OUT_OF_RANGE') return new KeyturnError('LEDGER_DAMAGED', `ledger ${file}: a row holds no data of ours`)
  return error
}
