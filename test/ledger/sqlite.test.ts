import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { exportEvents } from '../../src/ledger/export.ts'
import { ledgerFault } from '../../src/ledger/faults.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Event, StreamState } from '../../src/terms.ts'
import { note, policy } from '../contract/events.ts'
import { tally } from '../support/tally.ts'
import { folder, opened } from './opening.ts'

const refused = async (file: string, more: Parameters<typeof opened>[1] = {}): Promise<{ code: string; message: string; hint: string }> =>
  opened(file, more).then(
    () => Promise.reject(new Error(`${file} was opened`)),
    (error) => error,
  )

it('makes the file and what lies beside it readable for its owner only', async () => {
  const dir = folder()
  const ledger = await opened(join(dir, 'ledger.db'))
  await ledger.append('s', 1, note(1), { policy })
  expect(readdirSync(dir).sort()).toEqual(['ledger.db', 'ledger.db-shm', 'ledger.db-wal'])
  for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600)
})

it('takes a mode that is too wide away from a file that is there', async () => {
  const file = join(folder(), 'ledger.db')
  await (await opened(file)).close()
  chmodSync(file, 0o644)
  await opened(file)
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

it('syncs every commit to the disk and writes ahead', async () => {
  const file = join(folder(), 'ledger.db')
  const ledger = await opened(file)
  await ledger.append('s', 1, note(1), { policy })
  const raw = new DatabaseSync(file)
  expect(raw.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
  raw.close()
  const source = readFileSync(new URL('../../src/ledger/open.ts', import.meta.url), 'utf8')
  expect(source).toContain('synchronous = FULL')
})

it('shows a reader what is there while a writer is in the middle of an append', async () => {
  const file = join(folder(), 'ledger.db')
  let reader: StreamState | null = null
  const looking = await opened(file).then(async (made) => {
    await made.append('s', 1, note(1), { policy })
    return opened(file, { readOnly: true })
  })
  const rows: number[] = []
  const writer = await opened(file, {
    fault: (point) => {
      if (point !== 'row') return
      const raw = new DatabaseSync(file, { readOnly: true })
      rows.push((raw.prepare('SELECT count(*) AS n FROM events').get() as { n: number }).n)
      raw.close()
    },
  })
  await writer.append('s', 2, note(2), { policy })
  reader = await looking.state('s')
  expect(rows).toEqual([1])
  expect(reader).toMatchObject({ seq: 2 })
})

it('says that the ledger is busy when another process holds it for too long, and appends when it is free', async () => {
  const file = join(folder(), 'ledger.db')
  const ledger = await opened(file, { timeoutMs: 5 })
  const other = new DatabaseSync(file)
  other.exec('BEGIN IMMEDIATE')
  await expect(ledger.append('s', 1, note(1), { policy })).rejects.toMatchObject({ code: 'LEDGER_BUSY', retryable: true })
  other.exec('ROLLBACK')
  other.close()
  expect((await ledger.append('s', 1, note(1), { policy })).recorded.pos).toBe(1)
})

it('leaves nothing of an append that failed in the middle', async () => {
  const file = join(folder(), 'ledger.db')
  for (const failing of ['begun', 'counted', 'event', 'row'] as const) {
    let armed = true
    const ledger = await opened(file, {
      fault: (point) => {
        if (armed && point === failing) throw new Error(`stopped at ${point}`)
      },
    })
    const seq = ((await ledger.state('s'))?.seq ?? 0) + 1
    await expect(ledger.append('s', seq, note(1), { policy })).rejects.toThrow(`stopped at ${failing}`)
    armed = false
    await ledger.append('s', seq, note(1), { policy })
  }
  expect(await verifyLedger(await opened(file), tally)).toMatchObject({ intact: true, events: 4 })
})

it('rolls back when the fold throws', async () => {
  const ledger = await opened(':memory:', {
    fold: (state, recorded) => {
      if (recorded.event.type === 'opened') throw new Error('not now')
      return tally(state, recorded)
    },
  })
  const event = { type: 'opened', rotation: 'r', snapshot: {} } as unknown as Event
  await expect(ledger.append('s', 1, event, { policy })).rejects.toThrow('not now')
  expect(await ledger.read('s')).toEqual([])
  expect((await ledger.append('s', 1, note(1), { policy })).recorded.pos).toBe(1)
})

it('writes who, with which tool and inventory, under which policy', async () => {
  let hash = 'before'
  const ledger = await opened(':memory:', {
    actor: { uid: 0, user: 'root', sudo: 'eva', ci: 'run 7', host: 'pbx-1' },
    tool: '9.9.9',
    inventoryHash: () => hash,
  })
  await ledger.append('s', 1, note(1), { policy })
  hash = 'after'
  await ledger.append('s', 2, note(1), { policy: null })
  const [first, second] = await ledger.read('s')
  expect(first).toMatchObject({ actor: { uid: 0, user: 'root', sudo: 'eva', ci: 'run 7', host: 'pbx-1' }, tool: '9.9.9', inventory: 'before', policy })
  expect(second).toMatchObject({ inventory: 'after', policy: null })
})

it('never writes a value, even when one is put where it does not belong', async () => {
  const file = join(folder(), 'ledger.db')
  const ledger = await opened(file)
  const event = { type: 'saw', facts: { kind: 'head', head: new Sensitive('canary-in-an-event') } } as unknown as Event
  await ledger.append('s', 1, event, { policy })
  await ledger.close()
  expect(readFileSync(file).includes('canary-')).toBe(false)
})

it('exports every event in the order of recording', async () => {
  const ledger = await opened(':memory:')
  await ledger.append('b', 1, note(1), { policy })
  await ledger.append('a', 1, note(2), { policy })
  await ledger.append('b', 2, note(3), { policy })
  const seen = []
  for await (const { stream, seq, pos } of exportEvents(ledger)) seen.push({ stream, seq, pos })
  expect(seen).toEqual([
    { stream: 'b', seq: 1, pos: 1 },
    { stream: 'a', seq: 1, pos: 2 },
    { stream: 'b', seq: 2, pos: 3 },
  ])
})

it('copies itself while it is in use, and never over a file that is there', async () => {
  const dir = folder()
  const ledger = await opened(join(dir, 'ledger.db'))
  await ledger.append('s', 1, note(1), { policy })
  ledger.copyTo(join(dir, 'copy.db'))
  await ledger.append('s', 2, note(2), { policy })
  expect(statSync(join(dir, 'copy.db')).mode & 0o777).toBe(0o600)
  expect(await (await opened(join(dir, 'copy.db'))).read('s')).toHaveLength(1)
  expect(() => ledger.copyTo(join(dir, 'copy.db'))).toThrow(expect.objectContaining({ code: 'FILE_UNWRITABLE' }))
})

it('does not make a ledger for somebody who only reads', async () => {
  const file = join(folder(), 'ledger.db')
  expect(await refused(file, { readOnly: true })).toMatchObject({ code: 'RESTORE_NEEDED' })
  expect(await refused(file, { create: false })).toMatchObject({ code: 'RESTORE_NEEDED' })
  expect(existsSync(file)).toBe(false)
  writeFileSync(file, '')
  expect(await refused(file, { readOnly: true })).toMatchObject({ code: 'RESTORE_NEEDED' })
})

it('refuses what is no ledger, names the file and leaves it as it was', async () => {
  const dir = folder()
  const notes = join(dir, 'notes.txt')
  writeFileSync(notes, 'canary-notes '.repeat(1000))
  const foreign = join(dir, 'foreign.db')
  const raw = new DatabaseSync(foreign)
  raw.exec('CREATE TABLE songs (title)')
  raw.close()
  for (const file of [notes, foreign]) {
    const before = readFileSync(file)
    const error = await refused(file)
    expect(error).toMatchObject({ code: 'LEDGER_DAMAGED', message: expect.stringContaining(file) })
    expect(`${error.message} ${error.hint}`).not.toContain('canary-')
    expect(readFileSync(file).equals(before)).toBe(true)
  }
})

it('says so when the file was cut short', async () => {
  const file = join(folder(), 'ledger.db')
  const ledger = await opened(file)
  for (let seq = 1; seq <= 50; seq++) await ledger.append('s', seq, note(seq), { policy })
  await ledger.close()
  truncateSync(file, statSync(file).size - 4096)
  expect(await refused(file)).toMatchObject({ code: 'LEDGER_DAMAGED' })
})

it('refuses the ledger of another inventory and one of a newer Keyturn', async () => {
  const file = join(folder(), 'ledger.db')
  await (await opened(file)).close()
  expect(await refused(file, { inventoryId: 'kt_other' })).toMatchObject({ code: 'INVENTORY_ID_MISMATCH', message: expect.stringContaining('kt_test') })
  const raw = new DatabaseSync(file)
  raw.exec("UPDATE meta SET value = '2' WHERE name = 'format'")
  raw.close()
  expect(await refused(file)).toMatchObject({ code: 'LEDGER_NEWER' })
  expect(await refused(file, { readOnly: true })).toMatchObject({ code: 'LEDGER_NEWER' })
})

it('backs an older ledger up and folds its rows again, also for a reader', async () => {
  const dir = folder()
  const file = join(dir, 'ledger.db')
  const ledger = await opened(file)
  await ledger.append('s', 1, note(1), { policy })
  await ledger.append('t', 1, note(2), { policy })
  const now = await ledger.state('s')
  await ledger.close()
  const raw = new DatabaseSync(file)
  raw.exec(`UPDATE meta SET value = '0' WHERE name = 'format'; UPDATE streams SET state = '{"v":0}'`)
  raw.close()
  const reader = await opened(file, { readOnly: true })
  expect(await reader.state('s')).toEqual(now)
  expect(await verifyLedger(reader, tally)).toMatchObject({ intact: true, events: 2 })
  const kept = new DatabaseSync(`${file}.format-0`, { readOnly: true })
  expect(kept.prepare('SELECT DISTINCT state FROM streams').all()).toEqual([{ state: '{"v":0}' }])
  kept.close()
  expect(statSync(`${file}.format-0`).mode & 0o777).toBe(0o600)
})

it('says which folder is missing or closed', async () => {
  const dir = folder()
  expect(await refused(join(dir, 'no/ledger.db'))).toMatchObject({ code: 'FILE_UNWRITABLE', message: expect.stringContaining('no/ledger.db') })
  mkdirSync(join(dir, 'folder.db'))
  expect(await refused(join(dir, 'folder.db'))).toMatchObject({ code: expect.stringMatching(/^FILE_UN/) })
})

it('says so when the folder or the file may not be written or read', async () => {
  const dir = folder()
  const file = join(dir, 'ledger.db')
  await (await opened(file)).close()
  const copy = join(dir, 'copy.db')
  copyFileSync(file, copy)
  chmodSync(copy, 0o000)
  chmodSync(dir, 0o500)
  await withoutRoot(dir, async () => {
    expect(await refused(copy, { readOnly: true })).toMatchObject({ code: 'FILE_UNREADABLE' })
    expect(await refused(join(dir, 'new.db'))).toMatchObject({ code: 'FILE_UNWRITABLE' })
  })
  chmodSync(dir, 0o700)
})

/** Root may do everything: the process becomes the owner of the folder, a nobody, for a while. */
async function withoutRoot(dir: string, work: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return work()
  const nobody = 65534
  for (const name of ['.', ...readdirSync(dir)]) chownSync(join(dir, name), nobody, nobody)
  process.seteuid?.(nobody)
  try {
    await work()
  } finally {
    process.seteuid?.(0)
  }
}

it('turns what SQLite says of full disks and closed files into errors of ours', () => {
  const raw = new DatabaseSync(':memory:')
  raw.exec('PRAGMA max_page_count = 3; CREATE TABLE t (a)')
  const thrown = (work: () => void): unknown => {
    try {
      work()
    } catch (error) {
      return ledgerFault(error, 'ledger.db')
    }
    return null
  }
  expect(thrown(() => raw.exec("INSERT INTO t VALUES (zeroblob(100000)), ('canary-row')"))).toMatchObject({ code: 'DISK_FULL', retryable: true })
  expect(thrown(() => raw.exec('PRAGMA query_only = 1; DROP TABLE t'))).toMatchObject({ code: 'FILE_UNWRITABLE' })
  expect(thrown(() => new DatabaseSync('/no/such/folder/ledger.db'))).toMatchObject({ code: 'FILE_UNREADABLE' })
  raw.close()
})
