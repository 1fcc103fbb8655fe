import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '../..')

/** The repository under a name that another user may enter. */
export interface Reachable {
  /** The same file, as that user reaches it. */
  path(file: string): string
  /** Takes the name away again. */
  release(): void
}

/**
 * A clone may lie in a folder that only root may enter, such as one made by `mktemp -d`. Then it is mounted a second time at a name
 * that everybody may enter. The reason why not, where that cannot be.
 */
export function reachableBy(user: { readonly uid: number; readonly gid: number }): Reachable | string {
  if (process.getuid?.() !== 0) return 'only root may become another user'
  const asIs: Reachable = { path: (file) => file, release: () => {} }
  if (canRun(asIs, user)) return asIs
  const folder = mkdtempSync(path.join(tmpdir(), 'keyturn-reachable-'))
  try {
    execFileSync('mount', ['--bind', ROOT, folder], { stdio: 'pipe' })
  } catch {
    rmdirSync(folder)
    return 'the user "nobody" may not read this folder, and root may not mount it elsewhere'
  }
  const mounted: Reachable = {
    path: (file) => (file.startsWith(`${ROOT}/`) ? path.join(folder, path.relative(ROOT, file)) : file),
    release: () => {
      execFileSync('umount', ['--lazy', folder])
      rmdirSync(folder)
    },
  }
  if (canRun(mounted, user)) return mounted
  mounted.release()
  return 'the user "nobody" may not run what lies in this folder'
}

function canRun(at: Reachable, user: { readonly uid: number; readonly gid: number }): boolean {
  try {
    execFileSync(at.path(process.execPath), ['-e', `require('node:fs').readFileSync(${JSON.stringify(at.path(path.join(ROOT, 'package.json')))})`], {
      ...user,
      cwd: '/',
      stdio: 'ignore',
    })
    return true
  } catch {
    return false
  }
}
