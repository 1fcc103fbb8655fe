import { expect, test } from 'vitest'
import { closing } from './closing-line.ts'

const missing = [{ what: 'Asterisk 22', reason: 'no apt-get' }]

test('the last line counts, and nothing else is said where all was tested', () => {
  expect(closing({ passed: 5, failed: 0, skipped: 0 }, [], true)).toEqual({ lines: ['5 passed, 0 failed, 0 skipped'], failed: false })
})

test('what could not be tested stands in one line before it, and fails the run of a CI', () => {
  const here = closing({ passed: 5, failed: 0, skipped: 2 }, missing, false)
  expect(here).toEqual({ lines: ['NOT TESTED HERE: Asterisk 22 (no apt-get)', '5 passed, 0 failed, 2 skipped'], failed: false })
  const ci = closing({ passed: 5, failed: 0, skipped: 2 }, missing, true)
  expect(ci.failed).toBe(true)
  expect(ci.lines.at(-1)).toBe('5 passed, 0 failed, 2 skipped')
  expect(ci.lines.at(-2)).toMatch(/failure/)
})

test('a test marked to be skipped, without a reason, is loud as well', () => {
  const ci = closing({ passed: 5, failed: 0, skipped: 1 }, [], true)
  expect(ci.failed).toBe(true)
  expect(ci.lines[0]).toBe('NOT TESTED HERE: 1 tests are marked to be skipped')
})
