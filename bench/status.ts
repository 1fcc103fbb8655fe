import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type Case, type Cost, type Figure, figure, least, report } from './measure.ts'
import { type BenchProject, makeProject } from './project.ts'

/**
 * `npm run bench:status`: how fast `secrets status` starts on 100 secrets beside a bare `node -e 0`, and how status and report grow from
 * 10,000 to 100,000. `--rounds N`: how often each is run (default 40 for the start).
 */

const ROOT = path.join(import.meta.dirname, '..')
const PROGRAM = path.join(ROOT, 'bin', 'secrets.cjs')
const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string }
const rounds = Number(process.argv[process.argv.indexOf('--rounds') + 1]) || 40
const MEMORY_MB = 250

const of = ({ dir, env }: BenchProject, ...args: string[]): Case => ({ args, cwd: dir, env })

async function withProject<T>(count: number, work: (project: BenchProject) => T): Promise<T> {
  const project = await makeProject(count, version)
  try {
    return work(project)
  } finally {
    project.remove()
  }
}

const figures: Figure[] = []

const [bare, small] = await withProject(100, (project) => least([of(project, '-e', '0'), of(project, PROGRAM, 'status')], rounds))
figures.push(figure('status on 100 secrets, against node -e 0', 'ms', small?.ms ?? 0, bare?.ms ?? 0, 1.5))

const COMMANDS = [['status'], ['status', '--json'], ['report', '--json']]
const measured = (project: BenchProject) =>
  least(
    COMMANDS.map((args) => of(project, PROGRAM, ...args)),
    2,
  )
const tenth = await withProject(10_000, measured)
const whole = await withProject(100_000, measured)
for (const [i, args] of COMMANDS.entries()) {
  const [less, more] = [tenth[i] as Cost, whole[i] as Cost]
  figures.push(figure(`${args.join(' ')} on 100,000 secrets, against 10,000`, 'ms', more.ms, less.ms, 11))
  figures.push(figure(`${args.join(' ')} on 100,000 secrets, memory against ${MEMORY_MB} MB`, 'MB', more.peakMb, MEMORY_MB, 1))
}
report(figures)
