import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyturnError } from '../../src/errors.ts'
import { DIALECTS, dialectOf } from '../../src/outputs/dialects/index.ts'
import { ADDED, mergeEntries, removeEntries } from '../../src/outputs/merge.ts'
import type { Entry } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { DialectName } from '../../src/terms.ts'
import { awkwardValue, envText } from './awkward.ts'

const entriesOf = (values: Record<string, string>): Entry[] => Object.entries(values).map(([name, value]) => ({ name, value: new Sensitive(value) }))
const merge = (text: string | null, values: Record<string, string>, dialect: DialectName = 'compose'): string =>
  mergeEntries(text === null ? null : new Sensitive(text), entriesOf(values), dialectOf(dialect)).reveal()
const parse = (text: string, dialect: DialectName = 'compose'): Record<string, string> =>
  Object.fromEntries(
    dialectOf(dialect)
      .parse(new Sensitive(text))
      .map((entry) => [entry.name, entry.value.reveal()]),
  )

describe('mergeEntries', () => {
  it('changes the values and nothing else', () => {
    const before =
      '\uFEFF# My agent\r\n\r\nexport API_KEY = "old"   # from the console \r\nPORT=80 \r\nnot a line\r\n  TOKEN=\'old\'\r\nEMPTY= # set me\r\n#TOKEN=older\r\nLAST=x'
    expect(merge(before, { API_KEY: 'canary-1', TOKEN: 'canary-2', EMPTY: 'canary-3' }, 'dotenv')).toBe(
      '\uFEFF# My agent\r\n\r\nexport API_KEY = "canary-1"   # from the console \r\nPORT=80 \r\nnot a line\r\n  TOKEN=\'canary-2\'\r\nEMPTY=canary-3 # set me\r\n#TOKEN=older\r\nLAST=x',
    )
  })

  it('writes a name that is there twice in both places', () => {
    expect(merge('A=1\nB=2\nA="1"\n', { A: 'canary-x' })).toBe('A=canary-x\nB=2\nA="canary-x"\n')
    expect(merge('A=canary-x\nA=old\n', { A: 'canary-x' })).toBe('A=canary-x\nA=canary-x\n')
  })

  it('leaves earlier lines of a name alone while its last one is right: that is the one that is read', () => {
    expect(merge('A=old\nA=canary-x\n', { A: 'canary-x' })).toBe('A=old\nA=canary-x\n')
  })

  it('leaves a value alone that is right already, whatever its form', () => {
    const text = 'P=canary\nURL="redis://:${P}@h"\n'
    expect(merge(text, { URL: 'redis://:canary@h', P: 'canary' })).toBe(text)
  })

  it('lets a line of the user follow a value it refers to', () => {
    const merged = merge('P=old\nURL=redis://:${P}@h\n', { P: 'canary-new' })
    expect(merged).toBe('P=canary-new\nURL=redis://:${P}@h\n')
    expect(parse(merged).URL).toBe('redis://:canary-new@h')
  })

  it('adds what is missing at the end under one comment, once', () => {
    const once = merge('A=1', { B: 'canary-b' })
    expect(once).toBe(`A=1\n\n${ADDED}\nB=canary-b\n`)
    expect(merge(once, { B: 'canary-b', C: 'canary-c' })).toBe(`A=1\n\n${ADDED}\nB=canary-b\nC=canary-c\n`)
    expect(merge('A=1\r\n', { B: 'canary-b' })).toBe(`A=1\r\n\r\n${ADDED}\r\nB=canary-b\r\n`)
  })

  it('makes a new file that says who made it', () => {
    const text = merge(null, { A: 'canary', B: "it's $5 \\" })
    expect(text).toMatch(/^# Made by Keyturn .*\nA=canary\nB="it's \\\$5 \\\\"\n$/)
    expect(parse(text)).toEqual({ A: 'canary', B: "it's $5 \\" })
  })

  it('replaces a value over several lines by one, and the other way', () => {
    const pem = '-----BEGIN X-----\nabc\n-----END X-----\n'
    expect(merge('K="old\nlines"\nB=1\n', { K: 'canary' })).toBe('K="canary"\nB=1\n')
    expect(parse(merge('K=old # note\nB=1\n', { K: pem }))).toEqual({ K: pem, B: '1' })
  })

  it.each(DIALECTS.filter((dialect) => dialect.syntax).map((dialect) => dialect.name))(
    'reads back as asked and leaves the rest, or refuses by name, on random files (%s)',
    (name) => {
      let written = 0
      fc.assert(
        fc.property(envText, awkwardValue, awkwardValue, (text, a, b) => {
          let before: Record<string, string>
          let merged: string
          try {
            before = parse(text, name)
            merged = merge(text, { A: a, NEW: b }, name)
          } catch (error) {
            expect(['ENV_UNREADABLE', 'ENV_NOT_REPRESENTABLE']).toContain((error as KeyturnError).code)
            return
          }
          written++
          const after = parse(merged, name)
          expect([after.A, after.NEW]).toEqual([a, b])
          expect(Object.keys(after).filter((key) => key !== 'A' && key !== 'NEW')).toEqual(Object.keys(before).filter((key) => key !== 'A' && key !== 'NEW'))
          expect(merge(merged, { A: a, NEW: b }, name)).toBe(merged)
        }),
        { numRuns: 1500 },
      )
      expect(written).toBeGreaterThan(100)
    },
  )

  it.each(['compose', 'docker', 'dotenv', 'node', 'python', 'shell', 'systemd'] as const)('keeps every line that it does not manage, in order (%s)', (name) => {
    const line = fc.constantFrom('# a comment', '', 'PORT=80', 'HOST=a.example', '   ', 'A=old', 'A=older', '#A=past', 'Z=1')
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.constantFrom('\n', '\r\n'), fc.boolean(), (lines, eol, ended) => {
        const unmanaged = lines.filter((part) => !part.startsWith('A='))
        const before = lines.join(eol) + (ended ? eol : '')
        const merged = merge(before, { A: 'canary-a', NEW: 'canary-n' }, name === 'shell' && eol === '\r\n' ? 'compose' : name)
        const kept = merged.split(/\r?\n/).filter((part) => !/^(?:A|NEW)=/.test(part) && part !== ADDED)
        expect(kept.slice(0, unmanaged.length)).toEqual(unmanaged)
        expect(kept.slice(unmanaged.length).join('')).toBe('')
        expect(merged).not.toContain('A=old')
      }),
      { numRuns: 500 },
    )
  })

  it('drops the carriage return that a shell would take for a part of the value', () => {
    expect(merge('A=old\r\nB=1\r\n', { A: 'canary' }, 'shell')).toBe('A=canary\nB=1\r\n')
  })

  it('refuses a value that the dialect cannot hold, naming the variable and not the value', () => {
    const refuse = () => merge('A=1\n', { A: 'canary-one\ntwo' }, 'docker')
    expect(refuse).toThrow(new KeyturnError('ENV_NOT_REPRESENTABLE', 'A: dialect "docker" cannot hold its value: docker run has no way to write a line break'))
  })

  it('refuses a file in which a neighbour swallows the line', () => {
    // Node drops the blank and the line end, and takes the next line for the value.
    expect(() => merge('X= \nA=old\n', { A: 'canary' }, 'node')).toThrow(/^A: dialect "node" cannot hold its value: in this file/)
  })

  it('refuses a file that the reader refuses, with the line', () => {
    expect(() => merge('A=1\nB="open\n', { A: 'canary' })).toThrow(new KeyturnError('ENV_UNREADABLE', 'line 2 opens a quote that is never closed'))
    expect(() => merge('A=1\nB=${\n', { A: 'canary' })).toThrow(/^line 2 holds a "\$" reference/)
  })

  it('refuses a line that sets the variable together with something else', () => {
    expect(() => merge('A="old" B=2\n', { A: 'canary' })).toThrow('line 1 sets A together with something else')
    expect(() => merge('A=old words\n', { A: 'canary' }, 'shell')).toThrow(/^line 1 sets A/)
    expect(merge('A="old" B=2\n', { C: 'canary' })).toContain('A="old" B=2\n')
  })

  it('edits JSON in place', () => {
    const before = '{\n    "port": 80,\n    "KEY": "old", "list": ["}", {"KEY": "inner"}]\n}\n'
    expect(merge(before, { KEY: 'canary-"x"', NEW: 'canary-n' }, 'json')).toBe(
      '{\n    "port": 80,\n    "KEY": "canary-\\"x\\"", "list": ["}", {"KEY": "inner"}], "NEW": "canary-n"\n}\n',
    )
    expect(merge('{}', { A: 'x' }, 'json')).toBe('{\n  "A": "x"\n}')
    expect(merge('{\n  "B": 1\n}\n', { A: 'x' }, 'json')).toBe('{\n  "B": 1,\n  "A": "x"\n}\n')
    expect(() => merge('{"A": canary}', { A: 'x' }, 'json')).toThrow(new KeyturnError('ENV_UNREADABLE', 'line 1 is not JSON'))
    expect(() => merge('["A"]', { A: 'x' }, 'json')).toThrow(/JSON object/)
  })
})

describe('removeEntries', () => {
  it('takes out the lines of these variables and nothing else', () => {
    expect(removeEntries(new Sensitive('# a\nA="1\n2"\nB=2\nA=3\n'), ['A'], dialectOf('compose')).reveal()).toBe('# a\nB=2\n')
  })
})
