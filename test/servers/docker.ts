import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { isMissing } from '../support/missing.ts'
import { type DockerPrograms, dockerPrograms } from './docker-program.ts'

const run = promisify(execFile)

/** A start takes some 0.3 s; this is for a machine with much else to do. */
const START_MS = 30_000

/** A real Docker engine with data of its own, on a socket of its own: no bridge, no firewall rules. `await using` ends it. */
export interface Docker {
  /** What a program needs in its environment to talk to it. */
  readonly env: Readonly<Record<string, string>>
  /** Runs `docker ...` and gives what it printed. */
  docker(...args: readonly string[]): Promise<string>
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** For `describe.skipIf(await dockerMissing())`: says so at the end of the run, and fails it with `CI=true`. */
export async function dockerMissing(): Promise<boolean> {
  const programs = process.getuid?.() === 0 ? await dockerPrograms() : 'an engine needs root'
  if (typeof programs === 'string') return isMissing('Docker', programs)
  try {
    await (await startDocker()).stop()
    return false
  } catch (error) {
    return isMissing('Docker', `it does not start here: ${(error as Error).message}`)
  }
}

/** Comes back when the engine answers. Throws with the end of its log when it does not come up. */
export async function startDocker(): Promise<Docker> {
  const programs = await dockerPrograms()
  if (typeof programs === 'string') throw new Error(programs)
  const folder = mkdtempSync(path.join(quickFolder(), 'keyturn-docker-'))
  const env = environmentOf(programs, folder)
  const log = path.join(folder, 'log')
  const server = launch(folder, env, log)
  const stop = async (): Promise<void> => {
    await end(server)
    unmountBelow(folder)
    rmSync(folder, { recursive: true, force: true })
  }
  const docker = async (...args: readonly string[]): Promise<string> =>
    (await run(path.join(programs.bin, 'docker'), args, { env, timeout: 120_000, maxBuffer: 1 << 26 })).stdout
  const deadline = performance.now() + START_MS
  for (;;) {
    try {
      await docker('version')
      return { env, docker, stop, [Symbol.asyncDispose]: stop }
    } catch {
      if (server.exitCode === null && performance.now() < deadline) {
        await pause(50)
        continue
      }
      const said = readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? ''
      await stop()
      throw new Error(said.slice(0, 300))
    }
  }
}

/** An engine keeps some 100 MB, and contexts come to it. */
const ROOM = 2 * 1024 ** 3

/** A temporary folder in memory where there is plenty: a build waits for the disk at every step, and takes three times as long. */
export function quickFolder(): string {
  const memory = '/dev/shm'
  if (existsSync(memory)) {
    const { bavail, bsize } = statfsSync(memory)
    if (bavail * bsize > ROOM) return memory
  }
  // A socket's path is limited to 107 bytes.
  return tmpdir().length > 60 ? '/tmp' : tmpdir()
}

const environmentOf = ({ bin, config }: DockerPrograms, folder: string): Record<string, string> => ({
  PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`,
  HOME: folder,
  DOCKER_HOST: `unix://${path.join(folder, 'socket')}`,
  DOCKER_CONFIG: config,
  BUILDX_CONFIG: path.join(folder, 'buildx'),
  LANG: 'C.UTF-8',
})

function launch(folder: string, env: Readonly<Record<string, string>>, log: string): ChildProcess {
  const out = openSync(log, 'w')
  // Whatever becomes of the tests' process, the engine ends with it.
  const tie = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM', '--'] : []
  const at = (name: string): string => path.join(folder, name)
  const options = ['--data-root', at('data'), '--exec-root', at('exec'), '-H', env.DOCKER_HOST ?? '', '-p', at('pid')]
  const alone = ['--iptables=false', '--ip6tables=false', '--bridge=none', '--userland-proxy=false']
  const [file = '', ...args] = [...tie, 'dockerd', ...options, ...alone]
  return spawn(file, args, { stdio: ['ignore', out, out], env })
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  server.kill('SIGTERM')
  const timer = setTimeout(() => server.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(timer)
}

/** A network namespace stays mounted after a stop, and a layer after a kill. */
function unmountBelow(folder: string): void {
  const mounted = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[1] ?? [])
    .filter((place) => place.startsWith(`${folder}/`))
  for (const place of mounted.sort().reverse()) execFileSync('umount', ['-l', place], { stdio: 'ignore' })
}
