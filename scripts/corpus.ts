import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'

/** `npm run test:corpus -- DIR`: sends every `NAME.env` of a folder through init, sync, run and eject. No value is printed. */

const [dir] = process.argv.slice(2)
if (dir === undefined || !existsSync(dir)) {
  process.stderr.write('which folder? npm run test:corpus -- DIR (NAME.env files in it)\n')
  process.exitCode = 2
} else {
  const vitest = path.join(import.meta.dirname, '..', 'node_modules', 'vitest', 'vitest.mjs')
  const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/corpus'], {
    cwd: path.join(import.meta.dirname, '..'),
    env: { ...process.env, KEYTURN_CORPUS: path.resolve(dir) },
    stdio: 'inherit',
  })
  process.exitCode = status ?? 1
}
