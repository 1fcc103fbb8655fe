import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isMissing } from '../support/missing.ts'
import { filledOnce } from './cache.ts'
import { reasonAgainstDebian, unpackDebian } from './debian.ts'

/** A real systemd with units of its own: the manager of a user, which needs no machine that was booted with it. `await using` ends it. */
export interface Systemd {
  /** What `systemctl --user` needs in its environment to reach it. */
  readonly env: Readonly<Record<string, string>>
  /** Writes a unit, and has it read. */
  unit(name: string, text: string): void
  systemctl(...args: readonly string[]): string
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const START_MS = 30_000

/** For `describe.skipIf(await systemdMissing())`: says so at the end of the run, and fails it with `CI=true`. */
export async function systemdMissing(): Promise<boolean> {
  try {
    await (await startSystemd()).stop()
    return false
  } catch (error) {
    return isMissing('systemd', `it does not start here: ${(error as Error).message}`)
  }
}

interface Programs {
  readonly manager: string
  /** To be first in PATH. */
  readonly bin: string
  readonly libraries: string
}

/** The machine's own, or else those of its release's package, unpacked into the cache. */
async function programs(): Promise<Programs> {
  if (existsSync('/usr/lib/systemd/systemd') && existsSync('/usr/bin/systemctl')) return { manager: '/usr/lib/systemd/systemd', bin: '/usr/bin', libraries: '' }
  const reason = reasonAgainstDebian()
  if (reason !== null) throw new Error(reason)
  const release = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'bookworm'
  const root = await filledOnce(`systemd-${release}`, (folder) => unpackDebian(release, ['systemd'], folder))
  const folders = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].flatMap((triplet) => [`${root}/usr/lib/${triplet}`, `${root}/usr/lib/${triplet}/systemd`])
  const libraries = [...folders, `${root}/usr/lib/systemd`].filter((folder) => existsSync(folder)).join(':')
  return { manager: `${root}/usr/lib/systemd/systemd`, bin: `${root}/usr/bin`, libraries }
}

/** Comes back when the manager answers. Needs root, for a /run of its own; nothing of the machine's own systemd is touched. */
export async function startSystemd(): Promise<Systemd> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) throw new Error('needs Linux and root')
  const { manager, bin, libraries } = await programs()
  const folder = mkdtempSync(path.join(tmpdir(), 'keyturn-systemd-'))
  const [units, run] = ['units', 'run'].map((name) => path.join(folder, name)) as [string, string]
  mkdirSync(units)
  mkdirSync(run, { mode: 0o700 })
  for (const name of ['basic', 'shutdown', 'keyturn']) writeFileSync(path.join(units, `${name}.target`), `[Unit]\nDescription=${name}\n`)
  const env = { PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`, XDG_RUNTIME_DIR: run, ...(libraries !== '' && { LD_LIBRARY_PATH: libraries }) }
  // It asks whether the machine runs systemd, by that folder.
  const script = 'mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && exec "$0" --user --unit=keyturn.target'
  const server = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, manager], {
    cwd: '/',
    env: { ...env, HOME: folder, SYSTEMD_UNIT_PATH: units, SYSTEMD_LOG_TARGET: 'console', SYSTEMD_LOG_LEVEL: 'warning' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = new Promise<void>((done) => server.on('close', () => done()).on('error', () => done()))
  const systemctl = (...args: readonly string[]): string =>
    execFileSync(path.join(bin, 'systemctl'), ['--user', ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const stop = async (): Promise<void> => {
    // What it started would outlive it. There is no target that it could end by: that is among the units left out here.
    try {
      systemctl('stop', '*.service')
    } catch {
      // It does not answer: then it started nothing.
    }
    server.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  const unit = (name: string, text: string): void => {
    writeFileSync(path.join(units, name), text)
    systemctl('daemon-reload')
  }
  const deadline = performance.now() + START_MS
  for (;;) {
    try {
      systemctl('show', '--property=Version')
      return { env, unit, systemctl, stop, [Symbol.asyncDispose]: stop }
    } catch (error) {
      if (server.exitCode === null && performance.now() < deadline) {
        await pause(50)
        continue
      }
      await stop()
      throw new Error(said.trim().split('\n').at(-1) || String(error))
    }
  }
}
