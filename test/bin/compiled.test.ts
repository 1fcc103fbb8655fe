import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundle } from '../../scripts/bundle.ts'
import { compile } from '../../scripts/compile.ts'
import { compiledFile } from '../../scripts/join.ts'

/** What the build compiles in advance makes the start faster and nothing else. */

const folder = mkdtempSync(path.join(tmpdir(), 'keyturn-test-'))
const program = path.join(folder, 'dist', 'secrets.cjs')
const spy = path.join(folder, 'spy.cjs')
let compiled = ''

beforeAll(async () => {
  writeFileSync(path.join(folder, 'package.json'), '{}')
  writeFileSync(
    spy,
    `const vm = require('vm'), { Script } = vm
vm.Script = function (text, options) {
  const script = new Script(text, options)
  process.stderr.write(options.cachedData ? (script.cachedDataRejected ? 'rejected' : 'taken') : 'none')
  return script
}`,
  )
  const { start } = await bundle({ outfile: program, testBuild: false })
  compile(program, start)
  compiled = compiledFile(start)
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = (...nodeArgs: string[]) =>
  spawnSync(process.execPath, [...nodeArgs, '--require', spy, program, '--help'], { cwd: folder, env: { HOME: folder }, encoding: 'utf8' })

test('is taken by the Node that made it, and by no Node with other flags', () => {
  const [usual, other] = [run(), run('--no-lazy')]
  expect([usual.stderr, usual.status]).toEqual(['taken', 0])
  expect([other.stderr, other.status]).toEqual(['rejected', 0])
  expect(other.stdout).toBe(usual.stdout)
})

test('may be cut short or missing: the program does the same', () => {
  const usual = run()
  truncateSync(compiled, readFileSync(compiled).length / 2)
  const cut = run()
  rmSync(compiled)
  const missing = run()
  expect([cut.stderr, missing.stderr]).toEqual(['rejected', 'none'])
  expect([cut.stdout, missing.stdout]).toEqual([usual.stdout, usual.stdout])
})
