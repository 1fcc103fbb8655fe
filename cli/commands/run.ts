import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { KeyturnError } from '../../src/errors.ts'
import { scrubber } from '../../src/guards/scrub.ts'
import type { Entry } from '../../src/ports.ts'
import { expectedOf } from '../../src/rotation/deliver.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import type { Output } from '../../src/terms.ts'
import type { Run } from '../context.ts'

/** Runs a command with the variables in its environment and nothing on disk; gives its exit status. */
export const run: Run = async (context, [program, ...args], options) => {
  if (program === undefined) throw new KeyturnError('USAGE', 'run wants a command', { hint: 'secrets run -- node server.js' })
  const app = await context.app()
  const entries = await variables(await app.engine())
  const env = { ...(await inherited(app.env)), ...Object.fromEntries(entries.map((e) => [e.name, e.value.reveal()])) }
  const mask = options['mask'] !== false
  const child = spawn(program, args, { env, cwd: context.cwd, stdio: ['inherit', mask ? 'pipe' : 'inherit', mask ? 'pipe' : 'inherit'] })
  const pass = (signal: NodeJS.Signals) => () => child.kill(signal)
  const stop = pass('SIGTERM')
  const forwards = (['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const).map((name) => [name, pass(name)] as const)
  for (const [name, forward] of forwards) process.on(name, forward)
  context.signal.addEventListener('abort', stop, { once: true })
  const values = entries.map((e) => e.value)
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    if (!from) continue
    const scrub = scrubber(values)
    from.on('data', (chunk: Buffer) => to.write(scrub.push(chunk)))
    from.on('end', () => to.write(scrub.end()))
  }
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', (error: NodeJS.ErrnoException) => {
        reject(new KeyturnError('USAGE', `${program}: cannot be run (${error.code ?? 'unknown'})`, { hint: 'check the name, and that it is in PATH' }))
      })
      child.on('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
    })
  } finally {
    for (const [name, forward] of forwards) process.removeListener(name, forward)
    context.signal.removeEventListener('abort', stop)
  }
}

/** Every variable of every output of this host; without outputs, those of all secrets. */
async function variables(engine: Engine): Promise<readonly Entry[]> {
  const { outputs, file, dir } = engine.inventory()
  const all: Output = { file, target: dir, dialect: 'compose', perm: 0o600, host: engine.host, only: null, vars: {}, consumers: [], unproven: 'hold' }
  const own = outputs.filter((o) => o.host === engine.host)
  const found = new Map<string, Entry>()
  for (const output of own.length > 0 ? own : [all]) {
    for (const { name, value } of (await expectedOf(engine, output)).entries) found.set(name, { name, value })
  }
  return [...found.values()]
}

/** Our own credentials are nobody else's. */
const inherited = async (env: Readonly<Record<string, string | undefined>>): Promise<Record<string, string>> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && !/^(KEYTURN|VAULT|AWS|BAO)_/.test(entry[0])))
