import { interrupted } from './failure.ts'
import type { Sink } from './output.ts'

/**
 * Reading a very large project in a thread of its own, since only a thread can be told to keep its young generation small: the
 * engine otherwise takes 400 MB for what fits into 200.
 */
export interface Place {
  /** stdout is a terminal. */
  readonly terminal: boolean
  /** Of the terminal, where it tells. */
  readonly columns?: number
}

const VARIABLE = 'KEYTURN_APART'

/** Short-lived objects are cleared away more often: a tenth more time for a quarter less memory. */
const YOUNG_MB = 6
/** Long-lived ones may grow by so much before they are looked through; the engine would wait until they have doubled. */
const GROWTH_PERCENT = 20

/** What the program's own thread told this one; `null`: this is the program's own. */
export function placeOf(env: Readonly<Record<string, string | undefined>>): Place | null {
  const told = env[VARIABLE]
  if (told === undefined) return null
  const columns = Number(told)
  return { terminal: told !== '', ...(columns > 0 && { columns }) }
}

/** Does a command line in a thread of its own, which writes to stdout and stderr itself. Resolves to the exit status. */
export async function apart(argv: readonly string[], stdout: Sink, signal: AbortSignal): Promise<number> {
  const [{ Worker }, { setFlagsFromString }] = await Promise.all([import('node:worker_threads'), import('node:v8')])
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`)
  // While it marks beside the program it falls behind, the more the faster the program is: then it needs 200 to 330 MB, by chance.
  setFlagsFromString('--no-incremental-marking')
  const told = stdout.isTTY ? String(stdout.columns ?? 0) : ''
  const worker = new Worker(process.argv[1] ?? '', {
    argv: [...argv],
    env: { ...process.env, [VARIABLE]: told },
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  })
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => {
      void worker.terminate()
      reject(interrupted())
    })
    worker.on('error', reject)
    worker.on('exit', resolve)
  })
}
