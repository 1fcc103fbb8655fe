import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isKeyturnError } from '../../../src/errors.ts'
import { understand } from '../../../src/inventory/import/understand.ts'
import { Sensitive } from '../../../src/sensitive.ts'

const read = (text: string, file = '.env') => {
  const { dialect, variables, remarks } = understand(new Sensitive(text), file)
  return { dialect: dialect.name, values: Object.fromEntries(variables.map((one) => [one.name, one.value.reveal()])), remarks }
}

describe('whose rules a file is read by', () => {
  test('those of Compose, where Compose takes it, and nothing is said about it', () => {
    expect(read('A=1\nexport B="two words" # said\n')).toEqual({ dialect: 'compose', values: { A: '1', B: 'two words' }, remarks: [] })
  })

  test('those of systemd, where a semicolon begins a comment', () => {
    const found = read('; kept by the night shift\nLANTERN_TOKEN=canary-1\nLANTERN_NAME="deep sea"\n')
    expect(found).toMatchObject({ dialect: 'systemd', values: { LANTERN_TOKEN: 'canary-1', LANTERN_NAME: 'deep sea' } })
    expect(found.remarks[0]).toContain('dialect: systemd')
  })

  test('those of a shell, where there is code', () => {
    const found = read('#!/bin/sh\nset -a\nif [ -z "$ORCHARD" ]; then\n  ORCHARD=plum\nfi\nexport PIP_TOKEN="canary-2"\nSTAMP=$(date +%s)\n')
    expect(found).toMatchObject({ dialect: 'shell', values: { PIP_TOKEN: 'canary-2' } })
  })

  test('those of the reader that finds most, where a quote is never closed', () => {
    const found = read('FIRST=1\nMOTTO="it never ends\nKITE_SECRET=canary-3\nLAST=4\n')
    expect(found.dialect).not.toBe('compose')
    expect(found.values).toMatchObject({ FIRST: '1', KITE_SECRET: 'canary-3', LAST: '4' })
  })

  test('a line that is no assignment is left alone and named, and costs nothing else', () => {
    const found = read('FIRST=1\n!!! what is this = \nKITE_SECRET=canary-4\n')
    expect(found.values).toMatchObject({ FIRST: '1', KITE_SECRET: 'canary-4' })
    expect(found.remarks.join('\n')).toContain('line 2')
  })

  test('.envrc is a shell’s only where it holds code that Compose would take for a value', () => {
    expect(read('export A=1\n', '.envrc').dialect).toBe('shell')
  })
})

test('what it says holds no value', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[;"'`$({A-Z_]{0,6}=["'`]?canary-[a-z0-9]{8}["'`]?$/), { minLength: 1, maxLength: 6 }), (lines) => {
      try {
        expect(read(lines.join('\n')).remarks.join('\n')).not.toContain('canary-')
      } catch (error) {
        if (!isKeyturnError(error)) throw error
        expect(`${error.message} ${error.hint}`).not.toContain('canary-')
      }
    }),
  )
})

test('a text that nobody reads is refused as Compose would say it', () => {
  expect(() => read('!!!')).toThrow('.env: line 1 has "!" where Compose expects a name')
})
