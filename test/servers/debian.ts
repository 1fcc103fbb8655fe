import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

/**
 * Servers from Debian's own packages, also of other releases than the machine's: fetched with apt and unpacked into a folder.
 * No root is needed, no maintainer script runs, nothing is installed.
 */

const run = promisify(execFile)
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const LEFT_OUT = ['doc', 'man', 'locale', 'sounds', 'lintian'].map((name) => `--exclude=./usr/share/${name}`)

/** Why packages cannot be unpacked here, or `null`. */
export function reasonAgainstDebian(): string | null {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`
  for (const program of ['apt-get', 'dpkg-deb', 'tar']) {
    if (!['/usr/bin', '/bin'].some((folder) => existsSync(path.join(folder, program)))) return `${program} is not on this machine`
  }
  return existsSync(KEYRING) ? null : 'the keys of the Debian archive are not on this machine'
}

/** Puts packages of a Debian release, with all that they depend on, below `into`. Throws with what apt said, without addresses. */
export async function unpackDebian(suite: string, packages: readonly string[], into: string): Promise<void> {
  const work = mkdtempSync(path.join(tmpdir(), 'keyturn-apt-'))
  try {
    await download(suite, packages, work)
    mkdirSync(into, { recursive: true })
    if (suite !== 'bullseye') mergeUsr(into)
    const archives = path.join(work, 'cache', 'archives')
    for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb'))) await extract(path.join(archives, name), into)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Tries this machine's own mirror first: it is near, and may be the only one that can be reached. */
async function download(suite: string, packages: readonly string[], work: string): Promise<void> {
  for (const folder of ['lists/partial', 'cache/archives/partial', 'etc/preferences.d']) mkdirSync(path.join(work, folder), { recursive: true })
  writeFileSync(path.join(work, 'status'), '')
  const sources = path.join(work, 'etc', 'sources.list')
  const settings = [
    ...[`Dir::State=${work}`, `Dir::State::lists=${work}/lists`, `Dir::State::status=${work}/status`, `Dir::Cache=${work}/cache`],
    ...[`Dir::Etc=${work}/etc`, `Dir::Etc::sourcelist=${sources}`, 'Dir::Etc::sourceparts=-'],
    // The Release file of a release that moves, or has ended, may be past its date; its signature is checked all the same.
    ...['APT::Install-Recommends=false', 'Acquire::Check-Valid-Until=false', 'Acquire::Languages=none', 'Acquire::Retries=2', 'APT::Update::Error-Mode=any'],
    ...['APT::Sandbox::User=', 'Debug::NoLocking=1', 'APT::Get::Assume-Yes=true'],
  ].flatMap((setting) => ['-o', setting])
  let said = "no mirror of Debian stands in this machine's apt settings"
  for (const mirror of new Set(ownMirrors())) {
    writeFileSync(sources, `deb [signed-by=${KEYRING}] ${mirror} ${suite} main\n`)
    try {
      await run('apt-get', ['-qq', ...settings, 'update'], { timeout: 120_000 })
      await run('apt-get', ['-qq', ...settings, 'install', '--download-only', ...packages], { timeout: 300_000, maxBuffer: 1 << 24 })
      return
    } catch (error) {
      said = (error as { stderr?: string }).stderr || String(error)
    }
  }
  const lines = said.replaceAll(/https?:\/\/\S+/g, 'the mirror').split('\n')
  throw new Error(`apt cannot fetch ${packages.join(', ')} of ${suite}: ${lines.find((line) => line.startsWith('E:')) ?? lines[0]}`)
}

/** Addresses in apt's own sources, when this machine is a Debian; without those of the security archive, which has updates only. */
function ownMirrors(): readonly string[] {
  if (!/^ID=debian$/m.test(readIfThere('/etc/os-release'))) return []
  const parts = '/etc/apt/sources.list.d'
  const files = existsSync(parts) ? readdirSync(parts).map((name) => path.join(parts, name)) : []
  const lines = [...files, '/etc/apt/sources.list'].flatMap((file) => readIfThere(file).split('\n'))
  return lines
    .flatMap((line) => /^URIs:\s*(.+)$/.exec(line)?.[1]?.split(/\s+/) ?? /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/.exec(line)?.[1] ?? [])
    .filter((address) => /^https?:/.test(address) && !address.includes('security'))
}

/** Where /bin and its like are links, they must be there before the first package is. */
function mergeUsr(folder: string): void {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(path.join(folder, 'usr', name), { recursive: true })
    if (!existsSync(path.join(folder, name))) symlinkSync(`usr/${name}`, path.join(folder, name))
  }
}

async function extract(archive: string, into: string): Promise<void> {
  const script = 'set -o pipefail; archive=$1 into=$2; shift 2; dpkg-deb --fsys-tarfile "$archive" | tar -x -C "$into" "$@"'
  const options = ['--keep-directory-symlink', '--no-same-owner', '--exclude=./dev', ...LEFT_OUT]
  await run('bash', ['-c', script, 'extract', archive, into, ...options])
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
