import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'

/** What was fetched once is kept in the user's cache, so that the next run of the tests starts at once. */
export function cacheFolder(): string {
  const own = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'keyturn-test')
  try {
    mkdirSync(own, { recursive: true })
    accessSync(own, constants.W_OK)
    return own
  } catch {
    const inTree = path.join(import.meta.dirname, '../../node_modules/.cache/keyturn-test')
    mkdirSync(inTree, { recursive: true })
    return inTree
  }
}

/**
 * A folder of the cache, filled by `fill` the first time. Several processes may ask at once: one fills, the others wait.
 * The lock is the kernel's, so that a killed run leaves none, and the folder gets its name only when it is complete.
 */
export async function filledOnce(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = path.join(cacheFolder(), name)
  if (existsSync(folder)) return folder
  const lock = new DatabaseSync(`${folder}.lock`)
  try {
    while (!isTaken(lock)) await pause(200)
    if (existsSync(folder)) return folder
    const part = `${folder}.part`
    rmSync(part, { recursive: true, force: true })
    await fill(part)
    renameSync(part, folder)
    return folder
  } finally {
    lock.close()
  }
}

function isTaken(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return true
  } catch {
    return false
  }
}
