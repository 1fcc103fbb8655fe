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
  /** Puts back what the run before it changed; not measured. */
  readonly before?: () => void
}

/** What a case took. */
export interface Cost {
  readonly ms: number
  /** The most memory that it had at any time, as the kernel counts it. */
  readonly peakMb: number
}

/**
 * The least that each case took. The cases take turns, so that a busy moment meets them all; the least is what the work takes,
 * everything above it is somebody else's.
 */
export function least(cases: readonly Case[], rounds: number): readonly Cost[] {
  const dir = mkdtempSync(path.join(tmpdir(), 'keyturn-bench-'))
  const spy = path.join(dir, 'spy.cjs')
  const file = path.join(dir, 'used')
  writeFileSync(spy, `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(file)}, JSON.stringify(process.resourceUsage())))`)
  const best = cases.map(() => ({ ms: Number.POSITIVE_INFINITY, peakMb: Number.POSITIVE_INFINITY }))
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [i, { args, cwd, env, before }] of cases.entries()) {
        before?.()
        const start = process.hrtime.bigint()
        // The reference carries the spy as well.
        const { status, stderr } = spawnSync(process.execPath, ['--require', spy, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 30 })
        const ms = Number(process.hrtime.bigint() - start) / 1e6
        if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
        const used = JSON.parse(readFileSync(file, 'utf8')) as NodeJS.ResourceUsage
        const cost = best[i] as { ms: number; peakMb: number }
        cost.ms = Math.min(cost.ms, ms)
        cost.peakMb = Math.min(cost.peakMb, used.maxRSS / 1024)
      }
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
  return best
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
