import fc from 'fast-check'
import { expect, test } from 'vitest'
import { templateReferences } from '../../src/inventory/references.ts'
import { parseTemplate } from '../../src/outputs/template.ts'

test('a template that the inventory takes is one that the outputs can fill in, with the same references', () => {
  const pieces = fc.constantFrom('{', '}', '{{', '}}', 'a.b', 'my.app.c', '|url', '|', '.', 'x', '://', '{a.b}', '{a.b|url}', '{db.password}', ' ', '-', 'A')
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
      const text = parts.join('')
      const here = templateReferences(text)
      if (here.fault !== null || here.references.some(({ filter }) => filter !== null && filter !== 'url')) return
      const there = parseTemplate(text)
      expect(there.problems).toEqual([])
      expect(here.references.map(({ secret, field, filter }) => [secret, field, filter === 'url'])).toEqual(
        there.parts.flatMap((part) => (typeof part === 'string' ? [] : [[part.secret, part.field, part.url]])),
      )
    }),
    { numRuns: 3_000 },
  )
})
