import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { copyDatabase } from '../../src/state/database-copy.ts'
import { finishRestore, restoreBackup } from '../../src/state/restore.ts'
import { manualClock } from '../support/clock.ts'
import { seededRandom } from '../support/random.ts'
import { pathsIn } from './backup-child.ts'

/** Runs one statement as the ledger does: with a log beside the file. */
function change(file: string, sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(`PRAGMA journal_mode = WAL; ${sql}`)
  db.close()
}

const rows = (file: string): readonly unknown[] => {
  const db = new DatabaseSync(file, { readOnly: true })
  const found = db
    .prepare('SELECT text FROM events')
    .all()
    .map(({ text }) => text)
  db.close()
  return found
}

it.each([
  ['on an empty machine', false],
  ['over a ledger that is there', true],
])('what is written into the ledger of a backup is there also where the restore is killed and ended by another run, %s', async (_, isThere) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'keyturn-written-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const paths = pathsIn(folder)
  const old = path.join(folder, 'old.db')
  change(old, "CREATE TABLE events (text TEXT) STRICT; INSERT INTO events VALUES ('of the backup')")
  const bytes = (await copyDatabase(old)) ?? Buffer.alloc(0)
  const backup = { inventoryId: 'kt_demo', createdAt: 0, tool: '1.2.3', files: new Map([['ledger.db', bytes]]) }
  const options = { paths, random: seededRandom('written'), lockWaitMs: 1_000 }
  const whole = {
    ...options,
    backup,
    clock: manualClock(),
    verify: async ({ ledger }: { ledger: string }) => change(ledger, "INSERT INTO events VALUES ('held')"),
  }
  if (isThere) {
    await restoreBackup({ ...whole, verify: async () => {} })
    change(paths.ledger, "INSERT INTO events VALUES ('since')")
  }
  const killed = restoreBackup({
    ...whole,
    fault: async (point: string) => {
      if (point === 'restore ready') throw new Error('simulated: killed')
    },
  })
  await expect(killed).rejects.toThrow('killed')
  await finishRestore(options)
  expect(rows(paths.ledger)).toEqual(['of the backup', 'held'])
})
