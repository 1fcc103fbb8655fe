import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDuration, parseDuration } from '../../src/inventory/duration.ts'
import { INVENTORY_ID, newInventoryId } from '../../src/inventory/id.ts'
import { nearest } from '../../src/inventory/nearest.ts'
import { longestWaitMs } from '../../src/inventory/window.ts'
import { seededRandom } from '../support/random.ts'

describe('a duration', () => {
  test.each([
    ['45s', 45_000],
    ['30m', 1_800_000],
    ['12h', 43_200_000],
    ['90d', 7_776_000_000],
    ['0d', 0],
    ['3660d', 316_224_000_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  test.each(['', '90', 'd', '-1d', '1.5h', '1w', '1 d', '1d2h', '90D', '3661d', '999999999d', '1e3d', '９d'])('"%s" is none', (text) => {
    expect(parseDuration(text)).toBeNull()
  })

  test('is written short, and read back where it is one unit', () => {
    expect([0, 45_000, 90_000, 3_600_000, 129_600_000, 7_776_000_000, -7_200_000, 1_500].map(formatDuration)).toEqual([
      '0s',
      '45s',
      '1m 30s',
      '1h',
      '1d 12h',
      '90d',
      '-2h',
      '1s',
    ])
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_660 }), (days) => {
        expect(parseDuration(formatDuration(days * 86_400_000))).toBe(days * 86_400_000)
      }),
    )
  })
})

describe('a new id', () => {
  test('has the shape of one, and comes from the random given', () => {
    expect(newInventoryId(seededRandom(1))).toMatch(INVENTORY_ID)
    expect(newInventoryId(seededRandom(1))).toBe(newInventoryId(seededRandom(1)))
    expect(newInventoryId(seededRandom(1))).not.toBe(newInventoryId(seededRandom(2)))
  })

  test('has all characters equally often', () => {
    const counts = new Map<string, number>()
    const random = seededRandom('ids')
    for (let i = 0; i < 4_500; i++) for (const letter of newInventoryId(random).slice(3)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    expect(counts.size).toBe(36)
    // 1,000 of each are expected; five standard deviations are 156.
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(156)
  })
})

describe('the nearest known word', () => {
  const known = ['rotator', 'renamed_from', 'reason', 'env', 'path', 'project', 'max_age']
  test.each([
    ['rotater', 'rotator'],
    ['roatator', 'rotator'],
    ['Reason', 'reason'],
    ['maxage', 'max_age'],
    ['evn', 'env'],
    ['renamed', 'renamed_from'],
  ])('%s: %s', (word, expected) => {
    expect(nearest(word, known)).toBe(expected)
  })

  test.each(['zzz', '', 'x', 'password'])('"%s": none', (word) => {
    expect(nearest(word, known)).toBeNull()
  })
})

describe('the longest wait for a window', () => {
  const HOUR = 3_600_000
  test.each([
    [['sat', 'sun'], '02:00', '05:00', 142],
    [['sun'], '02:00', '05:00', 166],
    [['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], '02:00', '05:00', 22],
    [['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], '22:00', '04:00', 19],
    [['fri'], '22:00', '04:00', 163],
  ])('%s %s to %s: %d hours, with one for the change of the clocks', (days, from, to, hours) => {
    expect(longestWaitMs({ days, from, to })).toBe(hours * HOUR)
  })

  test('is nothing without one', () => {
    expect(longestWaitMs(null)).toBe(0)
  })
})
