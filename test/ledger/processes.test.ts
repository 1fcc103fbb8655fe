import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { AppendPoint } from '../../src/ledger/sqlite.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { note, policy } from '../contract/events.ts'
import { tally } from '../support/tally.ts'
import { folder, opened } from './opening.ts'

const program = fileURLToPath(new URL('appender.ts', import.meta.url))

interface Ended {
  readonly signal: string | null
  readonly status: number | null
  readonly won: readonly (readonly [number, number])[]
}

const append = (file: string, ...rest: readonly string[]): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, file, ...rest], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    child.on('error', reject)
    child.on('close', (status, signal) => {
      const won = text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split(' ').map(Number) as unknown as readonly [number, number])
      resolve({ signal, status, won })
    })
  })

it('lets two processes append to one stream: each number is won by exactly one, in one order without gaps', async () => {
  const file = join(folder(), 'ledger.db')
  const ended = await Promise.all([append(file, '60'), append(file, '60')])
  expect(ended.map(({ status }) => status)).toEqual([0, 0])
  const won = ended.flatMap((process) => process.won)
  expect(won.map(([seq]) => seq).sort((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, at) => at + 1))
  expect(won.every(([seq, pos]) => seq === pos)).toBe(true)
  expect(await verifyLedger(await opened(file), tally)).toMatchObject({ intact: true, events: 120, streams: 1 })
})

it.each<[AppendPoint, number]>([
  ['begun', 0],
  ['counted', 0],
  ['event', 0],
  ['row', 0],
  ['committed', 1],
])('is whole after kill -9 at "%s", and goes on', async (point, more) => {
  const file = join(folder(), 'ledger.db')
  const killed = await append(file, '9', `${point}:4`)
  expect(killed.signal).toBe('SIGKILL')
  expect(killed.won).toHaveLength(3)
  const ledger = await opened(file)
  expect(await verifyLedger(ledger, tally)).toMatchObject({ intact: true, events: 3 + more })
  await ledger.append('s', 4 + more, note(9), { policy })
  expect(await verifyLedger(ledger, tally)).toMatchObject({ intact: true, events: 4 + more })
})

it('opens for reading without making anything, also beside a process that was killed', async () => {
  const file = join(folder(), 'ledger.db')
  await append(file, '9', 'committed:2')
  const reader = await opened(file, { readOnly: true })
  expect(await reader.state('s')).toMatchObject({ seq: 2 })
})
