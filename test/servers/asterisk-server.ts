import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { canary } from '../support/canary.ts'
import { type AriUser, configure, renderAri } from './asterisk-config.ts'
import { type AsteriskProgram, type AsteriskVersion, asteriskProgram } from './asterisk-program.ts'

const run = promisify(execFile)

export interface AsteriskOptions {
  readonly version: AsteriskVersion
  readonly users?: readonly AriUser[]
  /** The whole of ari.conf; instead of `users`. */
  readonly ari?: string
}

/** A real Asterisk on loopback, with folders of its own. `await using` stops it and takes everything away. */
export interface Asterisk {
  readonly version: AsteriskVersion
  /** The folder of its configuration. */
  readonly etc: string
  /** Its ari.conf. */
  readonly ariConf: string
  /** Such as `http://127.0.0.1:40123/ari`. */
  readonly url: string
  readonly amiPort: number
  readonly amiUser: string
  readonly amiPassword: string
  readonly pid: number
  /** What a user writes to run its command line; `-rx` and the command follow. */
  readonly cliCommand: readonly string[]
  /** Runs a command as `asterisk -rx` does; gives what it printed. */
  cli(command: string): Promise<string>
  /** The status of a fresh login over ARI: 200, 401, or 404 where ARI is off. */
  login(user: string, password: string): Promise<number>
  /** What it logged: notices, warnings and errors. */
  log(): string
  /** Ends it and starts it again on the same ports, with the files as they are now. */
  restart(): Promise<void>
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Comes back when ARI and AMI answer and the boot is over: 0.3 to 0.5 s. Throws with its log when it does not come up. */
export async function startAsterisk(options: AsteriskOptions): Promise<Asterisk> {
  const program = await asteriskProgram(options.version)
  if (typeof program === 'string') throw new Error(`Asterisk ${options.version}: ${program}`)
  // The control socket's path is limited to 107 bytes.
  const base = tmpdir().length > 60 ? '/tmp' : tmpdir()
  const folder = mkdtempSync(path.join(base, 'keyturn-asterisk-'))
  const amiUser = 'rotator'
  const amiPassword = canary(24)
  const ari = options.ari ?? renderAri(options.users ?? [])

  for (let attempt = 1; ; attempt++) {
    const [ariPort, amiPort] = [await freePort(), await freePort()]
    configure(folder, program, { ariPort, amiPort, amiUser, amiPassword, ari })
    const server = await launch(program, folder, ariPort)
    if (server !== 'port taken') return describeServer({ options, program, folder, ariPort, amiPort, amiUser, amiPassword, server })
    if (attempt === 5) throw new Error(`Asterisk ${options.version}: no free port in ${attempt} attempts`)
  }
}

interface Started {
  readonly options: AsteriskOptions
  readonly program: AsteriskProgram
  readonly folder: string
  readonly ariPort: number
  readonly amiPort: number
  readonly amiUser: string
  readonly amiPassword: string
  readonly server: ChildProcess
}

function describeServer(started: Started): Asterisk {
  const { options, program, folder, ariPort, amiPort, amiUser, amiPassword } = started
  let server = started.server
  const url = `http://127.0.0.1:${ariPort}/ari`
  const etc = path.join(folder, 'etc')
  const stop = async () => {
    await end(server)
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    ...{ version: options.version, etc, ariConf: path.join(etc, 'ari.conf'), url, amiPort, amiUser, amiPassword },
    get pid() {
      return server.pid ?? 0
    },
    cliCommand: cliOf(program, folder),
    cli: async (command) => (await askCli(program, folder, command)).trim(),
    login: (user, password) => login(url, user, password),
    log: () => readIfThere(path.join(folder, 'log', 'messages.log')),
    async restart() {
      await end(server)
      const next = await launch(program, folder, ariPort)
      if (next === 'port taken') throw new Error(`port ${ariPort} was taken meanwhile`)
      server = next
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

const cliOf = (program: AsteriskProgram, folder: string) => [...program.command, '-C', path.join(folder, 'etc', 'asterisk.conf')]

async function askCli(program: AsteriskProgram, folder: string, command: string): Promise<string> {
  const [file = '', ...args] = cliOf(program, folder)
  return (await run(file, [...args, '-rx', command], { timeout: 20_000 })).stdout
}

async function launch(program: AsteriskProgram, folder: string, ariPort: number): Promise<ChildProcess | 'port taken'> {
  const printed = path.join(folder, 'log', 'printed')
  const messages = path.join(folder, 'log', 'messages.log')
  writeFileSync(messages, '')
  const out = openSync(printed, 'w')
  // Whatever becomes of the tests' process, the server ends with it.
  const tie = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'] : []
  const [file = '', ...args] = [...tie, ...program.command, '-f', '-C', path.join(folder, 'etc', 'asterisk.conf')]
  const server = spawn(file, args, { stdio: ['ignore', out, out], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: folder, LANG: 'C.UTF-8' } })
  for (let tries = 0; tries < 400; tries++) {
    if (server.exitCode !== null || server.signalCode !== null) break
    if (await isBooted(program, folder, ariPort)) {
      // A port that another process holds does not stop Asterisk: it only says so.
      if (!/unable to bind/i.test(readIfThere(messages))) return server
      await end(server)
      return 'port taken'
    }
    await pause(50)
  }
  await end(server)
  throw new Error(`Asterisk did not come up:\n${readIfThere(printed).slice(-2000)}\n${readIfThere(messages).slice(-2000)}`)
}

/** 401 comes before the boot is over, and then 503 with the right password: the CLI has to say so too. */
async function isBooted(program: AsteriskProgram, folder: string, ariPort: number): Promise<boolean> {
  try {
    await login(`http://127.0.0.1:${ariPort}/ari`, 'nobody', 'none')
    await askCli(program, folder, 'core waitfullybooted')
    return true
  } catch {
    // ARI may be off by the test's own ari.conf, but then HTTP still answers: only "nobody listens" comes here.
    return false
  }
}

async function login(url: string, user: string, password: string): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const answer = await fetch(`${url}/asterisk/info`, { headers: { authorization, connection: 'close' } })
  await answer.arrayBuffer()
  return answer.status
}

/** At once: there is nothing in a test's server that is worth writing down first. */
async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const exited = once(server, 'exit')
  server.kill('SIGKILL')
  await exited
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
