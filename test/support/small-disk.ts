import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder on a disk of 2 MB, for the time of a test. For the tests of full disks; see {@link reasonAgainstSmallDisk}. */
export function smallDisk(): string {
  const folder = mount()
  onTestFinished(() => unmount(folder))
  return folder
}

/** Why there can be none here, or `null`. */
export function reasonAgainstSmallDisk(): string | null {
  if (process.getuid?.() !== 0) return 'only root may mount a small file system'
  try {
    unmount(mount())
    return null
  } catch {
    return 'root may not mount a file system here'
  }
}

function mount(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'keyturn-small-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'tmpfs', folder], { stdio: 'pipe' })
    return folder
  } catch (error) {
    rmdirSync(folder)
    throw error
  }
}

function unmount(folder: string): void {
  execFileSync('umount', [folder])
  rmdirSync(folder)
}
