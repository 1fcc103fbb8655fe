import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeUserinfo, fillTemplate, parseTemplate } from '../../src/inventory/template.ts'

const text = fc
  .array(fc.constantFrom('a', 'B', '{', '}', '{a.b}', '|', '.', ' ', '%', '@', ':', '/', "'", '(', '!', '*', '\n', 'ß', '🙂', '\u0000', '~', '#'), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''))
const fill = (text: string, values: Record<string, string>) => fillTemplate(parseTemplate(text), ({ secret, field }) => values[`${secret}.${field}`] ?? '?')

describe('a template', () => {
  it('takes fields of secrets, and braces written twice', () => {
    expect(fill('postgres://{db.username|url}:{db.password|url}@h/{{x}}', { 'db.username': 'a b', 'db.password': 'p@:/ß' })).toBe(
      'postgres://a%20b:p%40%3A%2F%C3%9F@h/{x}',
    )
    expect(fill('{{{my-db.value}}}', { 'my-db.value': 'v' })).toBe('{v}')
    expect(fill('no reference', {})).toBe('no reference')
  })

  it('says which secrets it uses, each once, and where', () => {
    const template = parseTemplate('{a.x}{b.y}-{ a.z | url }')
    expect(template.secrets).toEqual(['a', 'b'])
    expect(template.parts[3]).toEqual({ secret: 'a', field: 'z', url: true, both: false, at: 11 })
  })

  it('lists all that is wrong with it, each with its place', () => {
    expect(parseTemplate('x{a}y}z{b.c|hex}{d.e f}{g').problems).toEqual([
      { at: 1, message: '"{a}" names no field; write "{a.FIELD}"' },
      { at: 5, message: '"}" closes nothing; write "}}" for a brace' },
      { at: 7, message: '"{b.c|hex}": the filters are "|url" and "|both", one of them' },
      { at: 16, message: '"{d.e f}" is no "{NAME.FIELD}"' },
      { at: 23, message: '"{" is never closed; write "{{" for a brace' },
    ])
    expect(() => fill('{a}', {})).toThrow('template, character 1')
  })

  it('survives every value in a URL, and never throws on any text', () => {
    fc.assert(
      fc.property(text, text, (value, other) => {
        const encoded = encodeUserinfo(value)
        expect(encoded).toMatch(/^[A-Za-z0-9\-._~%]*$/)
        expect(decodeURIComponent(encoded)).toBe(value)
        if (value !== '') expect(decodeURIComponent(new URL(`redis://u:${encoded}@host/`).password)).toBe(value)
        parseTemplate(other)
      }),
      { numRuns: 500 },
    )
  })
})
