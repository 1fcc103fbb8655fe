import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Case, type Cost, figure, least, report } from './measure.ts'
import { placeOfItsOwn } from './project.ts'

/**
 * `npm run bench:init`: how long `secrets init` takes on a `.env` of 700 lines with 50 secrets, beside a bare `node -e 0` and in seconds.
 * `--rounds N`: how often each is run (default 10).
 */

const PROGRAM = path.join(import.meta.dirname, '..', 'bin', 'secrets.cjs')
const rounds = Number(process.argv[process.argv.indexOf('--rounds') + 1]) || 10
const SECRETS = 50
const SETTINGS = 300
const WALL_MS = 1000

const { dir, home, project, env } = placeOfItsOwn()
const text = [
  ...Array.from({ length: SECRETS }, (_, i) => `# from the page of service ${i}\nSERVICE${i}_API_KEY=${randomBytes(27).toString('base64url')}\n`),
  ...Array.from({ length: SETTINGS }, (_, i) => `# of part ${i}\nPART_${i}_LIMIT=${i * 3}\n`),
].join('')

/** A repository with nothing but the file, and a user who has no state yet. */
function begin(): void {
  rmSync(dir, { recursive: true, force: true })
  for (const folder of [home, project]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(path.join(project, '.env'), text, { mode: 0o600 })
  const { status } = spawnSync('git', ['init', '--quiet'], { cwd: project, env, stdio: 'ignore' })
  if (status !== 0) throw new Error(`git init ended with ${status}`)
}

const init: Case = { args: [PROGRAM, 'init', '.env', '--yes', '--recovery-key-file', path.join(home, 'recovery.txt')], cwd: project, env, before: begin }
try {
  begin()
  const [bare, ours] = least([{ args: ['-e', '0'], cwd: project, env }, init], rounds) as [Cost, Cost]
  const what = `init on ${text.split('\n').length - 1} lines with ${SECRETS} secrets`
  report([figure(`${what}, against node -e 0`, 'ms', ours.ms, bare.ms, 30), figure(`${what}, against ${WALL_MS} ms`, 'ms', ours.ms, WALL_MS, 1)])
} finally {
  rmSync(dir, { recursive: true, force: true })
}
