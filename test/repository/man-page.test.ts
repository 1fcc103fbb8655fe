import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../cli/commands.ts'
import { GLOBAL_OPTIONS } from '../../cli/declare.ts'
import { toolMissing, toolProgram } from '../servers/tools.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const PAGE = path.join(ROOT, 'man/secrets.1')
const { man, files } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  readonly man: readonly string[]
  readonly files: readonly string[]
}

test('the package brings the pages', () => {
  for (const file of man) expect(existsSync(path.join(ROOT, file))).toBe(true)
  expect(man).toContain('man/secrets.1')
  expect(files).toContain('man')
})

describe.skipIf(await toolMissing('mandoc'))('as mandoc reads it', () => {
  test('nothing is wrong with it, not even its style', () => {
    const { stdout, stderr, status } = spawnSync(toolProgram('mandoc').program, ['-Tlint', '-Wall', PAGE], { encoding: 'utf8' })
    expect([stdout, stderr, status]).toEqual(['', '', 0])
  })

  test('every command, option and example can be read as it is typed, at 80 columns', () => {
    const shown = execFileSync(toolProgram('mandoc').program, ['-Tutf8', '-O', 'width=80', PAGE], { encoding: 'utf8' })
    // Bold and underlined letters are struck over.
    const text = shown.replaceAll(/.[\b]/g, '')
    expect(text.split('\n').filter((line) => line.length > 80 && !/^ {7}secrets /.test(line))).toEqual([])
    const flat = text.replaceAll(/\s+/g, ' ')
    for (const { flags } of GLOBAL_OPTIONS) expect(flat).toContain(flags)
    for (const { name, options, examples, operands } of COMMANDS.filter(({ later }) => !later)) {
      expect(flat).toContain(` ${['secrets', name, options.length > 0 ? '[options]' : '', operands].filter(Boolean).join(' ')} `)
      for (const { flags } of options) expect(flat).toContain(flags)
      for (const [line] of examples) expect(flat).toContain(`secrets ${line}`.replaceAll(/\s+/g, ' '))
    }
  })
})
