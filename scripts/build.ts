import { statSync } from 'node:fs'
import path from 'node:path'
import { type Bundle, bundle } from './bundle.ts'
import { compile } from './compile.ts'

/** `npm run build`: writes `dist/secrets.cjs`, the file that `bin/secrets.cjs` runs. `--verbose` lists what is in it. */

const outfile = path.join(import.meta.dirname, '..', 'dist', 'secrets.cjs')
const { start, sizes } = await build().catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})

async function build(): Promise<Bundle> {
  const bundled = await bundle({ outfile, testBuild: false })
  compile(outfile, bundled.start)
  return bundled
}

if (process.argv.includes('--verbose')) {
  const largest = [...sizes].sort(([, a], [, b]) => b - a).slice(0, 40)
  for (const [name, bytes] of largest) console.log(`${String(bytes).padStart(9)}  ${name}`)
  console.log(`${String(statSync(start).size).padStart(9)}  ${path.basename(start)}`)
}
