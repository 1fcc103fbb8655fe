import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { headOf } from '../../src/ledger/head.ts'
import type { SqliteLedger } from '../../src/ledger/sqlite.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { note, policy } from '../contract/events.ts'
import { tally } from '../support/tally.ts'
import { folder, opened } from './opening.ts'

/** Three streams, seven events. */
async function filled(): Promise<{ file: string; ledger: SqliteLedger }> {
  const file = join(folder(), 'ledger.db')
  const ledger = await opened(file)
  for (const [stream, seq] of [
    ['a', 1],
    ['b', 1],
    ['a', 2],
    ['\u{1f511}', 1],
    ['\uffee', 1],
    ['a', 3],
    ['b', 2],
  ] as const) {
    await ledger.append(stream, seq, note(seq), { policy })
  }
  return { file, ledger }
}

const sign = (text: string): string => Buffer.from(text).toString('base64url').slice(0, 400)
const verify = (text: string, signature: string): boolean => sign(text) === signature

const tamper = (file: string, sql: string): void => {
  const raw = new DatabaseSync(file)
  raw.exec(sql)
  raw.close()
}

it('finds nothing in a ledger that nobody touched, and says what it cannot see', async () => {
  const { ledger } = await filled()
  const verdict = await verifyLedger(ledger, tally)
  expect(verdict).toMatchObject({ intact: true, events: 7, streams: 4, problems: [], head: 'not given' })
  expect(verdict.note).toContain('cut off the end')
})

describe('finds every change', () => {
  const changes: readonly (readonly [string, string])[] = [
    ...['at', 'seq', 'pos'].map((column) => [`events.${column}`, `UPDATE events SET ${column} = ${column} + 100 WHERE stream = 'a' AND seq = 2`] as const),
    ...['event', 'actor', 'policy'].flatMap((column) => [
      [`events.${column}`, `UPDATE events SET ${column} = replace(${column}, ':', ': ') WHERE stream = 'a' AND seq = 2`] as const,
      [`events.${column}, no JSON`, `UPDATE events SET ${column} = 'x' WHERE stream = 'a' AND seq = 2`] as const,
    ]),
    ...['tool', 'inventory', 'prev', 'hash', 'stream'].map(
      (column) => [`events.${column}`, `UPDATE events SET ${column} = ${column} || 'x' WHERE stream = 'a' AND seq = 2`] as const,
    ),
    ...['seq', 'pos'].map((column) => [`streams.${column}`, `UPDATE streams SET ${column} = ${column} + 1 WHERE stream = 'b'`] as const),
    ...['hash', 'state', 'stream'].map((column) => [`streams.${column}`, `UPDATE streams SET ${column} = ${column} || 'x' WHERE stream = 'b'`] as const),
    ['the state, still JSON', `UPDATE streams SET state = replace(state, '"removed":false', '"removed":true') WHERE stream = 'b'`],
    ['the counter', 'UPDATE counter SET pos = pos + 1'],
    ['the counter, gone', 'DELETE FROM counter'],
    ['an event taken out', `DELETE FROM events WHERE stream = 'a' AND seq = 2`],
    ['the first event taken out', `DELETE FROM events WHERE stream = 'a' AND seq = 1`],
    ['the last event of a stream taken out', `DELETE FROM events WHERE stream = 'a' AND seq = 3`],
    ['a whole stream taken out', `DELETE FROM events WHERE stream = 'b'; DELETE FROM streams WHERE stream = 'b'`],
    ['a row taken out', `DELETE FROM streams WHERE stream = 'b'`],
    ['a row put in', `INSERT INTO streams SELECT 'aa', seq, pos, hash, state FROM streams WHERE stream = 'b'`],
    [
      'an event put in',
      `INSERT INTO events SELECT 50, 'c', 1, at, event, actor, tool, inventory, policy, prev, hash FROM events WHERE stream = 'a' AND seq = 1`,
    ],
    [
      'two events that changed places',
      `UPDATE events SET pos = 90 WHERE stream = 'a' AND seq = 1; UPDATE events SET pos = 1 WHERE stream = 'b' AND seq = 1; UPDATE events SET pos = 2 WHERE pos = 90`,
    ],
    ['a number beyond what a number can be', `UPDATE events SET at = 9223372036854775807 WHERE stream = 'a' AND seq = 2`],
  ]
  it.each(changes)('%s', async (_, sql) => {
    const { file, ledger } = await filled()
    tamper(file, sql)
    const verdict = await verifyLedger(ledger, tally)
    expect(verdict.intact).toBe(false)
    expect(verdict.problems.length).toBeGreaterThan(0)
  })

  it('names the stream and the event', async () => {
    const { file, ledger } = await filled()
    tamper(file, `UPDATE events SET at = at + 1 WHERE stream = 'a' AND seq = 2`)
    const { problems } = await verifyLedger(ledger, tally)
    expect(problems).toContainEqual({ stream: 'a', seq: 2, what: 'its content does not fit its hash' })
  })

  it('names at most a hundred of many', async () => {
    const ledger = await opened(join(folder(), 'ledger.db'))
    for (let seq = 1; seq <= 150; seq++) await ledger.append('s', seq, note(seq), { policy })
    tamper(ledger.file, 'UPDATE events SET at = at + 1')
    expect((await verifyLedger(ledger, tally)).problems).toHaveLength(100)
  })
})

describe('a head kept elsewhere', () => {
  it('fits the ledger it was taken from, also after the ledger has grown', async () => {
    const { ledger } = await filled()
    const line = await headOf(ledger, sign)
    expect(line).toMatch(/^keyturn-head-v1 kt_test 7 [0-9a-f]{64} \S+$/)
    expect(await verifyLedger(ledger, tally, { line, verify })).toMatchObject({ intact: true, head: 'matches', note: 'Everything up to the head is covered.' })
    await ledger.append('a', 4, note(4), { policy })
    await ledger.append('new', 1, note(1), { policy })
    const grown = await verifyLedger(ledger, tally, { line: `  ${line}\n`, verify })
    expect(grown).toMatchObject({ intact: true, head: 'matches' })
    expect(grown.note).toContain('7 of 9')
  })

  it('shows a tail that was cut off without a trace, which nothing else can', async () => {
    const { file, ledger } = await filled()
    const row = readRow(file, 'b')
    const line = await headOf(ledger, sign)
    tamper(file, `DELETE FROM events WHERE pos = 7; UPDATE counter SET pos = 6; ${row}`)
    expect(await verifyLedger(ledger, tally)).toMatchObject({ intact: true })
    const verdict = await verifyLedger(ledger, tally, { line, verify })
    expect(verdict).toMatchObject({ intact: false, head: 'differs' })
    expect(verdict.problems[0]?.what).toContain('cut off the end')
  })

  it('shows a history that was written anew, chain and all', async () => {
    const { ledger } = await filled()
    const line = await headOf(ledger, sign)
    const forged = await opened(join(folder(), 'forged.db'))
    for (let seq = 1; seq <= 7; seq++) await forged.append('a', seq, note(seq), { policy })
    expect(await verifyLedger(forged, tally)).toMatchObject({ intact: true })
    expect(await verifyLedger(forged, tally, { line, verify })).toMatchObject({ intact: false, head: 'differs' })
  })

  it('counts only with a signature of our own', async () => {
    const { ledger } = await filled()
    const line = await headOf(ledger, sign)
    const forged = line.replace(/ 7 /, ' 5 ')
    expect(await verifyLedger(ledger, tally, { line: forged, verify })).toMatchObject({ intact: false, head: 'differs' })
  })

  it('is refused when it is none, or of another inventory', async () => {
    const { ledger } = await filled()
    const line = await headOf(ledger, sign)
    for (const wrong of ['', 'hello', line.replace('v1', 'v2'), line.split(' ').slice(0, 4).join(' '), `${line} more`, line.replace(/ 7 /, ' seven ')]) {
      await expect(verifyLedger(ledger, tally, { line: wrong, verify })).rejects.toMatchObject({ code: 'USAGE' })
    }
    const other = line.replace('kt_test', 'kt_other')
    await expect(verifyLedger(ledger, tally, { line: other, verify })).rejects.toMatchObject({ code: 'INVENTORY_ID_MISMATCH' })
  })
})

it('reports a file whose pages were overwritten instead of falling over', async () => {
  const { file, ledger } = await filled()
  await ledger.close()
  const { writeFileSync } = await import('node:fs')
  const bytes = readFileSync(file)
  // The pages of the tables' content; the first holds the schema.
  bytes.fill(0x5a, 4096 * 1 + 40, 4096 * 3)
  writeFileSync(file, bytes)
  const broken = await opened(file)
  const verdict = await verifyLedger(broken, tally)
  expect(verdict.intact).toBe(false)
})

it('sees one moment only, while others append', async () => {
  const { ledger } = await filled()
  const snapshot = await ledger.snapshot()
  await ledger.append('a', 4, note(4), { policy })
  expect([...snapshot.eventsByPos()]).toHaveLength(7)
  expect(snapshot.pos).toBe(7)
  snapshot.close()
})

/** Statement that puts a stream's row back to what it was one event earlier. */
function readRow(file: string, stream: string): string {
  const raw = new DatabaseSync(file)
  const event = raw.prepare('SELECT seq, pos, hash, at FROM events WHERE stream = ? ORDER BY seq LIMIT 1').get(stream) as Record<string, string | number>
  const { state } = raw.prepare('SELECT state FROM streams WHERE stream = ?').get(stream) as { state: string }
  raw.close()
  const former = { ...(JSON.parse(state) as object), seq: event.seq, pos: event.pos, hash: event.hash, count: 1 }
  return `UPDATE streams SET seq = ${event.seq}, pos = ${event.pos}, hash = '${event.hash}', state = '${JSON.stringify(former)}' WHERE stream = '${stream}'`
}
