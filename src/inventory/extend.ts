import { dirname, resolve } from 'node:path'
import type { ErrorCode } from '../errors.ts'
import { parseYaml } from './document.ts'
import type { Problem } from './problem.ts'
import { readSource, type Source } from './source.ts'
import { type Node, nodeAt, overlay, without } from './tree.ts'

/** Which belongs to one file only: it names its streams, and says what it is. */
const NEVER_INHERITED = ['id', 'environment', 'extends']
/** More is a cycle through links, or a mistake. */
const MOST_FILES = 32

/** An inventory with everything it extends laid under it. */
export interface Gathered {
  /** `null`: nothing could be made of the file itself. */
  readonly root: Node | null
  readonly problems: readonly Problem[]
  /** The file itself first, then what it extends, in the order read. */
  readonly sources: readonly Source[]
  /** When the file itself could not be read: the code for it. */
  readonly unreadable?: ErrorCode
}

/**
 * Reads a file and what it extends, deepest first: maps are merged by key and the child wins, lists and scalars are replaced, `id`
 * and `environment` are never inherited. Relative paths in a base start from the folder of the file that extends it last. `given`: the
 * file itself, not written yet.
 */
export function gather(file: string, given?: Source): Gathered {
  const problems: Problem[] = []
  const sources: Source[] = []
  let unreadable: ErrorCode | undefined

  const read = (path: string, from: readonly string[], asked: Problem): Node | null => {
    if (from.includes(path)) {
      problems.push({ ...asked, message: 'extends: the file extends itself, directly or through another', hint: 'take one of the lines away' })
      return null
    }
    if (sources.length >= MOST_FILES) {
      problems.push({ ...asked, message: `extends: more than ${MOST_FILES} files`, hint: 'put what they share into one' })
      return null
    }
    const known = sources.find((source) => source.file === path)
    const source = known ?? (given?.file === path ? given : readSource(path))
    if (!('text' in source)) {
      const own = from.length === 0
      if (own) unreadable = source.code
      problems.push(
        own
          ? { file: path, line: source.line, col: source.col, message: source.message, hint: source.hint }
          : { ...asked, message: `extends: ${source.message}`, hint: source.hint },
      )
      return null
    }
    if (!known) sources.push(source)
    const parsed = parseYaml(source)
    // A base that two files share is read twice; what is wrong with it is said once.
    problems.push(...parsed.problems)
    if (!parsed.root) return null
    let under: Node | null = null
    for (const base of basesOf(parsed.root)) {
      const below = read(resolve(dirname(path), base.file), [...from, path], base.problem)
      if (below) under = under ? overlay(under, below) : below
    }
    return under ? overlay(without(under, NEVER_INHERITED), parsed.root) : parsed.root
  }

  const root = read(file, [], { file, line: 1, col: 1, message: '' })
  return { root, problems, sources, ...(unreadable ? { unreadable } : {}) }
}

/** What `extends` names: one file or a list. Anything else is left to the schema. */
function basesOf(root: Node): readonly { file: string; problem: Problem }[] {
  const node = nodeAt(root, ['extends'])
  const items = node?.kind === 'list' ? node.items : node ? [node] : []
  return items.flatMap((item) =>
    item.kind === 'scalar' && typeof item.value === 'string' && item.value !== '' ? [{ file: item.value, problem: { ...item.at, message: '' } }] : [],
  )
}
