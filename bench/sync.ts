import path from 'node:path'
import { openApp } from '../src/app.ts'
import { advanceHost } from '../src/rotation/deliver.ts'
import { bareClient } from './bare-client.ts'
import { type Case, type Cost, type Figure, figure, least, report } from './measure.ts'
import { FIELDS, inEnvironment, makeStoreProject, type StoreProject } from './store-project.ts'
import type { ServerKind } from './store-server.ts'

/**
 * `npm run bench:sync`: how long 1,000 secrets in 200 paths of a server take into one file, beside a bare keep-alive client that reads the
 * same paths with the same concurrency from the same server; and how memory grows to 10,000. The server is a process of its own.
 * `--rounds N`: how often each is run (default 20).
 */

const PROGRAM = path.join(import.meta.dirname, '..', 'bin', 'secrets.cjs')
const rounds = Number(process.argv[process.argv.indexOf('--rounds') + 1]) || 20
const PATHS = 200
const TARGET = 1.25

async function withProject<T>(kind: ServerKind, paths: number, work: (project: StoreProject) => Promise<T> | T): Promise<T> {
  const project = await makeStoreProject(kind, paths)
  try {
    return await work(project)
  } finally {
    project.remove()
  }
}

/** The least that each took in this process, in turns, once Node has compiled them. */
async function leastInside(works: readonly (() => Promise<unknown>)[]): Promise<readonly number[]> {
  const best = works.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < rounds; round++) {
    for (const [i, work] of works.entries()) {
      const start = performance.now()
      await work()
      best[i] = Math.min(best[i] as number, performance.now() - start)
    }
  }
  return best
}

async function inside(kind: ServerKind, { dir, env, server }: StoreProject): Promise<{ readonly bareMs: number; readonly found: readonly Figure[] }> {
  return inEnvironment(env, async () => {
    const app = await openApp({ cwd: dir })
    const bare = bareClient(kind, server, PATHS)
    try {
      const engine = await app.engine()
      const store = await app.store()
      const paths = [...new Set(engine.inventory().secrets.map((secret) => secret.path))]
      // The first makes the file, and the last ones find it as it should be.
      const sync = () => advanceHost(engine, { force: ['.env'] })
      const count = async () => {
        const fields = await bare.read()
        if (fields !== PATHS * FIELDS) throw new Error(`the bare client got ${fields} fields`)
      }
      const [bareMs, read, whole] = (await leastInside([count, () => store.read(paths), sync])) as [number, number, number]
      const found = [
        figure(`${kind}: ${PATHS * FIELDS} secrets in ${PATHS} paths read, against a bare client`, 'ms', read, bareMs, TARGET),
        figure(`${kind}: read, checked and compared with the file, against a bare client`, 'ms', whole, bareMs, TARGET),
      ]
      return { bareMs, found }
    } finally {
      await bare.close()
      await app.close()
    }
  })
}

const syncOf = ({ dir, env }: StoreProject): Case => ({ args: [PROGRAM, 'sync'], cwd: dir, env })
const nodeIn = ({ dir, env }: StoreProject): Case => ({ args: ['-e', '0'], cwd: dir, env })

const figures: Figure[] = []
for (const kind of ['vault', 'aws'] as const) {
  const [small, bare] = await withProject(kind, PATHS, async (project) => {
    const { bareMs, found } = await inside(kind, project)
    figures.push(...found)
    const [node, sync] = least([nodeIn(project), syncOf(project)], 5) as [Cost, Cost]
    return [sync, node.ms + bareMs] as const
  })
  const large = await withProject(kind, PATHS * 10, (project) => least([syncOf(project)], 3)[0] as Cost)
  figures.push(figure(`${kind}: the whole command, against node -e 0 and a bare client`, 'ms', small.ms, bare, TARGET))
  figures.push(figure(`${kind}: the whole command on 10,000, against 1,000`, 'ms', large.ms, small.ms, 11))
  figures.push(figure(`${kind}: its memory on 10,000, against 1,000`, 'MB', large.peakMb, small.peakMb, TARGET))
}
report(figures)
