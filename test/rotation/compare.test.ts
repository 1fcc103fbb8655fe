import { expect, test } from 'vitest'
import { fingerprinter } from '../../src/fingerprint.ts'
import { compare, type DriftKind, type ExpectedNow } from '../../src/rotation/compare.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { HeldVar, WriteRecord } from '../../src/terms.ts'

const fingerprints = fingerprinter('ktest', new Sensitive(new Uint8Array(32).fill(1)))
const print = (value: string) => fingerprints.ofValue(new Sensitive(value))

/** How one variable differs that should hold `canary-wanted-value`. `recorded`: what the record says that the file held. */
function kindOf(inFile: string | null, recorded: Omit<HeldVar, 'from'> | null): DriftKind | undefined {
  const record: WriteRecord | undefined =
    recorded === null ? undefined : { claimPos: 1, claimAt: 1, at: 1, changedPos: 0, vars: { KEY: { ...recorded, from: { key: '' } } } }
  const entry = (value: string) => ({ name: 'KEY', value: new Sensitive(value) })
  const expected: ExpectedNow = {
    ...{ entries: [{ ...entry('canary-wanted-value'), secrets: ['key'], listed: [] }], missing: [] },
    ...{ tokens: new Map([['key', 'kt_x.key.a']]), former: new Map() },
  }
  return compare(expected, inFile === null ? [] : [entry(inFile)], { states: new Map(), record, fingerprints })[0]?.kind
}

test('a variable that stands empty since before us is filled', () => {
  expect(kindOf('', null)).toBe('add')
  // As the first look recorded it, in a file that was declared later.
  expect(kindOf('', { value: print('') })).toBe('change')
})

test('a variable that somebody emptied is left alone', () => {
  expect(kindOf('', { value: print('canary-wanted-value') })).toBe('hand-edited')
})

test('a value that nobody of us wrote is left alone, one that we wrote is replaced', () => {
  expect(kindOf('canary-by-hand-1', null)).toBe('hand-edited')
  expect(kindOf('canary-by-hand-1', { value: print('canary-written-before') })).toBe('hand-edited')
  expect(kindOf('canary-written-before', { value: print('canary-written-before') })).toBe('change')
  expect(kindOf('canary-wanted-value', null)).toBe('same')
  expect(kindOf(null, { value: print('canary-written-before') })).toBe('add')
})
