import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isMissing } from '../support/missing.ts'
import { cacheFolder, filledOnce } from './cache.ts'
import { reasonAgainstDebian, unpackDebian } from './debian.ts'

/** Shells and readers of manual pages: those that are installed, or Debian's, unpacked into the cache. */

type Tool = 'zsh' | 'fish' | 'mandoc'

interface Place {
  readonly program: string
  /** Where it was unpacked, and so where its functions are; `''` for one that is installed. */
  readonly root: string
}

const found = new Map<Tool, Place>()

/** For `describe.skipIf(await toolMissing('zsh'))`. */
export async function toolMissing(name: Tool): Promise<boolean> {
  try {
    found.set(name, installed(name) ?? (await unpacked(name)))
    return false
  } catch (error) {
    return isMissing(name, error instanceof Error ? error.message : String(error))
  }
}

/** After {@link toolMissing} has said no. */
export function toolProgram(name: Tool): Place {
  const place = found.get(name)
  if (!place) throw new Error(`${name} was not looked for`)
  return place
}

function installed(name: Tool): Place | null {
  const program = ['/usr/bin', '/bin', '/usr/local/bin'].map((folder) => path.join(folder, name)).find((file) => existsSync(file))
  return program === undefined ? null : { program, root: '' }
}

async function unpacked(name: Tool): Promise<Place> {
  const reason = reasonAgainstDebian()
  if (reason !== null) throw new Error(reason)
  const release = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'bookworm'
  const root = await filledOnce(`${name}-${release}`, async (folder) => {
    await unpackDebian(release, [name], folder)
    // Fish takes a tree for one that was moved only where all of it is below one folder.
    if (name === 'fish') symlinkSync('../etc', path.join(folder, 'usr/etc'))
  })
  const program = path.join(cacheFolder(), 'tools', name)
  if (!existsSync(program)) {
    mkdirSync(path.dirname(program), { recursive: true })
    const libraries = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].flatMap((triplet) => [`${root}/usr/lib/${triplet}`, `${root}/lib/${triplet}`])
    const search = libraries.filter((folder) => existsSync(folder)).join(':')
    writeFileSync(program, `#!/bin/sh\nLD_LIBRARY_PATH='${search}' exec '${root}/usr/bin/${name}' "$@"\n`, { mode: 0o755 })
  }
  // Of an empty page there is nothing to say but that it is empty.
  execFileSync(program, name === 'mandoc' ? ['-Tlint', '-Werror', '/dev/null'] : ['--version'], { stdio: 'ignore' })
  return { program, root }
}
