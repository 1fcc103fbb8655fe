import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { MASK, scrubbedLine, scrubbedTail, scrubber } from '../src/scrub.ts'
import { Sensitive } from '../src/sensitive.ts'

const VALUE = `canary-${'abcdefghij0123456789'.repeat(6)}`
const box = (value: string) => [new Sensitive(value)]

/** What the stream shows of a text that comes in these pieces. */
function streamed(pieces: readonly (string | Uint8Array)[], values: readonly string[]): string {
  const scrub = scrubber(values.map((value) => new Sensitive(value)))
  return Buffer.concat([...pieces.map((piece) => scrub.push(Buffer.from(piece))), scrub.end()]).toString()
}

const lines = (width: number, end: string) => (text: string) => (text.match(new RegExp(`.{1,${width}}`, 'gs')) ?? []).join(end)
const BROKEN: readonly (readonly [string, string])[] = [
  ['base64', lines(76, '\n')(Buffer.from(`PORT=1\nKEY=${VALUE}\n`).toString('base64'))],
  ['hex', lines(32, '\r\n')(Buffer.from(VALUE).toString('hex'))],
  ['the value itself', lines(20, '\n  ')(VALUE)],
]
const odd = 'p@ss "word"/ü+&more'
const FORMS: readonly (readonly [string, string])[] = [
  ['itself', odd],
  ['JSON', JSON.stringify(odd).slice(1, -1)],
  ['a URL', encodeURIComponent(odd)],
  ['a URL in small letters', encodeURIComponent(odd).replace(/%../g, (code) => code.toLowerCase())],
  ['hex', Buffer.from(odd).toString('hex')],
  ['capital hex', Buffer.from(odd).toString('hex').toUpperCase()],
  ['base64', Buffer.from(odd).toString('base64').replace(/=+$/, '')],
]

describe('what a program said', () => {
  it.each(BROKEN)('is not shown where it holds a value as %s, broken into lines', (_, text) => {
    expect(scrubbedTail(`dump:\n${text}\n`, box(VALUE))).toBe('it is not shown, since it holds a value')
    expect(scrubbedLine(`dump:\n${text}\n`, box(VALUE))).toBe('it is not shown, since it holds a value')
  })

  it.each(FORMS)('shows no value as %s', (_, text) => {
    expect(scrubbedTail(`with ${text}: refused`, box(odd))).toBe(`with ${MASK}: refused`)
    expect(streamed([`with ${text}: refused`], [odd])).toBe(`with ${MASK}: refused`)
  })

  it('is shown where nothing in it is a value, by its end or its beginning', () => {
    expect(scrubbedTail('bind: address\nalready in use\n', box(VALUE))).toBe('bind: address\nalready in use')
    expect(scrubbedTail('x'.repeat(20), box(VALUE), 5)).toBe('...xxxxx')
    expect(scrubbedLine(`${'x'.repeat(9)}\ny`, box(VALUE), 10)).toBe('xxxxxxxxx ...')
    expect(scrubbedTail('\u001b[31mred\u001b[0m \u202eback\u0007', box(VALUE))).toBe('red back')
  })
})

describe('a stream', () => {
  it.each(BROKEN)('has %s masked, broken into lines, up to the ends that base64 shares with its neighbours', (_, text) => {
    const shown = streamed([`dump:\n${text}\n`], [VALUE])
    expect(shown).toContain(MASK)
    for (const part of text.split(/\s+/).slice(1, -1)) expect(shown).not.toContain(part)
  })

  test('cut anywhere shows the same, and never a value', () => {
    const values = ['canary-one', 'canary-one-and-more', 'aaaaab', odd]
    const piece = fc.oneof(
      fc.constantFrom(...values, 'canary-on', 'aaaa', '\n', 'canary-one-an', ...FORMS.map(([, text]) => text)),
      fc.string({ maxLength: 6 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 6 }), (parts, cuts) => {
        const all = Buffer.from(parts.join(''))
        const at = [0, ...cuts.map((cut) => cut % (all.length + 1)), all.length].sort((a, b) => a - b)
        const shown = streamed(
          at.slice(1).map((end, i) => all.subarray(at[i], end)),
          values,
        )
        expect(shown).toBe(streamed([all], values))
        for (const [, form] of FORMS) expect(shown).not.toContain(form)
        for (const value of values) expect(shown).not.toContain(value)
      }),
    )
  })

  test('is passed on at once where nothing in it can be the start of a value', () => {
    const scrub = scrubber(box(VALUE))
    expect(scrub.push(Buffer.from('Password: ')).toString()).toBe('Password: ')
    expect(scrub.push(Buffer.from('a can')).toString()).toBe('a ')
    expect(scrub.push(Buffer.from('dle\n')).toString()).toBe('candle\n')
    expect(scrub.push(Buffer.from('disc\n')).toString()).toBe('disc\n')
  })
})
