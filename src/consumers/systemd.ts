import * as z from 'zod'
import { KeyturnError } from '../errors.ts'
import type { Consumer, ConsumerContext } from '../ports.ts'
import { scrubbedTail } from '../scrub.ts'
import { evidenceOf, findProcess, nameOf, type Proc, processSight } from './proc.ts'
import { ended, type Ran, runProgram } from './program.ts'

const params = z.strictObject({
  unit: z
    .string()
    .regex(/^[A-Za-z0-9:_.\\@-]+$/, 'is no name of a unit')
    .describe('Name of the unit; without a suffix it is a service.'),
  refresh: z
    .enum(['restart', 'reload', 'try-restart'])
    .default('restart')
    .describe('restart: the service is started anew, also where it was stopped. try-restart: only where it runs. reload: it is told to read its files again.'),
  user: z.boolean().default(false).describe('A unit of the user who runs this (systemctl --user). Default: of the system.'),
  prove: z
    .enum(['environ', 'start'])
    .default('environ')
    .describe('environ: the environment of the main process. start: it reads the file by itself at its start, and was started after the file was written.'),
})

type Params = z.infer<typeof params>
type Context = ConsumerContext<Params>

/** What is asked of systemd. Names and states only: never a unit's environment. */
const ASKED = ['LoadState', 'ActiveState', 'SubState', 'Result', 'MainPID', 'NRestarts'] as const

type Unit = Readonly<Record<(typeof ASKED)[number], string>>

/** Consumer `systemd`: a unit is restarted or reloaded, and its main process shows what it holds. */
export const systemd: Consumer<Params> = {
  kind: 'systemd',
  params,
  describe: ({ refresh, unit, user }) => `runs systemctl ${user ? '--user ' : ''}${refresh} ${fullName(unit)}`,
  effect: ({ refresh }) => (refresh === 'reload' ? 'reload' : 'restart'),
  // A reload changes no environment and starts no process: nothing that can be seen from outside.
  proves: ({ refresh }) => refresh !== 'reload',
  async ready(ctx) {
    await look(ctx)
  },
  async refresh(ctx) {
    await systemctl(ctx, [ctx.params.refresh, '--', fullName(ctx.params.unit)])
  },
  async prove(ctx) {
    if (ctx.params.refresh === 'reload') return { vars: {} }
    const name = fullName(ctx.params.unit)
    const proc = await mainProcess(ctx)
    const proof = evidenceOf(ctx, ctx.params.prove, proc, `systemd: ${name}`)
    const after = await mainProcess(ctx)
    if (after.pid !== proc.pid || after.startTicks !== proc.startTicks) throw failed(`systemd: ${name} was started anew while it was looked at`)
    return proof
  },
  async look(ctx) {
    const who = fullName(ctx.params.unit)
    const { ActiveState, SubState, MainPID } = await look(ctx)
    if (Number(MainPID) === 0)
      return [{ who, part: 'process', since: null, vars: {}, idle: `${ActiveState}, ${SubState}`, mend: `run ${command(ctx)} start ${who}` }]
    const trap = 'a reload changes no environment, and a changed EnvironmentFile is read at the next start'
    return [processSight(ctx, ctx.params.prove, await mainProcess(ctx), { who, mend: `run ${command(ctx)} restart ${who}`, trap })]
  },
  async health(ctx) {
    const unit = await look(ctx)
    const why = saidOf(fullName(ctx.params.unit), unit)
    if (unit.ActiveState === 'active') return { state: 'healthy', why }
    // It ended by itself and is to be started again: it is not the beginning of a restart.
    if (unit.ActiveState === 'activating' && unit.SubState === 'auto-restart')
      return { state: 'unhealthy', why: `${why}, started again ${unit.NRestarts} times` }
    if (['activating', 'deactivating', 'reloading', 'refreshing'].includes(unit.ActiveState)) return { state: 'starting', why }
    return { state: 'unhealthy', why }
  },
}

const fullName = (unit: string): string => (/\.[a-z]+$/.test(unit) ? unit : `${unit}.service`)

const saidOf = (name: string, { ActiveState, SubState, Result }: Unit): string =>
  `systemd: ${name} is ${ActiveState} (${SubState}${Result === 'success' || Result === '' ? '' : `, ${Result}`})`

/** CONSUMER_FAILED where none runs: then nothing shows what the unit holds. */
async function mainProcess(ctx: Context): Promise<Proc> {
  const name = fullName(ctx.params.unit)
  const unit = await look(ctx)
  const pid = Number(unit.MainPID)
  const proc = pid > 0 ? findProcess(pid) : null
  if (proc) {
    await untilBegun(ctx, proc)
    return proc
  }
  throw failed(
    `${saidOf(name, unit)} and has no main process, so nothing shows what it holds`,
    `start it ("${command(ctx)} start ${name}"), or take it out of the consumers`,
  )
}

/** Systemd says that a simple service runs while its process is still systemd's own child, with systemd's environment, under a name in brackets. */
async function untilBegun(ctx: Context, proc: Proc): Promise<void> {
  for (let look = 0; look < LOOKS && nameOf(proc).startsWith('('); look++) {
    if (ctx.signal.aborted) throw ended(ctx.signal, 'systemd')
    const { setTimeout: wait } = await import('node:timers/promises')
    await wait(LOOK_MS)
  }
}

/** Two seconds in all. */
const LOOKS = 100
const LOOK_MS = 20

async function look(ctx: Context): Promise<Unit> {
  const name = fullName(ctx.params.unit)
  const { stdout } = await systemctl(ctx, ['show', `--property=${ASKED.join(',')}`, '--', name])
  const found = new Map(
    stdout
      .toString()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
  )
  const unit = Object.fromEntries(ASKED.map((key) => [key, found.get(key) ?? ''])) as Unit
  if (unit.LoadState === 'not-found') throw unknownUnit(ctx)
  return unit
}

const command = ({ params: { user } }: Context): string => `systemctl${user ? ' --user' : ''}`
const STAYS = 'nothing is revoked meanwhile'

const unknownUnit = (ctx: Context): KeyturnError =>
  absent(
    `systemd: there is no unit ${fullName(ctx.params.unit)}${ctx.params.user ? ' of this user' : ''}`,
    `correct "unit"; "${command(ctx)} list-units" shows what there is`,
  )

/** Never asks for a password: what is not allowed fails. */
async function systemctl(ctx: Context, args: readonly string[]): Promise<Ran> {
  const { user, unit } = ctx.params
  const missing = absent('systemd: there is no systemctl on this machine, or not in PATH', `use consumer "process" or "exec"; ${STAYS}`)
  const ran = await runProgram(ctx, ['systemctl', ...(user ? ['--user'] : []), '--no-ask-password', '--no-pager', ...args], {
    listed: [],
    missing,
    added: { LC_ALL: 'C' },
  })
  if (ran.status === 0) return ran
  const { stderr } = ran
  if (/not been booted with systemd|Host is down/.test(stderr))
    throw absent('systemd: it does not run this machine (as in most containers)', `use consumer "process" or "exec"; ${STAYS}`)
  if (user && /Failed to connect to bus|XDG_RUNTIME_DIR|No medium found/.test(stderr))
    throw absent('systemd: the user manager does not answer', `log in as that user, or "loginctl enable-linger"; XDG_RUNTIME_DIR has to be set; ${STAYS}`)
  if (/Access denied|[Aa]uthentication required|Permission denied/.test(stderr))
    throw absent(`systemd: this user may not ${args[0]} ${fullName(unit)}`, `run this as root, or allow it by a polkit rule; ${STAYS}`)
  if (/Unit \S+ (?:not found|could not be found)/.test(stderr)) throw unknownUnit(ctx)
  const said = scrubbedTail(stderr, [...Object.values(ctx.expected), ...((await ctx.concealed?.()) ?? [])])
  throw failed(
    `systemd: ${command(ctx)} ${args[0]} ${fullName(unit)} ${ran.status === null ? 'was killed by a signal' : `ended with status ${ran.status}`}${said === '' ? '' : `: ${said}`}`,
  )
}

const absent = (message: string, hint: string): KeyturnError => new KeyturnError('CONSUMER_MISSING', message, { hint })
const failed = (message: string, hint?: string): KeyturnError => new KeyturnError('CONSUMER_FAILED', message, hint === undefined ? {} : { hint })
