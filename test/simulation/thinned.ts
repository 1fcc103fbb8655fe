import { runs } from '../support/runs.ts'

/** Every n-th point under `npm test`, each of them under `npm run test:simulation`. */
export const thinned = (every: number): number => (runs('simulation', 0) > 0 ? 1 : every)
