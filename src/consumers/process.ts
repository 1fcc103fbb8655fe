import { readFileSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import * as z from 'zod'
import { KeyturnError } from '../errors.ts'
import type { Consumer, ConsumerContext } from '../ports.ts'
import { actionOn, ageOf, evidenceOf, findProcess, isStill, type Proc, processSight } from './proc.ts'
import { ended } from './program.ts'

/** Signals that are read as "read your files again", and those that end a program which something starts again. */
const RELOADS = ['HUP', 'USR1', 'USR2'] as const
const ENDS = ['TERM', 'INT', 'QUIT'] as const

const params = z
  .strictObject({
    pidfile: z.string().min(1).describe('Holds the number of the process, relative to the folder of the inventory.'),
    signal: z
      .enum([...RELOADS, ...ENDS])
      .default('HUP')
      .describe('HUP, USR1, USR2: the process reads its files again and goes on. TERM, INT, QUIT: it ends, and something starts it again.'),
    prove: z
      .enum(['environ', 'start', 'open'])
      .optional()
      .describe(
        'environ: the environment that the process was started with (default with TERM, INT, QUIT). start: it reads the file at its start, and was started after the file was written. open: it has the file open as it is now.',
      ),
  })
  .refine(({ signal, prove }) => prove === undefined || prove === 'open' || isEnd(signal), {
    path: ['prove'],
    error: 'is not changed by a signal after which the process goes on; use open, or a signal that ends it',
  })

type Params = z.infer<typeof params>
type Context = ConsumerContext<Params>

const isEnd = (signal: string): boolean => (ENDS as readonly string[]).includes(signal)
const evidenceFor = ({ prove, signal }: Params) => prove ?? (isEnd(signal) ? 'environ' : null)

/** Between two looks whether a process was replaced. */
const LOOK_MS = 50
/** A program that a signal ends instead of telling it to read has ended by then. */
const SETTLE_MS = 250

/** Consumer `process`: a signal to the process that a pid file names; /proc shows what it holds. */
export const process: Consumer<Params> = {
  kind: 'process',
  params,
  describe: ({ signal, pidfile }) => `sends SIG${signal} to the process in ${pidfile}${isEnd(signal) ? ', which something has to start again' : ''}`,
  effect: ({ signal }) => (isEnd(signal) ? 'restart' : 'signal'),
  proves: (given) => evidenceFor(given) !== null,
  async ready(ctx) {
    readPid(ctx)
  },
  async refresh(ctx) {
    const proc = readPid(ctx)
    const { signal } = ctx.params
    if (!isEnd(signal)) requireHandler(proc, signal)
    send(proc, signal)
    if (isEnd(signal)) await untilReplaced(ctx, proc)
    else if (await endsWithin(ctx, proc, SETTLE_MS)) throw failed(`process ${proc.pid} ended on SIG${signal} instead of reading its files again`)
  },
  async prove(ctx) {
    const evidence = evidenceFor(ctx.params)
    if (evidence === null) return { vars: {} }
    return evidenceOf(ctx, evidence, readPid(ctx), `process of ${ctx.params.pidfile}`)
  },
  async look(ctx) {
    const { pidfile, signal } = ctx.params
    const who = `process of ${pidfile}`
    let proc: Proc
    try {
      proc = readPid(ctx)
    } catch (error) {
      if (!(error instanceof KeyturnError)) throw error
      return [{ who, part: 'process', since: null, vars: {}, idle: error.message, mend: error.hint }]
    }
    const mend = `run kill -${signal} ${proc.pid}${isEnd(signal) ? ', and let it be started again' : ''}`
    return [processSight(ctx, evidenceFor(ctx.params) ?? 'environ', proc, { who, mend })]
  },
  async health(ctx) {
    try {
      const { pid } = readPid(ctx)
      return { state: 'healthy', why: `process ${pid} runs` }
    } catch (error) {
      if (!(error instanceof KeyturnError)) throw error
      return { state: isEnd(ctx.params.signal) ? 'starting' : 'unhealthy', why: error.message }
    }
  },
}

/** The process that the file names; CONSUMER_FAILED where there is none, or another one has got its number since. */
function readPid(ctx: Context): Proc {
  const file = resolve(ctx.dir, ctx.params.pidfile)
  const { pid, since } = pidIn(ctx, file)
  const proc = findProcess(pid)
  if (!proc) throw failed(`${ctx.params.pidfile} names process ${pid}, which does not run`, 'start the program; nothing is revoked meanwhile')
  // A program writes its number after its start. A clock that was put forward since makes the file older than it is.
  if (since !== null && ageOf(proc) + REUSE_SLACK_MS < since)
    throw failed(
      `${ctx.params.pidfile} is older than process ${pid}: the number was given to another one since`,
      'start the program, or remove the file that was left behind',
    )
  return proc
}

/** Clocks of the file system and of the kernel differ by ticks; a number that is given again within seconds is too rare to be held against a program that is slow. */
const REUSE_SLACK_MS = 2_000

function pidIn(ctx: Context, file: string): { readonly pid: number; readonly since: number | null } {
  try {
    const text = readFileSync(file, 'utf8').trim()
    // The process of init, groups and everything are no consumers.
    if (!/^[1-9][0-9]{0,9}$/.test(text) || text === '1') throw failed(`${ctx.params.pidfile} holds no number of a process`)
    const now = ctx.clock?.now()
    return { pid: Number(text), since: now === undefined ? null : now - statSync(file).mtimeMs }
  } catch (error) {
    if (error instanceof KeyturnError) throw error
    const code = (error as NodeJS.ErrnoException).code
    throw failed(
      code === 'ENOENT' ? `there is no pid file ${ctx.params.pidfile}` : `${ctx.params.pidfile} cannot be read (${code})`,
      'start the program, or correct "pidfile"',
    )
  }
}

function requireHandler(proc: Proc, signal: Params['signal']): void {
  const action = actionOn(proc, constants.signals[`SIG${signal}`])
  if (action === 'caught') return
  const what = action === 'ignored' ? `ignores SIG${signal}` : `does not handle SIG${signal}, which would end it`
  throw failed(`process ${proc.pid} ${what}; nothing was sent`, 'choose the signal that makes it read its files again, or TERM where something starts it again')
}

function send({ pid }: Proc, signal: Params['signal']): void {
  try {
    globalThis.process.kill(pid, `SIG${signal}`)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EPERM') throw failed(`this user may not send SIG${signal} to process ${pid}`, 'run this as root, or as the user of that process')
    throw failed(`process ${pid} ended before SIG${signal} was sent`)
  }
}

/** Whoever watches over it starts it again and writes its new number. */
async function untilReplaced(ctx: Context, old: Proc): Promise<void> {
  const looks = Math.max(1, Math.floor(ctx.timeoutMs / LOOK_MS))
  for (let look = 0; look < looks; look++) {
    await pause(ctx)
    if (isStill(old)) continue
    try {
      const { pid, startTicks } = readPid(ctx)
      if (pid !== old.pid || startTicks !== old.startTicks) return
    } catch (error) {
      if (!(error instanceof KeyturnError)) throw error
    }
  }
  const seconds = ctx.timeoutMs / 1_000
  if (isStill(old)) throw failed(`process ${old.pid} still runs ${seconds} s after SIG${ctx.params.signal}`)
  throw failed(
    `process ${old.pid} ended on SIG${ctx.params.signal}, and nothing started it again in ${seconds} s`,
    'let a supervisor start it, or use consumer "exec" with the command that does',
  )
}

async function endsWithin(ctx: Context, proc: Proc, ms: number): Promise<boolean> {
  for (let waited = 0; waited < ms; waited += LOOK_MS) {
    await pause(ctx)
    if (!isStill(proc)) return true
  }
  return false
}

async function pause(ctx: Context): Promise<void> {
  if (ctx.signal.aborted) throw ended(ctx.signal, `process of ${ctx.params.pidfile}`)
  const { setTimeout: wait } = await import('node:timers/promises')
  await wait(LOOK_MS)
}

const failed = (message: string, hint?: string): KeyturnError => new KeyturnError('CONSUMER_FAILED', message, hint === undefined ? {} : { hint })
