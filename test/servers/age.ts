import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { filledOnce } from './cache.ts'
import { reasonAgainstDebian, unpackDebian } from './debian.ts'

/** The `age` program: this machine's own, else Debian's, unpacked into the cache. Or why there is none. */
export async function findAge(): Promise<{ readonly age: string; readonly reason: null } | { readonly age: null; readonly reason: string }> {
  for (const folder of (process.env.PATH ?? '').split(':')) {
    const age = path.join(folder, 'age')
    if (folder && existsSync(age) && works(age)) return { age, reason: null }
  }
  const against = reasonAgainstDebian()
  if (against !== null) return { age: null, reason: `not on this machine, and ${against}` }
  try {
    const folder = await filledOnce('age-bookworm', (into) => unpackDebian('bookworm', ['age'], into))
    const age = path.join(folder, 'usr/bin/age')
    return works(age) ? { age, reason: null } : { age: null, reason: 'the one of Debian does not start on this machine' }
  } catch (error) {
    return { age: null, reason: (error as Error).message }
  }
}

function works(age: string): boolean {
  try {
    execFileSync(age, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
