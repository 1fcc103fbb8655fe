import { type Import, importsOf, type Sources, withoutComments } from './sources.ts'

/** The rules of the tree, as checks that take sources and give a line for each violation. */

const FOUNDATION = ['terms', 'ports', 'errors', 'sensitive', 'scrub', 'fingerprint', 'build', 'once'].map((name) => `src/${name}.ts`)
/** Files of the foundation that are cut by idea. Everybody else reads them as src/terms.ts and src/ports.ts. */
const CUT = ['terms', 'ports']
/** Downwards only: a folder may import those before it. */
const ENGINE = ['inventory', 'policy', 'outputs', 'guards', 'rotation', 'reports', 'inventory/import']
const ADAPTERS = ['stores', 'rotators', 'ledger', 'consumers']
/** Files and folders of the machine itself: locks, atomic writes, where state lies. Everyone may stand on it. */
const GROUND = ['state']
/** Sees all sides, and puts them together. */
const ROOT = 'src/app.ts'

/** Who may take a value out of its box. A new line here is a decision: the value must have a reason to come out in that file. */
export const MAY_REVEAL: readonly RegExp[] = [
  /^src\/(stores|rotators|outputs)\//,
  /^src\/policy\/facts\.ts$/,
  /^src\/fingerprint\.ts$/,
  // What a program said is searched for values before it is shown.
  /^src\/scrub\.ts$/,
  // A bearer is sent, and a challenge's answer is computed.
  /^src\/consumers\/(challenge|http)\.ts$/,
  // Looks for values in files.
  /^src\/guards\/scan\.ts$/,
  // Tells a secret from a setting by its value, and takes it from the env file into the store.
  /^src\/inventory\/import\//,
  /^cli\/commands\/(get|run|check)\.ts$/,
  // Shows the recovery key to the one person who is to write it down.
  /^cli\/recovery-key\.ts$/,
]

const MAY_READ_ENVIRONMENT = [ROOT, 'src/inventory/load.ts']
const FORBIDDEN_FOLDERS = ['utils', 'util', 'helpers', 'common', 'services', 'managers', 'misc']

/** Who may import whom. */
export function importViolations(sources: Sources): readonly string[] {
  const found: string[] = []
  for (const edge of allImports(sources)) {
    const reason = edge.ours ? reasonAgainst(edge) : reasonAgainstPackage(edge)
    if (reason !== null) found.push(`${edge.from} imports ${edge.to}: ${reason}`)
  }
  return found
}

/** The folder below `src` that a file belongs to, or its top folder elsewhere. */
function part(file: string): string {
  const [top = '', folder = '', ...rest] = file.split('/')
  // The import makes an inventory out of what the parts above it know: it stands on all of them.
  if (file.startsWith('src/inventory/import/')) return 'inventory/import'
  return top === 'src' && rest.length > 0 ? folder : top
}

function reasonAgainst({ from, to, typeOnly }: Import): string | null {
  const [fromPart, toPart] = [part(from), part(to)]
  if (!from.startsWith('src/')) {
    if (['cli', 'jobs'].includes(fromPart) && ADAPTERS.includes(toPart) && !typeOnly) return 'only src/app.ts sees the adapters'
    if (fromPart === 'jobs' && toPart === 'cli') return 'jobs do not know the command line'
    return null
  }
  if (!to.startsWith('src/')) return 'src imports nothing outside of src'
  if (from === ROOT) return null
  if (to === ROOT) return 'only cli and jobs import the composition root'
  if (fromPart === 'terms') return toPart === 'terms' ? null : 'the glossary needs nothing else'
  if (CUT.includes(toPart)) return from === `src/${toPart}.ts` || fromPart === toPart ? null : `it is imported as src/${toPart}.ts`
  if (FOUNDATION.includes(to)) return null
  if (FOUNDATION.includes(from) || CUT.includes(fromPart)) return 'the foundation imports nothing of ours but itself'
  if (fromPart === toPart) return null
  if (GROUND.includes(toPart)) return null
  if (GROUND.includes(fromPart)) return 'state imports the foundation only'
  if (ADAPTERS.includes(fromPart)) return 'an adapter imports the foundation and its own folder only'
  if (ADAPTERS.includes(toPart)) return 'the engine touches the world through ports'
  if (!ENGINE.includes(fromPart) || !ENGINE.includes(toPart)) return `${ENGINE.includes(fromPart) ? toPart : fromPart} is no folder that the rules know`
  return ENGINE.indexOf(toPart) < ENGINE.indexOf(fromPart) ? null : `${fromPart} is below ${toPart}`
}

function reasonAgainstPackage({ from, to, typeOnly }: Import): string | null {
  if (to.startsWith('node:') || typeOnly) return null
  return FOUNDATION.includes(from) ? 'the foundation needs no package when it runs' : null
}

/** Circles of static imports, each once. Types alone make none: they are gone when the program runs. */
export function importCycles(sources: Sources): readonly string[] {
  const edges = new Map<string, string[]>()
  for (const { from, to, ours, typeOnly, lazy } of allImports(sources)) {
    if (ours && !typeOnly && !lazy) edges.set(from, [...(edges.get(from) ?? []), to])
  }
  const done = new Set<string>()
  const found: string[] = []
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file)
    if (at !== -1) found.push([...trail.slice(at), file].join(' -> '))
    if (at !== -1 || done.has(file)) return
    for (const next of edges.get(file) ?? []) visit(next, [...trail, file])
    done.add(file)
  }
  for (const file of edges.keys()) visit(file, [])
  return found
}

interface Habit {
  readonly what: RegExp
  readonly where: (file: string) => boolean
  readonly reason: string
}

const inSrc = (file: string) => file.startsWith('src/')

const HABITS: readonly Habit[] = [
  {
    what: /\.reveal\(/,
    where: (file) => file !== 'src/sensitive.ts' && !MAY_REVEAL.some((allowed) => allowed.test(file)),
    reason: 'values stay in their box here',
  },
  { what: /\bprocess\.env\b/, where: (file) => inSrc(file) && !MAY_READ_ENVIRONMENT.includes(file), reason: 'the environment is read in src/app.ts' },
  {
    what: /\bprocess\.(exit\(|abort\(|exitCode\s*=)/,
    where: (file) => !file.startsWith('cli/') && file !== 'jobs/worker.ts',
    reason: 'only the command line ends the process',
  },
  { what: /\b(Date\.now\(|new Date\(\)|Math\.random\()/, where: (file) => inSrc(file) && file !== ROOT, reason: 'clock and randomness are given' },
  { what: /\bconsole\.(log|info|warn|error|debug)\(/, where: (file) => inSrc(file) || file.startsWith('cli/'), reason: 'cli/output.ts is the only writer' },
  { what: /\bprocess\.(stdout|stderr)\b/, where: inSrc, reason: 'cli/output.ts is the only writer' },
  { what: /^import \{[^}]*\bz\b[^}]*\} from 'zod'/m, where: () => true, reason: 'import * as z: the other way makes the bundle twice as large' },
]

/** What may be written only in some places. */
export function habitViolations(sources: Sources): readonly string[] {
  const found: string[] = []
  for (const [file, text] of sources) {
    const code = withoutComments(text)
    for (const { what, where, reason } of HABITS) {
      const hit = where(file) ? what.exec(code) : null
      if (hit !== null) found.push(`${file}:${code.slice(0, hit.index).split('\n').length} "${hit[0].trim()}": ${reason}`)
    }
  }
  return found
}

/** Folders whose name says nothing. */
export function folderViolations(sources: Sources): readonly string[] {
  return [...sources.keys()].filter((file) => file.split('/').some((name) => FORBIDDEN_FOLDERS.includes(name.replace(/\.ts$/, ''))))
}

function allImports(sources: Sources): readonly Import[] {
  return [...sources].flatMap(([file, text]) => importsOf(file, text))
}
