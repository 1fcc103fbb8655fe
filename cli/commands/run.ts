import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { KeyturnError } from '../../src/errors.ts'
import type { Entry } from '../../src/ports.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import { environmentOf } from '../../src/rotation/environment.ts'
import { scrubber } from '../../src/scrub.ts'
import type { Sensitive } from '../../src/sensitive.ts'
import { type Output, OWN_CREDENTIALS } from '../../src/terms.ts'
import type { CommandContext, Run } from '../context.ts'

/**
 * Runs a command with what a reader of this host's outputs would get: their settings, and all current values from the store, of which
 * nothing has to be on disk. They win over our own environment, so that the command sees what its container would. Gives its exit status.
 */
export const run: Run = async (context, [program, ...args], options) => {
  if (program === undefined) throw new KeyturnError('USAGE', 'run wants a command', { hint: 'secrets run -- node server.js' })
  if (context.options.json) throw new KeyturnError('USAGE', 'run prints what the command prints: there is no document', { hint: 'leave --json out' })
  const app = await context.app()
  const engine = await app.engine()
  const read = await Promise.all(sources(engine).map((output) => environmentOf(engine, output)))
  for (const name of new Set(read.flatMap(({ missing }) => missing)))
    context.out.warn(`${name} has no value in the store: the command gets it as the file has it`, `secrets set ${name}`)
  const given = read.flatMap(({ entries }) => (options.managed === true ? [] : entries))
  const managed = read.flatMap((one) => one.managed)
  // The store's word is the last one, whichever file a name stands in.
  const env = { ...inherited(app.env), ...plain(given), ...plain(managed) }
  const mask = options.mask !== false
  const child = spawn(program, args, { env, cwd: context.cwd, stdio: ['inherit', mask ? 'pipe' : 'inherit', mask ? 'pipe' : 'inherit'] })
  passSignals(context, child)
  const values = managed.map((entry) => entry.value)
  if (child.stdout) copyMasked(child.stdout, process.stdout, values)
  if (child.stderr) copyMasked(child.stderr, process.stderr, values)
  return new Promise<number>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      reject(new KeyturnError('USAGE', `${program}: cannot be run (${error.code ?? 'unknown'})`, { hint: 'check the name, and that it is in PATH' }))
    })
    child.on('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  })
}

/** What we get, the command gets. Ctrl-C on a terminal reaches it by itself, as it does every process there. */
function passSignals(context: CommandContext, child: ChildProcess): void {
  const pass = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGINT' && context.stdin.isTTY) return
    child.kill(signal)
  }
  context.takeSignals(pass)
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const) process.on(signal, pass)
  if (context.signal.aborted) child.kill('SIGINT')
}

/** When our reader goes away, the command is to notice it as if it had been its own. */
function copyMasked(from: Readable, to: Writable, values: readonly Sensitive<string>[]): void {
  const scrub = scrubber(values)
  to.on('error', () => from.destroy())
  from.on('data', (chunk: Buffer) => {
    if (to.write(scrub.push(chunk))) return
    from.pause()
    to.once('drain', () => from.resume())
  })
  from.on('end', () => to.write(scrub.end()))
}

const plain = (entries: readonly Entry[]): Record<string, string> => Object.fromEntries(entries.map(({ name, value }) => [name, value.reveal()]))

/** The outputs of this host; without outputs, one that would hold all secrets. */
function sources(engine: Engine): readonly Output[] {
  const { outputs, file, dir } = engine.inventory()
  // Of this dialect nothing is read: there is no file.
  const all: Output = { file, target: dir, dialect: 'files', perm: 0o600, host: engine.host, only: null, vars: {}, consumers: [], unproven: 'hold' }
  const own = outputs.filter((o) => o.host === engine.host)
  return own.length > 0 ? own : [all]
}

/** Our own credentials are nobody else's. */
const inherited = (env: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && !OWN_CREDENTIALS.test(entry[0])))
