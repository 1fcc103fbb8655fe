import { expect, it } from 'vitest'
import { runs } from '../support/runs.ts'
import { randomRun } from './random-run.ts'

const SEEDS = runs('simulation', 150)
/** `KEYTURN_SEED=n` replays one seed and prints its schedule. */
const only = process.env.KEYTURN_SEED

it(`three workers, people and a wild clock: no bad end in ${only === undefined ? `${SEEDS} seeds` : `seed ${only}`}`, {
  timeout: 60_000 + SEEDS * 1_000,
}, async () => {
  const bad: string[] = []
  const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, at) => at + 1) : [Number(only)]
  for (const seed of seeds) {
    const lines = await randomRun(seed)
    if (lines.length > 0) bad.push(lines.join('\n'))
    if (only !== undefined && lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`)
  }
  expect(bad.map((text) => `${text.slice(0, text.indexOf('\n'))}; replay with KEYTURN_SEED`)).toEqual([])
})
