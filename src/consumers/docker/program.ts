import { existsSync } from 'node:fs'
import { isKeyturnError, KeyturnError } from '../../errors.ts'
import type { ConsumerContext } from '../../ports.ts'
import { scrubbedTail } from '../../scrub.ts'
import { type Ran, runProgram } from '../program.ts'

/** How `docker` is run: where, and with what in its environment. */
export interface DockerOptions {
  /** Variables of ours that are kept from programs unless listed. */
  readonly listed?: readonly string[] | undefined
  readonly cwd?: string
  readonly added?: Readonly<Record<string, string>>
}

const STAYS = 'nothing is revoked meanwhile'

/**
 * Runs `docker ARGS` and gives what it printed, which may hold values. Our own credentials and the variables of the output are never
 * in its environment.
 *
 * @throws KeyturnError CONSUMER_MISSING, with what is missing in words: docker itself, its Compose, the engine's socket, the right to talk to it,
 * the compose file, the service; CONSUMER_FAILED for what may pass by itself.
 */
export async function runDocker(ctx: ConsumerContext<unknown>, args: readonly string[], { listed = [], cwd, added }: DockerOptions = {}): Promise<Buffer> {
  if (cwd !== undefined && !existsSync(cwd)) throw new KeyturnError('CONSUMER_MISSING', `compose: there is no folder ${cwd}`, { hint: 'correct "directory"' })
  const missing = new KeyturnError('CONSUMER_MISSING', 'docker: not installed, or not in PATH', { hint: `install Docker's command line; ${STAYS}` })
  const ran = await runProgram(ctx, ['docker', ...args], { listed, missing, ...(cwd !== undefined && { cwd }), ...(added && { added }) }).catch(
    (error: unknown) => {
      // An engine that hangs takes the connection and says nothing.
      if (!isKeyturnError(error, 'CONSUMER_FAILED') || !error.message.includes('no end after')) throw error
      throw new KeyturnError(error.code, error.message, { hint: `see whether the engine answers ("docker info"); ${STAYS}` })
    },
  )
  if (ran.status === 0) return ran.stdout
  throw await failure(ctx, args, ran)
}

async function failure(ctx: ConsumerContext<unknown>, args: readonly string[], { stderr, status }: Ran): Promise<KeyturnError> {
  const missing = (message: string, hint: string): KeyturnError => new KeyturnError('CONSUMER_MISSING', message, { hint })
  const failed = (message: string, hint: string): KeyturnError => new KeyturnError('CONSUMER_FAILED', message, { hint })
  const socket = /Cannot connect to the Docker daemon at ([^\s]+?)\.?(?:\s|$)/.exec(stderr)?.[1]
  if (socket !== undefined)
    // An engine that is started anew leaves its socket where it was, and is back in seconds.
    return (isAbsent(socket) ? missing : failed)(
      `docker: no engine answers at ${socket}`,
      `start it ("systemctl start docker"), or set DOCKER_HOST to where it is; ${STAYS}`,
    )
  if (/permission denied while trying to connect/i.test(stderr))
    return missing("docker: this user may not use the engine's socket", `run as root or as a member of the group "docker"; ${STAYS}`)
  if (
    /unknown command: docker compose|'compose' is not a docker command|unknown (?:shorthand )?flag: .{0,3}(?:-profile|-project|-file|-env-file|'[fp]')/.test(
      stderr,
    )
  )
    return missing('docker: it has no "docker compose"', `install the plugin docker-compose-plugin (Compose v2; docker-compose 1.x is not enough); ${STAYS}`)
  if (/no configuration file provided/.test(stderr)) return missing('compose: no compose file here', 'name it with "file", or its folder with "directory"')
  const service = /no such service: (\S+)/.exec(stderr)?.[1]
  if (service !== undefined)
    return missing(`compose: the project has no service "${service}"`, 'correct "service"; "docker compose config --services" lists what there is')
  const said = scrubbedTail(stderr, [...Object.values(ctx.expected), ...((await ctx.concealed?.()) ?? [])])
  const how = status === null ? 'was killed by a signal' : `ended with status ${status}`
  return failed(`docker ${wordsOf(args)} ${how}${said === '' ? '' : `: ${said}`}`, `see what it said; ${STAYS}`)
}

const isAbsent = (address: string): boolean => address.startsWith('unix://') && !existsSync(address.slice('unix://'.length))

/** The command without its options: `compose up`. */
const wordsOf = (args: readonly string[]): string =>
  (args[0] === 'compose' ? ['compose', args.find((arg) => ['config', 'up'].includes(arg)) ?? ''] : args.slice(0, 1)).join(' ')
