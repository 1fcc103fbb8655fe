import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { programFile, type Result, startCommand } from '../../support/program.ts'
import type { Case } from './case.ts'

/** How a stack trace looks, of a module or of the bundle. */
const TRACE = /^\s+at .+(\(|:\d+)|node:internal|Node\.js v\d/m

/** One sentence and a hint on stderr, a status other than 0, no stack trace, and nothing left in the temporary folder. */
export function expectRefusal(c: Case, result: Result, message: RegExp, status?: number): void {
  const { code, stderr } = result
  expect(stderr).toMatch(/^secrets: (error|warning): ./m)
  expect(stderr).toMatch(/^secrets: hint: ./m)
  expect(stderr).toMatch(message)
  expect(stderr).not.toMatch(TRACE)
  expect(stderr).not.toContain('a fault in Keyturn itself')
  if (status === undefined) expect(code).not.toBe(0)
  else expect(code).toBe(status)
  expect(leftovers(c)).toEqual([])
}

/** Temporary files that a command made and did not take away. */
export function leftovers(c: Case): readonly string[] {
  const folders = [c.project.tmp, c.project.dir, path.join(c.project.home, 'state'), path.join(c.project.home, 'config')]
  return folders.flatMap((folder) =>
    existsSync(folder)
      ? (readdirSync(folder, { recursive: true }) as string[]).filter(
          (name) => folder === c.project.tmp || /\.tmp$|keyturn-[0-9a-f]{8}|\.[0-9a-f]{16}$/.test(name),
        )
      : [],
  )
}

/** Runs it, and fails the test unless it is refused with this message and changes nothing in project, keys and state. */
export async function refused(c: Case, args: readonly string[], message: RegExp, status?: number): Promise<void> {
  const before = c.tree()
  const result = await c.run(args)
  expectRefusal(c, result, message, status)
  expect(c.tree()).toEqual(before)
}

const NOBODY = '65534'

/** Gives the whole case to a user without any rights, so that modes count; what is run then is run as that user. */
export function asNobody(c: Case): (args: readonly string[]) => Promise<Result> {
  const root = path.dirname(c.project.dir)
  const dist = path.join(root, 'dist')
  // The built program lies in a folder that only we may enter.
  cpSync(path.dirname(programFile()), dist, { recursive: true })
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, root])
  chmodSync(root, 0o755)
  const drop = process.getuid?.() === 0 ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : []
  return (args) =>
    startCommand([...drop, process.execPath, path.join(dist, path.basename(programFile())), ...args], `secrets ${args.join(' ')}`, {
      cwd: c.project.dir,
      env: c.project.env,
    }).done
}
