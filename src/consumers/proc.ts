import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs'
import { KeyturnError } from '../errors.ts'
import type { ConsumerContext, Proof, Sight } from '../ports.ts'
import { Sensitive } from '../sensitive.ts'
import type { Millis } from '../terms.ts'
import { heldIn } from './environ.ts'

/** A running process, as Linux shows it below /proc. Its number alone names nothing: numbers are given again. */
export interface Proc {
  readonly pid: number
  /** Clock ticks from the boot to its start. Together with the number it names one process. */
  readonly startTicks: number
}

/**
 * How a running process shows what it holds. `environ`: the environment that it was started with. `start`: it reads the file when it
 * starts, and was started after the file was written last. `open`: it has this very file open.
 */
export type Evidence = 'environ' | 'start' | 'open'

/** `USER_HZ`: Linux shows ticks of 1/100 s to programs, whatever the kernel counts in. */
const TICK_MS = 10
/** Ticks are cut off, /proc/uptime is, and files are stamped with a coarse clock: what is closer together cannot be put in order. */
const BLUR_MS = 3 * TICK_MS

/** `null`: there is no such process, or it has ended and nobody has asked after it yet. */
export function findProcess(pid: number): Proc | null {
  try {
    // The name of the program is in brackets and may hold anything.
    const [state, ...fields] = textOf(`/proc/${pid}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ')
    return state === 'Z' || state === 'X' ? null : { pid, startTicks: Number(fields[18]) }
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(codeOf(error))) return null
    throw error
  }
}

/** Whether it is still the same process. */
export const isStill = ({ pid, startTicks }: Proc): boolean => findProcess(pid)?.startTicks === startTicks

/** How it is called in lists of processes; empty once it has ended. */
export function nameOf({ pid }: Proc): string {
  try {
    return textOf(`/proc/${pid}/comm`)
  } catch {
    return ''
  }
}

/** How long ago it was started. */
export const ageOf = ({ startTicks }: Proc): Millis => Number(textOf('/proc/uptime').split(' ')[0]) * 1_000 - startTicks * TICK_MS

/** What a process does with a signal that it is sent. */
export function actionOn({ pid }: Proc, signal: number): 'caught' | 'ignored' | 'ended' {
  const status = textOf(`/proc/${pid}/status`)
  const has = (mask: string): boolean => {
    const bits = BigInt(`0x${new RegExp(`^${mask}:\\s*([0-9a-f]+)`, 'm').exec(status)?.[1] ?? '0'}`)
    return ((bits >> BigInt(signal - 1)) & 1n) === 1n
  }
  return has('SigCgt') ? 'caught' : has('SigIgn') ? 'ignored' : 'ended'
}

/**
 * What a process holds of the output's variables. Throws CONSUMER_FAILED where the evidence is not to be had: another user's process,
 * one that ended meanwhile, a file that was written after its start.
 */
export function evidenceOf(ctx: ConsumerContext<unknown>, evidence: Evidence, proc: Proc, who: string): Proof {
  if (evidence === 'environ') {
    const held = heldIn(ctx, environOf(proc, who))
    // Read of whatever has the number now, so it has to be the same one still.
    if (!isStill(proc)) throw failed(`${who}: process ${proc.pid} ended while it was looked at`)
    return held
  }
  if (ctx.target.endsWith('/')) throw failed(`${who}: ${ctx.target} is a folder, of which "prove: ${evidence}" shows nothing`)
  const file = statOf(ctx.target, who)
  if (evidence === 'open') requireOpen(proc, file, ctx.target, who)
  else requireLater(ctx, proc, file, who)
  const held = heldInFile(ctx, who)
  const after = statOf(ctx.target, who)
  if (after.ino !== file.ino || after.ctimeMs !== file.ctimeMs || !isStill(proc))
    throw failed(`${who}: ${ctx.target} or the process changed while it was looked at`)
  return held
}

/** The same as a sight: where a file was written after the start, or another one is open, nothing shows what runs. */
export function processSight(ctx: ConsumerContext<unknown>, evidence: Evidence, proc: Proc, words: Pick<Sight, 'who' | 'mend' | 'trap'>): Sight {
  const now = ctx.clock?.now()
  const seen = { ...words, part: 'process', since: now === undefined ? null : now - ageOf(proc) } as const
  if (evidence === 'environ') return { ...seen, vars: evidenceOf(ctx, evidence, proc, words.who).vars }
  try {
    return { ...seen, vars: evidenceOf(ctx, evidence, proc, words.who).vars }
  } catch (error) {
    if (!(error instanceof KeyturnError)) throw error
    return { ...seen, vars: {}, unsure: { names: ctx.vars, why: error.message } }
  }
}

function environOf({ pid }: Proc, who: string): Buffer {
  try {
    return readFileSync(`/proc/${pid}/environ`)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EACCES' || code === 'EPERM')
      throw failed(`${who}: this user may not read the environment of process ${pid}`, 'run this as root, or as the user of that process')
    throw failed(`${who}: process ${pid} ended while it was looked at`)
  }
}

/** The file as it is now is the one it has open: not one that was replaced since. */
function requireOpen({ pid }: Proc, file: Stats, target: string, who: string): void {
  let open: readonly string[]
  try {
    open = readdirSync(`/proc/${pid}/fd`)
  } catch (error) {
    if (codeOf(error) === 'EACCES')
      throw failed(`${who}: this user may not see the open files of process ${pid}`, 'run this as root, or as the user of that process')
    throw failed(`${who}: process ${pid} ended while it was looked at`)
  }
  const isIt = (fd: string): boolean => {
    try {
      const { ino, dev } = statSync(`/proc/${pid}/fd/${fd}`)
      return ino === file.ino && dev === file.dev
    } catch {
      return false // closed meanwhile
    }
  }
  if (!open.some(isIt)) throw failed(`${who}: process ${pid} does not have ${target} open as it is now`)
}

/** By the system's clock for the file, and by ticks since the boot for the process. */
function requireLater({ clock, target }: ConsumerContext<unknown>, proc: Proc, { ctimeMs }: Stats, who: string): void {
  if (!clock) throw failed(`${who}: the time is not known here`)
  // Of both the age: the moment of the boot is only known to the second. The file's first, so that the process seems older rather than younger.
  const sinceWritten = clock.now() - ctimeMs
  if (ageOf(proc) + BLUR_MS <= sinceWritten) return
  throw failed(`${who}: process ${proc.pid} was started before ${target} was written last, so it read an earlier one`)
}

function heldInFile(ctx: ConsumerContext<unknown>, who: string): Proof {
  if (!ctx.parse) throw failed(`${who}: ${ctx.target} cannot be read here`)
  const entries = ctx.parse(new Sensitive(textOf(ctx.target)))
  const vars = ctx.vars.map((name) => {
    const entry = entries.findLast((one) => one.name === name)
    return [name, entry ? ctx.fingerprints.ofValue(entry.value) : null] as const
  })
  return { vars: Object.fromEntries(vars) }
}

function statOf(target: string, who: string): Stats {
  try {
    return statSync(target)
  } catch (error) {
    throw failed(`${who}: ${target} cannot be looked at (${codeOf(error)})`)
  }
}

const textOf = (file: string): string => readFileSync(file, 'utf8')
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown'
const failed = (message: string, hint?: string): KeyturnError => new KeyturnError('CONSUMER_FAILED', message, hint === undefined ? {} : { hint })
