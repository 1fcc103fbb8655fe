import { statSync } from 'node:fs'
import path from 'node:path'
import { bundle } from './bundle.ts'

/** `npm run build`: writes `dist/secrets.cjs`, the file that `bin/secrets.cjs` runs. `--verbose` lists what is in it. */

const outfile = path.join(import.meta.dirname, '..', 'dist', 'secrets.cjs')
const inputs = await bundle({ outfile, testBuild: false }).catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})

if (process.argv.includes('--verbose')) {
  const largest = [...inputs].sort(([, a], [, b]) => b - a).slice(0, 40)
  for (const [name, bytes] of largest) console.log(`${String(bytes).padStart(9)}  ${name}`)
  console.log(`${String(statSync(outfile).size).padStart(9)}  dist/secrets.cjs`)
}
