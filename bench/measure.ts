import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** One measured thing, beside its reference from the same run. */
export interface Figure {
  readonly name: string
  readonly ours: number
  readonly reference: number
  readonly unit: 'ms' | 'MB'
  readonly ratio: number
  /** The ratio may be no larger. */
  readonly target: number
  readonly met: boolean
}

export function figure(name: string, unit: Figure['unit'], ours: number, reference: number, target: number): Figure {
  const ratio = round(ours / reference)
  return { name, ours: round(ours), reference: round(reference), unit, ratio, target, met: ratio <= target }
}

const round = (n: number): number => Math.round(n * 100) / 100

export interface Case {
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/**
 * Shortest wall time of each case in ms. The cases take turns, so that a busy moment meets them all; the shortest is what the
 * work takes, everything above it is somebody else's.
 */
export function shortest(cases: readonly Case[], rounds: number): number[] {
  const best = cases.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < rounds; round++) {
    for (const [i, { args, cwd, env }] of cases.entries()) {
      const start = process.hrtime.bigint()
      const { status, stderr } = spawnSync(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 30 })
      const ms = Number(process.hrtime.bigint() - start) / 1e6
      if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
      best[i] = Math.min(best[i] ?? ms, ms)
    }
  }
  return best
}

/** The most memory that a case had at any time, in MB, as the kernel counts it. */
export function peakMemory({ args, cwd, env }: Case): number {
  const dir = mkdtempSync(path.join(tmpdir(), 'keyturn-bench-'))
  try {
    const spy = path.join(dir, 'spy.cjs')
    const file = path.join(dir, 'peak')
    writeFileSync(spy, `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.resourceUsage().maxRSS)))`)
    const { status, stderr } = spawnSync(process.execPath, ['--require', spy, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 30 })
    if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
    return Number(readFileSync(file, 'utf8')) / 1024
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** One line a figure, or with `--json` the document `keyturn/bench@1`. */
export function report(figures: readonly Figure[]): void {
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ schema: 'keyturn/bench@1', figures }, null, 2))
    return
  }
  const width = Math.max(...figures.map(({ name }) => name.length))
  for (const { name, ours, reference, unit, ratio, target, met } of figures) {
    console.log(
      `${name.padEnd(width)}  ${`${ours} ${unit}`.padStart(12)}  against ${`${reference} ${unit}`.padStart(12)}  ratio ${String(ratio).padStart(6)}  target ${target}  ${met ? 'met' : 'MISSED'}`,
    )
  }
}
