import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isMissing } from '../support/missing.ts'
import { cacheFolder, filledOnce } from './cache.ts'
import { reasonAgainstDebian, unpackDebian } from './debian.ts'

/** Programs that tests run as they are, and the Debian packages that have them. */
const PACKAGES = { git: 'git', openssl: 'openssl' } as const

type ProgramName = keyof typeof PACKAGES

/**
 * Makes a program of the distribution available, in this process and in what it starts: the machine's own, or else one
 * unpacked into the cache; nothing is installed. For `describe.skipIf(await programMissing('git'))`.
 */
export async function programMissing(name: ProgramName): Promise<boolean> {
  if (isOnPath(name)) return false
  try {
    await unpack(name)
    process.env.PATH = `${process.env.PATH}:${unpackedPrograms()}`
    return false
  } catch (error) {
    return isMissing(name, error instanceof Error ? error.message : String(error))
  }
}

/** The folder that a private PATH needs too, so that unpacked programs are found. */
export const unpackedPrograms = (): string => path.join(cacheFolder(), 'bin')

function isOnPath(name: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(path.join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

async function unpack(name: ProgramName): Promise<void> {
  const reason = reasonAgainstDebian()
  if (reason !== null) throw new Error(reason)
  const release = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'bookworm'
  const root = await filledOnce(`${name}-${release}`, (folder) => unpackDebian(release, [PACKAGES[name]], folder))
  mkdirSync(unpackedPrograms(), { recursive: true })
  const target = path.join(unpackedPrograms(), name)
  if (!existsSync(target)) writeFileSync(target, wrapper(root, name), { mode: 0o755 })
  execFileSync(target, ['version'], { stdio: 'ignore' })
}

/** Libraries of the same release as the machine's, so that both fit. Both programs look for further files where they were installed. */
function wrapper(root: string, name: ProgramName): string {
  const libraries = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].flatMap((triplet) => [`${root}/usr/lib/${triplet}`, `${root}/lib/${triplet}`])
  const settings = [
    `LD_LIBRARY_PATH='${libraries.filter((folder) => existsSync(folder)).join(':')}'`,
    `GIT_EXEC_PATH='${root}/usr/lib/git-core'`,
    `GIT_TEMPLATE_DIR='${root}/usr/share/git-core/templates'`,
    `OPENSSL_CONF='${root}/etc/ssl/openssl.cnf'`,
  ]
  return `#!/bin/sh\n${settings.join(' ')} exec '${root}/usr/bin/${name}' "$@"\n`
}
