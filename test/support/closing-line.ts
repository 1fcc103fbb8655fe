import type { Reporter, TestModule, Vitest } from 'vitest/node'
import { type Missing, readMissing } from './run-folder.ts'

export interface Totals {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** What the end of a run says, and whether it makes the run fail. A CI reads the last line. */
export function closing(totals: Totals, missing: readonly Missing[], strict: boolean): { readonly lines: readonly string[]; readonly failed: boolean } {
  const lines: string[] = []
  const reasons = missing.map(({ what, reason }) => `${what} (${reason})`).join('; ')
  const refused = strict && (totals.skipped > 0 || missing.length > 0)
  if (missing.length > 0) lines.push(`NOT TESTED HERE: ${reasons}`)
  else if (totals.skipped > 0) lines.push(`NOT TESTED HERE: ${totals.skipped} tests are marked to be skipped`)
  if (refused) lines.push('CI=true: a skipped test is a failure.')
  lines.push(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
  return { lines, failed: refused }
}

/** A file that could not even be loaded has no tests to count: it is one failure. */
function count(modules: readonly TestModule[], strayErrors: number): Totals {
  let passed = 0
  let failed = strayErrors
  let skipped = 0
  for (const module of modules) {
    let failedHere = 0
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      if (state === 'passed') passed++
      else if (state === 'failed') failedHere++
      else skipped++
    }
    failed += failedHere === 0 && !module.ok() ? 1 : failedHere
    if (failedHere === 0 && module.ok() && module.errors().length > 0) failed++
  }
  return { passed, failed, skipped }
}

/** The reporter that prints the closing lines, after all others. */
export function closingLine(): Reporter {
  let vitest: Vitest | undefined
  return {
    onInit(running) {
      vitest = running
    },
    onTestRunEnd(modules, strayErrors) {
      // A run of some tests by name (-t) skips the others on purpose.
      const partial = vitest?.config.testNamePattern !== undefined
      const totals = count(modules, strayErrors.length)
      const folder = process.env.KEYTURN_RUN_FOLDER
      const missing = folder === undefined ? [] : readMissing(folder)
      const { lines, failed } = closing(totals, missing, process.env.CI === 'true' && !partial)
      if (failed || totals.failed > 0) process.exitCode = 1
      console.log(`\n${lines.join('\n')}`)
    },
  }
}
