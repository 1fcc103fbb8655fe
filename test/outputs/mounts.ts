import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A mount that goes away with its scope. */
export interface Mounted extends Disposable {
  readonly at: string
}

function mount(at: string, ...commands: readonly string[][]): Mounted {
  for (const args of commands) execFileSync('mount', [...args, at], { stdio: 'pipe' })
  return { at, [Symbol.dispose]: () => void execFileSync('umount', [at]) }
}

/** Small file systems over a path; root only. */
export const mountPoint = {
  /** An empty one of this size. */
  tmpfs: (at: string, size: string): Mounted => mount(at, ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'tmpfs']),
  /** The folder itself, read-only. */
  readOnly: (at: string): Mounted => mount(at, ['--bind', at], ['-o', 'remount,ro,bind']),
  /** A single file over itself, as containers get them. */
  file: (at: string): Mounted => mount(at, ['--bind', at]),
}

/** Why nothing can be mounted here; `null`: it can. */
export function whyNoMounts(): string | null {
  if (process.getuid?.() !== 0) return 'not root'
  const at = mkdtempSync(path.join(tmpdir(), 'keyturn-mount-'))
  try {
    mountPoint.tmpfs(at, '64k')[Symbol.dispose]()
    return null
  } catch {
    return 'mount is not allowed'
  } finally {
    rmSync(at, { recursive: true, force: true })
  }
}
