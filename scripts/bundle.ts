import { readFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const ROOT = path.join(import.meta.dirname, '..')

export interface BundleOptions {
  /** The file to write. */
  readonly outfile: string
  /** A test build can be told to kill itself at a step boundary; a release has no such code in it. */
  readonly testBuild: boolean
}

/**
 * The command as one CJS file: a bundle starts several times faster than the modules it is made of. What stands behind
 * `await import()` is in the file too, but runs only when it is asked for.
 *
 * @returns names of the bundled source files, with their share of the result in bytes.
 */
export async function bundle(options: BundleOptions): Promise<ReadonlyMap<string, number>> {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: ['cli/secrets.ts'],
    outfile: options.outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    define: { KEYTURN_VERSION: JSON.stringify(version), KEYTURN_TEST_BUILD: String(options.testBuild) },
    // Names stay, so that a fault reported by a user can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: false,
    legalComments: 'eof',
    metafile: true,
    logLevel: 'silent',
  })
  const inputs = Object.values(result.metafile.outputs)[0]?.inputs ?? {}
  return new Map(Object.entries(inputs).map(([name, { bytesInOutput }]) => [name, bytesInOutput]))
}
