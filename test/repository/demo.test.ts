import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { asteriskMissing } from '../servers/asterisk.ts'
import { cacheFolder } from '../servers/cache.ts'
import { startCommand } from '../support/program.ts'
import { makeProject, type Project } from '../support/project.ts'

const ROOT = path.join(import.meta.dirname, '../..')
/** The demo's commands one after the other, on a machine that does other things as well. */
const TIMEOUT_MS = 120_000

/** As on a machine where nobody has been before: an empty home, a temporary folder of its own. */
const runHere = (project: Project, command: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  startCommand(command, command.join(' '), {
    cwd: ROOT,
    env: { HOME: project.home, TMPDIR: project.tmp, LANG: 'C.UTF-8', PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`, ...env },
    timeoutMs: TIMEOUT_MS,
  }).done

test('npm run demo is green with an empty home, and leaves nothing behind', { timeout: TIMEOUT_MS }, async () => {
  await using project = makeProject()
  const { stdout, stderr, code } = await runHere(project, ['npm', 'run', '-s', 'demo'])
  expect(code, `${stdout}\n${stderr}`).toBe(0)
  expect(stdout).toContain('$ secrets init .env')
  expect(stdout).toContain('Note: .env is read by ai_engine, admin_ui and db (docker-compose.yml): a rotation recreates those')
  expect(stdout).toMatch(/jwt: done, version 2/)
  expect(stdout).toMatch(/Intact: \d+ events/)
  // What npm keeps for itself is not ours.
  expect(readdirSync(project.tmp).filter((name) => name !== 'node-compile-cache')).toEqual([])
  expect(readdirSync(project.home).filter((name) => name !== '.npm')).toEqual([])
  expect(processesIn(project.tmp)).toEqual([])
})

test('the demo prints no value of the .env, neither of those it found nor of those it made', { timeout: TIMEOUT_MS }, async () => {
  await using project = makeProject()
  const { stdout, stderr, code } = await runHere(project, [process.execPath, 'scripts/demo.ts', '--keep'])
  expect(code, stderr).toBe(0)
  const kept = /^kept: (.+)$/m.exec(stdout)?.[1] ?? ''
  expect(readdirSync(project.tmp)).toEqual([path.basename(kept)])
  const before = valuesIn(path.join(ROOT, 'examples/voice-agent/dot-env'))
  const after = valuesIn(path.join(kept, 'voice-agent/.env'))
  const made = after.filter((value) => !before.includes(value))
  expect(made.length).toBeGreaterThan(1)
  const recovery = readFileSync(path.join(kept, 'recovery-key.txt'), 'utf8').match(/AGE-SECRET-KEY-1\w+/g) ?? []
  for (const value of [...before, ...after, ...recovery]) expect(`${stdout}${stderr}`.includes(value), `it prints ${value}`).toBe(false)
})

test.skipIf(await asteriskMissing(22))('with --asterisk a real one refuses the old password and accepts what .env says', { timeout: TIMEOUT_MS }, async () => {
  await using project = makeProject()
  // Where the tests keep the program: it is not fetched again.
  const env = { XDG_CACHE_HOME: path.dirname(cacheFolder()) }
  const { stdout, stderr, code } = await runHere(project, [process.execPath, 'scripts/demo.ts', '--asterisk'], env)
  expect(code, `${stdout}\n${stderr}`).toBe(0)
  expect(stdout.match(/^A fresh login .*$/gm)).toEqual([
    'A fresh login as agent with the password from the manual: 200',
    'A fresh login as agent with the password from the manual: 401',
    'A fresh login as agent with what .env says now: 200',
  ])
  expect(stdout).toContain('password = ********   ; from the manual, to be changed before going live')
  expect(readdirSync(project.tmp)).toEqual([])
})

/** What stands after the names that sound like secrets, without comment and quotes; `asterisk` is also a name. */
function valuesIn(file: string): readonly string[] {
  const secrets = /^(?:export )?\w*(?:KEY|SECRET|PASSWORD|TOKEN|DATABASE_URL)=(.+)$/gm
  const values = [...readFileSync(file, 'utf8').matchAll(secrets)].map(([, text = '']) => text.replace(/\s+#.*$/, '').replace(/^(['"])(.*)\1$/, '$2'))
  return values.filter((value) => value !== '' && value !== 'asterisk' && !value.startsWith('$'))
}

/** Processes that still work in a folder. */
function processesIn(folder: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && existsSync(`/proc/${pid}/cwd`) && cwdOf(pid).startsWith(folder))
}

function cwdOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}
