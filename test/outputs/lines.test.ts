import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyturnError } from '../../src/errors.ts'
import { DIALECTS, dialectOf } from '../../src/outputs/dialects/index.ts'
import { type AssignLine, joinLines, type LineSyntax, lexLines, withValue } from '../../src/outputs/lines.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { envText } from './awkward.ts'

const syntaxes = DIALECTS.flatMap((dialect) => (dialect.syntax ? [[dialect.name, dialect.syntax] as const] : []))
const compose = dialectOf('compose').syntax as LineSyntax
const lex = (text: string, syntax = compose) => lexLines(new Sensitive(text), syntax)
const assigns = (text: string, syntax = compose): AssignLine[] => lex(text, syntax).filter((line) => line.kind === 'assign')

/** Any characters at all, also NUL. */
const latin = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'))

function lexOrRefuse(text: string, syntax: LineSyntax) {
  try {
    return lex(text, syntax)
  } catch (error) {
    expect(error).toBeInstanceOf(KeyturnError)
    expect((error as KeyturnError).code).toBe('ENV_UNREADABLE')
    expect((error as KeyturnError).message).toMatch(/^line \d+ /)
    return null
  }
}

describe('lexLines', () => {
  it.each(syntaxes)('gives back every byte of whatever text it takes apart (%s)', (_, syntax) => {
    let refused = 0
    fc.assert(
      fc.property(fc.oneof(envText, envText, latin), (text) => {
        const lines = lexOrRefuse(text, syntax)
        if (lines) expect(joinLines(lines).reveal()).toBe(text)
        else refused++
      }),
      { numRuns: 3000 },
    )
    expect(refused).toBeLessThan(2000)
  })

  it.each(syntaxes)('builds an assignment from its three parts, and changes nothing but the value (%s)', (_, syntax) => {
    fc.assert(
      fc.property(envText, (text) => {
        for (const line of lexOrRefuse(text, syntax) ?? []) {
          if (line.kind !== 'assign') continue
          expect(line.head + line.value.reveal() + line.tail.reveal()).toBe(line.raw.reveal())
          expect(line.head).toContain(line.name)
          const other = withValue(line, new Sensitive('"other"'))
          expect(other.raw.reveal()).toBe(`${line.head}"other"${line.tail.reveal()}`)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('keeps byte order mark, indentation, export, blanks, quotes, inline comment and CRLF apart from the value', () => {
    const [line] = assigns('\uFEFF  export KEY = "a b"  # why\r\n')
    expect(line).toMatchObject({ name: 'KEY', exported: true, quote: '"', head: '\uFEFF  export KEY = ', number: 1 })
    expect(line?.value.reveal()).toBe('"a b"')
    expect(line?.tail.reveal()).toBe('  # why\r\n')
  })

  it('takes a quoted value over several lines as one line and counts on from its end', () => {
    const lines = lex('A=1\nPEM="one\ntwo"\n\nB=2\n')
    expect(lines.map((line) => [line.kind, line.number])).toEqual([
      ['assign', 1],
      ['assign', 2],
      ['blank', 4],
      ['assign', 5],
    ])
  })

  it('leaves the blanks before a comment behind an empty value to the comment', () => {
    const [line] = assigns('A= # fill in\n')
    expect([line?.head, line?.value.reveal(), line?.tail.reveal()]).toEqual(['A=', '', ' # fill in\n'])
  })

  it('takes quotes and # for data where docker does', () => {
    const [line] = assigns('A="it\'s" # x \r\n', dialectOf('docker').syntax as LineSyntax)
    expect([line?.value.reveal(), line?.tail.reveal()]).toEqual(['"it\'s" # x ', '\r\n'])
  })

  it('keeps what it does not understand as it is', () => {
    const text = 'KEY\nfoo bar=1\n[section]\nA="x" junk\nB=2'
    expect(lex(text).map((line) => line.kind)).toEqual(['unknown', 'unknown', 'unknown', 'unknown', 'assign'])
    expect(joinLines(lex(text)).reveal()).toBe(text)
  })

  it.each([
    ['A=1\nB="canary-open\nC=3\n', 'line 2 opens a quote that is never closed'],
    ['A=1\n\nB=\0\n', 'line 3 holds a NUL byte, so it is no text'],
    ['A=\ud800\n', 'line 1 is not Unicode'],
  ])('refuses %j with the line and without the text', (text, message) => {
    expect(() => lex(text)).toThrow(new KeyturnError('ENV_UNREADABLE', message))
  })

  it('refuses more than 16 MB', () => {
    expect(() => lex('#'.repeat(16 * 1024 * 1024 + 1))).toThrow(/larger than 16 MB/)
  })

  it('shows no value when a line is printed', () => {
    expect(JSON.stringify(lex('A=canary-value # canary-comment\n#canary-old\n'))).not.toContain('canary')
  })
})
