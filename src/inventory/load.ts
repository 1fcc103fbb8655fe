import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { KeyturnError } from '../errors.ts'
import type { Inventory, Json } from '../terms.ts'
import { checkInventory, type Kinds } from './checks.ts'
import { type Gathered, gather } from './extend.ts'
import { findInventoryFile, type Wanted } from './find.ts'
import { asProblems, faultyPaths } from './issues.ts'
import { asConfigInvalid, displayPath, type Problem } from './problem.ts'
import { resolveInventory, type Surroundings } from './resolve.ts'
import { type Raw, SCHEMAS } from './schema.ts'
import { readSource } from './source.ts'
import type { Stamp } from './stamp.ts'
import { type Node, type Path, placeOf, plain } from './tree.ts'

export type { Kinds } from './checks.ts'

/** What to load, and what this build can do with it. */
export interface LoadOptions extends Wanted {
  readonly kinds: Kinds
  /** The name of this machine: outputs without a host are its own. */
  readonly host: string
}

/** An inventory with the stamps of all files it was made from: the cache is valid as long as they are the same. */
export interface LoadedInventory extends Inventory {
  readonly stamps: readonly Stamp[]
}

/**
 * Finds, reads and validates the inventory. Reads only; may be repeated. Throws CONFIG_NOT_FOUND; FILE_UNREADABLE for a file that
 * this user may not read; CONFIG_INVALID with every problem at once in `details`, each as `file:line:col: message` and a hint.
 */
export function loadInventory(options: LoadOptions): LoadedInventory {
  const file = findInventoryFile(options)
  const gathered = gather(file)
  const [first] = gathered.problems
  if (gathered.unreadable && gathered.unreadable !== 'CONFIG_INVALID' && first) {
    throw new KeyturnError(gathered.unreadable, `${displayPath(file, options.cwd)}: ${first.message}`, first.hint ? { hint: first.hint } : {})
  }
  return { ...judge(file, gathered, options), stamps: gathered.sources.map((source) => source.stamp) }
}

/** A text that is not written yet, as if it stood in `file`: what `init` and edits ask before they write. Throws CONFIG_INVALID likewise. */
export function loadInventoryText(text: string, file: string, options: Omit<LoadOptions, 'config'>): Inventory {
  const never = { file, mtimeNs: '', ctimeNs: '', size: '', inode: '', device: '' }
  return judge(file, gather(file, { file, bytes: Buffer.from(text), text, stamp: never }), options)
}

function judge(file: string, gathered: Gathered, options: Omit<LoadOptions, 'config'>): Inventory {
  const { root, sources } = gathered
  const problems: Problem[] = [...gathered.problems]
  const files = sources.map((source) => source.file)
  const hash = createHash('sha256')
  for (const source of sources) hash.update(source.bytes)
  const around: Surroundings = { file, dir: dirname(file), hash: hash.digest('hex'), host: options.host, environment: options.environment }
  const raw = root && validate(root, options.kinds, around, files, problems)
  if (root && raw) problems.push(...checkEnvironment(root, raw, options.environment), ...checkSiblings(root, raw, file, files))
  if (!raw || problems.length > 0) throw asConfigInvalid(problems, [file, ...files], options.cwd)
  return resolveInventory(raw, around)
}

/** Shape first, then everything else; what has a wrong shape is left out of the second, so that both are reported at once. */
function validate(root: Node, kinds: Kinds, around: Surroundings, files: readonly string[], problems: Problem[]): Raw | null {
  const data = plain(root)
  const whole = SCHEMAS.inventory.safeParse(data)
  const issues = whole.error?.issues ?? []
  problems.push(...asProblems(issues, SCHEMAS.inventory, root))
  const paths = faultyPaths(issues)
  const raw = whole.success ? whole.data : soundParts(data, paths)
  if (!raw) return null
  const declared = new Set(Object.keys((data as { secrets?: object | null }).secrets ?? {}))
  const faulty = new Set(paths.flatMap((path) => (path[0] === 'secrets' && path[1] !== undefined ? [String(path[1])] : [])))
  problems.push(...checkInventory({ raw, root, kinds, around, files, declared, faulty }))
  return raw
}

/** The file without what has a wrong shape: first only the keys concerned, and if that is not enough the whole parts. `null`: nothing is left. */
function soundParts(data: Json, faulty: readonly Path[]): Raw | null {
  let copy = data as Record<string, unknown>
  let paths = faulty
  for (const depth of [9, 3, 2, 1]) {
    copy = paths.reduce((rest, path) => cut(rest, path.slice(0, depth)), copy)
    const again = SCHEMAS.inventory.safeParse(copy.id === undefined ? { ...copy, id: 'kt_missing' } : copy)
    if (again.success) return again.data
    paths = faultyPaths(again.error.issues)
  }
  return null
}

/** A copy without what stands at a path. Items of lists keep their numbers, since places are found by them. */
function cut(data: Record<string, unknown>, path: Path): Record<string, unknown> {
  const [step, ...rest] = path
  if (step === undefined) return data
  const below = data[step]
  if (rest.length > 0 && typeof below === 'object' && below !== null) {
    const [next] = rest
    if (Array.isArray(below)) {
      const items = below.map((item: unknown, index) =>
        index !== next ? item : rest.length === 1 || typeof item !== 'object' ? HARMLESS[step]?.(index) : cut(item as Record<string, unknown>, rest.slice(1)),
      )
      return { ...data, [step]: items }
    }
    return { ...data, [step]: cut(below as Record<string, unknown>, rest) }
  }
  return Object.fromEntries(Object.entries(data).filter(([key]) => key !== step))
}

const HARMLESS: Readonly<Record<string, (index: number) => unknown>> = {
  outputs: (index) => `.keyturn-unread-${index}`,
  rules: () => ({ when: {}, require: ['_'] }),
  notify: () => ({ kind: 'unread' }),
}

function checkEnvironment(root: Node, raw: Raw, wanted: string | undefined): readonly Problem[] {
  if (wanted === undefined || raw.environment === undefined || raw.environment === wanted) return []
  const place = placeOf(root, ['environment'], 'value')
  return [
    {
      ...place,
      message: `environment: this file is ${raw.environment}, and -e asks for ${wanted}`,
      hint: 'each environment has a file and an id of its own',
    },
  ]
}

/** A copied file with the same id would write into the streams of the other environment. */
function checkSiblings(root: Node, raw: Raw, file: string, files: readonly string[]): readonly Problem[] {
  let names: readonly string[]
  try {
    names = readdirSync(dirname(file))
  } catch {
    return []
  }
  for (const name of names) {
    const other = join(dirname(file), name)
    if (!/^secrets(\.[a-z0-9_-]+)?\.yaml$/.test(name) || resolve(other) === resolve(file) || files.includes(other)) continue
    const source = readSource(other)
    if ('text' in source && new RegExp(`^id:[ \\t]*["']?${raw.id}["']?[ \\t\\r]*(#.*)?$`, 'm').test(source.text)) {
      return [
        {
          ...placeOf(root, ['id'], 'value'),
          message: `id: ${basename(other)} has the same id`,
          hint: 'each environment needs an id of its own: change the id of the newer file before it is used',
        },
      ]
    }
  }
  return []
}
