import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build, transform } from 'esbuild'
import { closureOf, joinPieces, link, loaderOf, PIECE } from './join.ts'

const ROOT = path.join(import.meta.dirname, '..')
const ABSENT = path.join(import.meta.dirname, 'absent.cjs')

export interface BundleOptions {
  /** The file to write. What is loaded later lies in a folder of the same name beside it: `secrets.cjs` and `secrets/`. */
  readonly outfile: string
  /** A test build can be told to kill itself at a step boundary; a release has no such code in it. */
  readonly testBuild: boolean
}

export interface Bundle {
  /** The file with everything that each start needs. */
  readonly start: string
  /** Names of the bundled source files, with their share of the result in bytes. */
  readonly sizes: ReadonlyMap<string, number>
}

/**
 * The command as one CJS file with what every start needs, and chunks that are read when they are called for. Bundled, because modules
 * start several times slower; cut up, because merely parsing zod, YAML and age takes as long as the rest of `status`
 * (docs/decisions/0008-bundle-in-chunks.md). Each chunk's text stands in one place only.
 *
 * @returns what every start reads, and the bundled source files.
 */
export async function bundle(options: BundleOptions): Promise<Bundle> {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const { dir, name } = path.parse(options.outfile)
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: [{ in: 'cli/secrets.ts', out: name }],
    outdir: dir,
    outExtension: { '.js': '.cjs' },
    chunkNames: `${name}/[name]-[hash]`,
    bundle: true,
    // Loaded from node_modules by those who use it: as large as all the rest, and bundling does not make it faster.
    external: ['@aws-sdk/*'],
    // Only modules can be cut up; each piece becomes CJS below.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // What node-vault would send and log with: it gets a transport of ours, so neither is ever called.
    alias: { axios: ABSENT, debug: ABSENT },
    define: { KEYTURN_VERSION: JSON.stringify(version), KEYTURN_TEST_BUILD: String(options.testBuild) },
    // Names stay, so that a fault reported by a user can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: false,
    legalComments: 'eof',
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  const { outputs } = result.metafile
  const entry = Object.keys(outputs).find((output) => outputs[output]?.entryPoint === 'cli/secrets.ts') ?? ''
  const atOnce = closureOf(outputs, entry)
  const folder = path.join(dir, name)
  mkdirSync(folder, { recursive: true })
  const pieces = new Map(result.outputFiles.map((file) => [path.basename(file.path), file.text]))
  const exported = new Map(Object.entries(outputs).map(([output, made]) => [path.basename(output), made.exports]))
  const atStart = await joinPieces({ entry: path.basename(entry), atOnce, pieces, exported, folder: name })
  pieces.delete(path.basename(entry))
  const start = `start-${createHash('sha256').update(atStart).digest('hex').slice(0, 12)}.cjs`
  // The loader last: until then it is the old one, with its chunks. Their names carry hashes, so none is overwritten by another.
  for (const [piece, text] of pieces) writeFileSync(path.join(folder, piece), atOnce.has(piece) ? link(piece, `${name}.cjs`) : await asCommonJs(text))
  writeFileSync(path.join(folder, start), atStart)
  writeFileSync(options.outfile, loaderOf(`${name}/${start}`))
  removeOthers(folder, new Set([start, ...pieces.keys()]))
  const sizes = new Map<string, number>()
  for (const { inputs } of Object.values(result.metafile.outputs))
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) sizes.set(input, (sizes.get(input) ?? 0) + bytesInOutput)
  return { start: path.join(folder, start), sizes }
}

async function asCommonJs(code: string): Promise<string> {
  const { code: converted } = await transform(code, PIECE)
  return converted
}

function removeOthers(folder: string, kept: ReadonlySet<string>): void {
  for (const name of readdirSync(folder)) if (!kept.has(name)) rmSync(path.join(folder, name), { force: true })
}
