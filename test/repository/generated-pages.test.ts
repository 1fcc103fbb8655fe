import { expect, test } from 'vitest'
import { PAGES, stalePages } from '../../scripts/docs.ts'
import { ERRORS } from '../../src/errors.ts'

test('the generated pages are current', async () => {
  expect(PAGES.length).toBeGreaterThan(0)
  // "npm run docs" writes them.
  expect(await stalePages(false)).toEqual([])
})

test('the codes stand in alphabetical order, each with a cause and what mends it', () => {
  for (const { cause, mend } of Object.values(ERRORS)) for (const text of [cause, mend]) expect(text).toMatch(/\S.*[.]$/s)
  const codes = Object.keys(ERRORS)
  expect(codes).toEqual([...codes].sort())
})
