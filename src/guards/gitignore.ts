import { dirname, join, relative, sep } from 'node:path'
import { wildmatch } from './wildmatch.ts'

/** A text file by its absolute path; `null` where it is not there. */
export type ReadText = (path: string) => string | null

interface Rule {
  readonly negated: boolean
  readonly foldersOnly: boolean
  /** Given the path from the folder of the rules, in bytes. */
  test(path: string): boolean
}

/**
 * Whether git would leave an untracked file alone, by the `.gitignore` files between the top of the repository and it. For
 * planning, and for machines without git: rules that only this machine has (`.git/info/exclude`, the user's global file) are
 * not looked at, since they protect no other clone.
 *
 * @param root absolute: the top of the working tree
 * @param file absolute, below it
 */
export function gitIgnores(read: ReadText, root: string, file: string): boolean {
  const parts = relative(root, file).split(sep)
  // A folder that is ignored hides all below it: nothing there can be taken back.
  return parts.some((_, at) => isIgnored(read, root, join(root, ...parts.slice(0, at + 1)), at < parts.length - 1))
}

/** The deepest `.gitignore` that says anything decides, and its last line that matches. */
function isIgnored(read: ReadText, root: string, path: string, isFolder: boolean): boolean {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const name = bytes(relative(folder, path).split(sep).join('/'))
    const rule = rulesOf(read(join(folder, '.gitignore')) ?? '').findLast((one) => (isFolder || !one.foldersOnly) && one.test(name))
    if (rule !== undefined) return !rule.negated
    if (folder === root || folder === dirname(folder)) return false
  }
}

/** Git compares bytes, not characters. */
const bytes = (text: string): string => Buffer.from(text).toString('latin1')

const rulesOf = (text: string): readonly Rule[] =>
  text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('#') ? [] : (ruleOf(bytes(withoutBlanks(line))) ?? [])))

/** Blanks at the end go, unless a backslash keeps one. */
function withoutBlanks(line: string): string {
  let end = 0
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '\\') at++
    if (line[at] !== ' ' || line[at - 1] === '\\') end = at + 1
  }
  return line.slice(0, end)
}

function ruleOf(line: string): Rule | null {
  const negated = line.startsWith('!')
  const bare = negated ? line.slice(1) : line
  const foldersOnly = bare.endsWith('/')
  const pattern = foldersOnly ? bare.slice(0, -1) : bare
  if (pattern === '') return null
  if (!pattern.includes('/')) {
    const expression = wildmatch(pattern)
    return { negated, foldersOnly, test: (path) => expression?.test(path.slice(path.lastIndexOf('/') + 1)) ?? false }
  }
  const anchored = pattern.startsWith('/') ? pattern.slice(1) : pattern
  // Git cuts off what is no pattern first: what follows then counts as the beginning, and "a**/b" means as much as "a" and "**/b".
  const fixed = /^[^*?[\\]*/.exec(anchored)?.[0] ?? ''
  const expression = wildmatch(anchored.slice(fixed.length))
  return { negated, foldersOnly, test: (path) => path.startsWith(fixed) && (expression?.test(path.slice(fixed.length)) ?? false) }
}
