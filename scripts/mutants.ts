import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { MUTANTS, type Mutant } from '../test/simulation/mutants.ts'

/**
 * Shows that the tests of the failure rules can fail: takes each rule out of a copy of the tree and expects the test named for
 * it to fail there. Ends with 1 when a mutant survives, or no longer fits the source.
 */

const root = path.join(import.meta.dirname, '..')
const copy = mkdtempSync(path.join(tmpdir(), 'keyturn-mutants-'))
const RULES = 'test/simulation/rules'

try {
  for (const name of ['src', 'test', 'scripts', 'cli', 'bin', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
    cpSync(path.join(root, name), path.join(copy, name), { recursive: true })
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'))
  if (failures('rule') !== 0) throw new Error(`${RULES} fails without any mutant`)
  const survived = MUTANTS.filter((mutant) => !isKilled(mutant))
  process.stdout.write(`${MUTANTS.length - survived.length} of ${MUTANTS.length} mutants were noticed\n`)
  if (survived.length > 0) process.exitCode = 1
} finally {
  rmSync(copy, { recursive: true, force: true })
}

function isKilled({ rule, what, file, search, replace }: Mutant): boolean {
  const target = path.join(copy, file)
  const source = readFileSync(target, 'utf8')
  if (source.split(search).length !== 2) {
    process.stdout.write(`DOES NOT FIT  ${rule}: ${what} (${file} does not hold its text once)\n`)
    return false
  }
  writeFileSync(
    target,
    source.replace(search, () => replace),
  )
  const failed = failures(rule)
  writeFileSync(target, source)
  process.stdout.write(`${failed > 0 ? 'noticed ' : 'SURVIVED'}  ${rule}: ${what}\n`)
  return failed > 0
}

/** How many of the tests whose names begin so fail in the copy. */
function failures(name: string): number {
  const report = path.join(copy, 'report.json')
  const pattern = `^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs')
  rmSync(report, { force: true })
  spawnSync(process.execPath, [vitest, 'run', RULES, '-t', pattern, '--reporter=json', `--outputFile=${report}`], { cwd: copy, stdio: 'ignore' })
  const { numFailedTests, numPassedTests } = JSON.parse(readFileSync(report, 'utf8')) as { numFailedTests: number; numPassedTests: number }
  if (numFailedTests + numPassedTests === 0) throw new Error(`no test is named "${name}"`)
  return numFailedTests
}
