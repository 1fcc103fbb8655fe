/**
 * How often a long suite runs: `few` under `npm test`, as many as `npm run test:simulation` and its like ask for.
 * The variable is `KEYTURN_<NAME>_RUNS`.
 */
export function runs(name: 'simulation' | 'kill' | 'asterisk' | 'docker' | 'dockerignore' | 'readers', few: number): number {
  const asked = process.env[`KEYTURN_${name.toUpperCase()}_RUNS`]
  if (asked === undefined || asked === '') return few
  const count = Number(asked)
  if (!Number.isInteger(count) || count < 1) throw new Error(`KEYTURN_${name.toUpperCase()}_RUNS is "${asked}": give a whole number`)
  return count
}

/** Whether `npm run test:...` was asked for: then a suite also leaves nothing out. */
export const isLongRun = (name: Parameters<typeof runs>[0]): boolean => runs(name, 0) > 0
