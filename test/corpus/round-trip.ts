import { readFileSync } from 'node:fs'
import path from 'node:path'
import { understand } from '../../src/inventory/import/understand.ts'
import { dialectOf } from '../../src/outputs/dialects/index.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { DialectName } from '../../src/terms.ts'
import type { Reader, Reading } from '../outputs/readers/readers.ts'
import { splitPairs } from '../outputs/readers/readers.ts'
import { makeProject, type Project } from '../support/project.ts'

/** What became of one env file that was taken in, delivered, run with and given back. Each complaint is a sentence without any value. */
export interface Trip {
  readonly dialect: string
  /** How many variables the reader of the file sees. */
  readonly variables: number
  /** Of the reader that said what the environment must be. */
  readonly reader: string
  readonly complaints: readonly string[]
}

/**
 * `init --yes`, `sync`, `run -- env`, `eject --yes` in a project and a home of their own. Afterwards the file must be the same, byte
 * for byte, nothing of ours may be left, and the program must have got what the file's real reader makes of it. What a shell file computes is left out: no code of it is ever run here.
 */
export async function roundTrip(bytes: Uint8Array, readers: readonly Reader[]): Promise<Trip> {
  await using project = makeProject()
  project.write('.env', bytes, 0o600)
  const complaints: string[] = []
  const shown = valuesIn(bytes)
  const must = async (...args: readonly string[]): Promise<string> => {
    // What the program is run with, and prints, is all that stands in the file.
    const { code, stdout, stderr } = await project.run(args, args[0] === 'run' ? { reveals: shown, passes: shown } : {})
    if (code !== 0) complaints.push(`${args[0]} ended with ${code}: ${firstLine(stderr)}`)
    if (!isSame(project, bytes)) complaints.push(`the file is another one after ${args[0]}`)
    return stdout
  }
  await must('init', '.env', '--yes')
  const dialect = project.exists('secrets.yaml') ? (/dialect: (\w+)/.exec(project.read('secrets.yaml'))?.[1] ?? 'compose') : 'compose'
  await must('sync')
  const got = splitPairs(Buffer.from(await must('run', '--no-mask', '--', 'env', '-0')))
  await must('eject', '--yes')
  const others = project.list().filter((name) => name !== '.env')
  if (others.length > 0) complaints.push(`left behind: ${others.join(', ')}`)
  const wanted = await readingOf(bytes, dialect as DialectName, readers)
  const wrong = Object.entries(wanted.reading ?? {}).filter(([name, value]) => got[name] !== value && !(dialect === 'shell' && /\$\(|`/.test(got[name] ?? '')))
  if (wrong.length > 0) complaints.push(`not as ${wanted.reader} reads them: ${wrong.map(([name]) => name).join(', ')}`)
  return { dialect, variables: Object.keys(wanted.reading ?? {}).length, reader: wanted.reader, complaints }
}

/** Every value of the file, by whichever rules it was written. */
function valuesIn(bytes: Uint8Array): readonly string[] {
  return understand(new Sensitive(Buffer.from(bytes).toString('utf8')), '.env')
    .variables.map((one) => one.value.reveal())
    .filter((value) => value.length > 3)
}

/** By the real reader of that dialect, or by our model of it where none is on this machine. */
async function readingOf(bytes: Uint8Array, dialect: DialectName, readers: readonly Reader[]): Promise<{ readonly reading: Reading; readonly reader: string }> {
  const text = Buffer.from(bytes).toString('utf8')
  const reader = readers.find((one) => one.dialect === dialect)
  if (reader !== undefined) return { reading: (await reader.read([text]))[0] ?? null, reader: reader.name }
  const entries = dialectOf(dialect).parse(new Sensitive(text))
  return { reading: Object.fromEntries(entries.map((entry) => [entry.name, entry.value.reveal()])), reader: `our model of ${dialect}` }
}

const isSame = (project: Project, bytes: Uint8Array): boolean => readFileSync(path.join(project.dir, '.env')).equals(bytes)

const firstLine = (text: string): string => text.split('\n').find((line) => line.trim() !== '') ?? ''
