import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { renderErrors } from './docs-errors.ts'
import { renderAlias, renderManPage } from './docs-man.ts'
import { renderPolicy } from './docs-policy.ts'

/** `npm run docs` writes the generated pages; `npm run docs:check` fails when one is not what it would write. */

interface Page {
  /** From the top of the repository. */
  readonly file: string
  render(): string | Promise<string>
}

/** A new generated page is one line here. */
export const PAGES: readonly Page[] = [
  { file: 'docs/errors.md', render: renderErrors },
  { file: 'docs/policy.md', render: renderPolicy },
  { file: 'man/secrets.1', render: renderManPage },
  { file: 'man/keyturn.1', render: renderAlias },
]

const ROOT = path.join(import.meta.dirname, '..')

/** Files that are not what they should be. With `write` they are then. */
export async function stalePages(write: boolean): Promise<readonly string[]> {
  const stale: string[] = []
  for (const { file, render } of PAGES) {
    const target = path.join(ROOT, file)
    const text = await render()
    if (readIfThere(target) === text) continue
    stale.push(file)
    if (!write) continue
    mkdirSync(path.dirname(target), { recursive: true })
    writeFileSync(target, text)
  }
  return stale
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

if (import.meta.main) {
  const check = process.argv.includes('--check')
  const stale = await stalePages(!check)
  if (stale.length > 0) console.log(check ? `Not current: ${stale.join(', ')}. Run "npm run docs".` : `Written: ${stale.join(', ')}`)
  if (check && stale.length > 0) process.exitCode = 1
}
