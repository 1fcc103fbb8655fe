import { expect, test } from 'vitest'
import { wrap } from '../../cli/wrap.ts'

test('a long line is broken between words and hangs behind its label', () => {
  expect(wrap('  note       a person makes the new value at the provider and gives it\n  overlap    none', 44)).toBe(
    '  note       a person makes the new value at\n             the provider and gives it\n  overlap    none',
  )
})

test('a line without a label hangs two columns in', () => {
  expect(wrap('Note: DATABASE_URL: the password inside is that of another variable', 44)).toBe(
    'Note: DATABASE_URL: the password inside is\n  that of another variable',
  )
})

test('what is quoted stays together, and what fits stays as it is', () => {
  expect(wrap('declared there. Then give it: run "secrets set NAME"', 44)).toBe('declared there. Then give it: run\n  "secrets set NAME"')
  expect(wrap('short   and   spaced', 44)).toBe('short   and   spaced')
  expect(wrap('a word longer than the screen: https://example.org/a/very/long/page/of/keys', 44)).toBe(
    'a word longer than the screen:\n  https://example.org/a/very/long/page/of/keys',
  )
  expect(wrap('too narrow to gain anything', 10)).toBe('too narrow to gain anything')
})
