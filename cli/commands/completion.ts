import { existsSync, readdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { openApp } from '../../src/app.ts'
import { KeyturnError } from '../../src/errors.ts'
import { nearest } from '../../src/inventory/nearest.ts'
import { type Completion, complete, type Known } from '../complete.ts'
import { SCRIPTS } from '../completion-scripts.ts'
import type { Run } from '../context.ts'

/** `secrets completion SHELL`, and with words what the last of them could become. @throws USAGE for another shell */
export const run: Run = async ({ out, cwd }, [shell = '', ...words]) => {
  const script = SCRIPTS[shell]
  if (script === undefined) {
    const close = nearest(shell, Object.keys(SCRIPTS))
    const hint = close === null ? 'bash, zsh or fish' : `did you mean ${close}?`
    throw new KeyturnError('USAGE', `there is no completion for "${shell}"`, { hint })
  }
  if (words.length === 0) {
    if (out.json) out.document({ schema: 'keyturn/completion@1', shell, script })
    else await out.stream([script])
    return 0
  }
  const found = await complete(words, knownIn(cwd))
  if (out.json) out.document({ schema: 'keyturn/completion@1', shell, ...(typeof found === 'string' ? { wants: found } : { candidates: found }) })
  else await out.stream(lines(found))
  return 0
}

/** `:files` and `:programs` tell the shell to look itself; no word of ours begins so. */
function* lines(found: Completion): Generator<string> {
  if (typeof found === 'string') yield `:${found}\n`
  else for (const { word, text } of found) yield text === '' ? `${word}\n` : `${word}\t${text}\n`
}

/** Whatever stands in the way (no project, a broken file, no permission): then nothing is known. Neither ledger nor store is opened. */
const knownIn = (cwd: string): Known => ({
  secrets: async ({ config, environment }) => {
    try {
      const app = await openApp({ config, environment, cwd })
      await app.close()
      return app.inventory.secrets
    } catch {
      return []
    }
  },
  environments: async () => {
    try {
      return environmentsIn(cwd)
    } catch {
      return []
    }
  },
})

/** The environments of the nearest folder upwards that has any inventory. */
function environmentsIn(cwd: string): readonly string[] {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const found = readdirSync(folder).flatMap((name) => /^secrets\.([a-z0-9][a-z0-9_-]{0,31})\.yaml$/.exec(name)?.[1] ?? [])
    const plain = existsSync(`${folder}/secrets.yaml`) ? ['production'] : []
    if (found.length + plain.length > 0 || dirname(folder) === folder) return [...new Set([...plain, ...found])].sort()
  }
}
