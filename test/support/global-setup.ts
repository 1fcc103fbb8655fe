import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { bundle } from '../../scripts/bundle.ts'
import { compile } from '../../scripts/compile.ts'
import './run-folder.ts'

const ROOT = path.join(import.meta.dirname, '../..')

/**
 * Builds the program once for the run, laid out as it is installed: `bin/secrets.cjs` and `dist/secrets.cjs` as released,
 * and `dist/secrets.test.cjs`, which can be told to kill itself. Far from the tree, so that a
 * bundle that needs a file or package of it is found out.
 */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'keyturn-run-'))
  mkdirSync(path.join(folder, 'bin'))
  copyFileSync(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'))
  copyFileSync(path.join(ROOT, 'bin', 'secrets.cjs'), path.join(folder, 'bin', 'secrets.cjs'))
  // The one SDK that is not in the bundle, where npm puts it.
  mkdirSync(path.join(folder, 'node_modules'))
  symlinkSync(path.join(ROOT, 'node_modules/@aws-sdk'), path.join(folder, 'node_modules/@aws-sdk'))
  process.env.KEYTURN_RUN_FOLDER = folder
  project.provide('runFolder', folder)
  project.provide('buildError', await buildInto(path.join(folder, 'dist')))
  return () => rmSync(folder, { recursive: true, force: true })
}

/** A program that cannot be built fails the tests that run it, with this text, and no others. */
async function buildInto(dist: string): Promise<string> {
  try {
    for (const [name, testBuild] of [
      ['secrets.cjs', false],
      ['secrets.test.cjs', true],
    ] as const) {
      const outfile = path.join(dist, name)
      // With what Node compiles of it, as it is released: some thousand starts are faster by it.
      compile(outfile, (await bundle({ outfile, testBuild })).start)
    }
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
