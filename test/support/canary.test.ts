import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { canary, expectNoCanary, filesWithCanary, findCanary, watch } from './canary.ts'

test('a canary is found in a text, in JSON, in a URL, in hex and in base64 at every offset', () => {
  const value = canary()
  const odd = watch('p@ss "word" & more')
  for (const text of [`x${value}y`, JSON.stringify({ value }), Buffer.from(value).toString('hex')]) expect(findCanary(text)).not.toBeNull()
  for (const before of ['', 'a', 'ab', 'abc', 'user:']) {
    const encoded = Buffer.from(`${before}${value}:rest`)
    expect(findCanary(encoded.toString('base64'))).toBe(value)
    expect(findCanary(encoded.toString('base64url'))).toBe(value)
  }
  expect(findCanary(JSON.stringify({ odd }))).toBe(odd)
  expect(findCanary(`?q=${encodeURIComponent(odd)}`)).toBe(odd)
})

test('a canary of another process is found by its shape', () => {
  expect(findCanary('password=canary-abcdefgh1234')).toBe('canary-abcdefgh1234')
  // What was invented with the prefix may hold both by chance.
  expect(findCanary('password=canary-ab-cd_ef')).toBe('canary-ab-cd_ef')
  expect(findCanary('password=MY_CANARY_VALUE')).toBe('MY_CANARY_VALUE')
  expect(findCanary('the canary sings; canary-ok')).toBeNull()
})

test('a text with a canary fails, but for those that may stand there', () => {
  const shown = canary()
  const hidden = canary()
  expect(() => expectNoCanary(`value: ${shown}`, 'stdout', [shown])).not.toThrow()
  expect(() => expectNoCanary(`${shown} ${hidden}`, 'stdout', [shown])).toThrow(/in stdout/)
})

test('files are searched as bytes, by content and by name', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'keyturn-test-'))
  const value = canary()
  mkdirSync(path.join(folder, 'sub'))
  writeFileSync(path.join(folder, 'sub', 'database'), Buffer.concat([Buffer.from([0, 255, 128]), Buffer.from(value), Buffer.from([0])]))
  writeFileSync(path.join(folder, 'clean'), 'nothing')
  writeFileSync(path.join(folder, `${value}.lock`), '')
  expect(filesWithCanary(folder)).toEqual([`${value}.lock`, 'sub/database'])
  rmSync(folder, { recursive: true })
})
