import { KeyturnError } from '../../errors.ts'

/** Asterisk's command line, run as a program of its own: `asterisk -rx "..."`, or the same inside a container. */

export interface Cli {
  /** Program and arguments, to which the command is added as the last one. */
  readonly argv: readonly string[]
  readonly dir: string
  readonly env: Readonly<Record<string, string>> | undefined
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Where nothing else is said: a program found here is the system's. */
export const PLAIN_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const LONGEST_OUTPUT = 64 * 1024

/**
 * What the command printed. Asterisk ends with 0 whatever happened, so the text has to be read.
 *
 * PROVIDER_CONFIG when there is no such program, PROVIDER_UNAVAILABLE when it cannot reach Asterisk or does not end in time.
 */
export async function runCli(cli: Cli, command: string): Promise<string> {
  const { spawn } = await import('node:child_process')
  cli.signal.throwIfAborted()
  const [program = '', ...args] = cli.argv
  const signal = AbortSignal.any([cli.signal, AbortSignal.timeout(cli.timeoutMs)])
  const shown = cli.argv.join(' ')
  const result = await new Promise<{ code: number | null; out: string; error: string | null }>((resolve) => {
    let out = ''
    const env = { PATH: PLAIN_PATH, ...cli.env }
    const child = spawn(program, [...args, command], { cwd: cli.dir, env, stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' })
    const collect = (chunk: Buffer): void => {
      if (out.length < LONGEST_OUTPUT) out += chunk.toString('latin1')
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    let error: string | null = null
    child.on('error', (problem: NodeJS.ErrnoException) => {
      error = problem.code ?? problem.name
      if (child.pid === undefined) resolve({ code: null, out, error })
    })
    child.on('close', (code) => resolve({ code, out, error }))
  })
  cli.signal.throwIfAborted()
  if (result.error === 'ENOENT' || result.error === 'EACCES') {
    throw new KeyturnError('PROVIDER_CONFIG', `asterisk-ari: the program "${program}" cannot be run here (${result.error})`, {
      hint: 'Say how Asterisk is reloaded: "reload: ari", "reload: { ami: { user: ... } }", or "reload: { cli: [docker, exec, CONTAINER, asterisk, -rx] }".',
    })
  }
  if (result.error !== null) throw new KeyturnError('PROVIDER_UNAVAILABLE', `asterisk-ari: "${shown}" did not end in ${cli.timeoutMs} ms`)
  if (result.code !== 0) {
    throw new KeyturnError('PROVIDER_UNAVAILABLE', `asterisk-ari: "${shown}" ended with ${result.code}: Asterisk cannot be reached`, {
      hint: 'See that Asterisk runs and that this user may use its control socket (root, or the group in asterisk.conf).',
    })
  }
  return result.out
}
