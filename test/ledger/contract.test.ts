import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openSqliteLedger } from '../../src/ledger/sqlite.ts'
import { ledgerContract } from '../contract/ledger.ts'
import { options } from './opening.ts'

const dir = mkdtempSync(join(tmpdir(), 'keyturn-ledger-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
let files = 0

ledgerContract('SQLite in memory', (clock) => openSqliteLedger(options(':memory:', { clock })))
ledgerContract('SQLite in a file', (clock) => openSqliteLedger(options(join(dir, `${files++}.db`), { clock })))
