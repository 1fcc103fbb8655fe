import { basename, dirname, join, relative, sep } from 'node:path'
import { dockerExcludes } from './dockerignore.ts'
import { gitIgnores, type ReadText } from './gitignore.ts'

/** One ignore file with the lines that it lacks. */
export interface IgnoreChange {
  readonly path: string
  readonly kind: 'git' | 'docker'
  /** `null`: the file is made. */
  readonly before: string | null
  readonly after: string
  readonly added: readonly string[]
}

/** An ignore file that decides what comes into a build, and the folder that its patterns start from. */
export interface DockerTarget {
  readonly path: string
  readonly context: string
}

/** Everything is absolute. */
export interface IgnoreQuestion {
  /** The folder of the inventory. */
  readonly dir: string
  readonly files: readonly string[]
  /** Folders that nobody else's files are in, such as that of the state. */
  readonly folders?: readonly string[]
  /** The top of the git repository that the inventory lies in; `null`: there is none. */
  readonly git: string | null
  readonly docker: readonly DockerTarget[]
  readonly read: ReadText
}

/** What stands beside an output for a moment while it is written, and after a kill until the next write. */
const TEMPORARY = '.*.keyturn-*.tmp'
/** A name that this pattern means. */
const temporaryOf = (file: string): string => join(dirname(file), `.${basename(file)}.keyturn-0.tmp`)

/** A line, and a path that it is to cover. */
interface Wanted {
  readonly covers: string
  readonly line: (from: string) => string
}

/**
 * The lines that keep files out of git and out of images, as far as they are missing. Rules that only this machine has
 * (`.git/info/exclude`, the user's global file) do not count: they protect no other clone.
 */
export function planIgnores(question: IgnoreQuestion): readonly IgnoreChange[] {
  return [...(question.git === null ? [] : planGit(question, question.git)), ...question.docker.flatMap((target) => planDocker(question, target))]
}

function planGit({ dir, files, folders = [], read }: IgnoreQuestion, root: string): readonly IgnoreChange[] {
  const wanted: readonly Wanted[] = [
    ...files.flatMap((file) => [
      { covers: file, line: (from: string) => gitLine(from, file) },
      { covers: temporaryOf(file), line: () => TEMPORARY },
    ]),
    ...folders.map((folder) => ({ covers: join(folder, 'any'), line: (from: string) => gitLine(from, folder) })),
  ]
  const lines = new Map<string, string[]>()
  const now: ReadText = (path) => withLines(read(path), lines.get(path) ?? [])
  for (const { covers, line } of wanted) {
    if (within(root, covers) === null || gitIgnores(now, root, covers)) continue
    // At the inventory where that helps; a deeper file that takes it back has the last word.
    for (const folder of foldersBetween(within(dir, covers) === null ? root : dir, dirname(covers))) {
      const path = join(folder, '.gitignore')
      const more = [...(lines.get(path) ?? []), escaped(line(folder))]
      if (!gitIgnores((asked) => (asked === path ? withLines(read(path), more) : now(asked)), root, covers)) continue
      lines.set(path, more)
      break
    }
  }
  return [...lines].flatMap(([path, added]) => append(path, 'git', read(path), added) ?? [])
}

function planDocker({ files, folders = [], read }: IgnoreQuestion, { path, context }: DockerTarget): readonly IgnoreChange[] {
  const text = read(path)
  const lines: string[] = []
  const want = (covers: string, line: string): void => {
    const inside = within(context, covers)
    const excluded = (more: readonly string[]): boolean => dockerExcludes(withLines(text, [...lines, ...more]) ?? '', inside ?? '')
    // Where it does not help, as in a file that Docker refuses, a person must look first.
    if (inside !== null && !excluded([]) && excluded([line])) lines.push(line)
  }
  for (const file of files) {
    // Blanks at the end are cut off there, also one after a backslash.
    want(file, `**/${literal(basename(file)).replace(/\s$/, '?')}`)
    want(temporaryOf(file), `**/${TEMPORARY}`)
  }
  for (const folder of folders) want(join(folder, 'any'), literal(within(context, folder) ?? ''))
  const change = append(path, 'docker', text, lines)
  return change === null ? [] : [change]
}

/** Without a slash it would count at any depth, which for `.env` is what one wants, for `config/app.env` is not. */
function gitLine(from: string, file: string): string {
  const path = literal(within(from, file) ?? basename(file))
  return `${path.includes('/') ? '/' : ''}${path}`
}

/** What is a pattern otherwise, and what no line can hold. */
const literal = (path: string): string => path.replace(/[\\*?[\]]/g, '\\$&').replace(/[\n\r]/g, '?')

/** `file` as seen from `folder`, with `/`; `null` where it lies elsewhere. */
export function within(folder: string, file: string): string | null {
  const path = relative(folder, file).split(sep).join('/')
  return path === '' || path === '..' || path.startsWith('../') ? null : path
}

/** From the upper one down to the lower one; the lower one alone where it does not lie below. */
function foldersBetween(upper: string, lower: string): readonly string[] {
  const path = within(upper, lower)
  if (path === null) return [lower]
  const parts = path.split('/')
  return [upper, ...parts.map((_, at) => join(upper, ...parts.slice(0, at + 1)))]
}

/** Adds the lines at the end, in the file's own line ends; each line only once. */
function append(path: string, kind: 'git' | 'docker', before: string | null, wanted: readonly string[]): IgnoreChange | null {
  const added = [...new Set(wanted)]
  if (added.length === 0) return null
  return { path, kind, before, after: withLines(before, added) ?? '', added }
}

function withLines(before: string | null, added: readonly string[]): string | null {
  if (added.length === 0) return before
  const text = before ?? ''
  const eol = /\r\n/.test(text) ? '\r\n' : '\n'
  const gap = text === '' || text.endsWith('\n') ? '' : eol
  return `${text}${gap}${added.join(eol)}${eol}`
}

/** For git: a name that begins like a comment or an exception, or ends with blanks. */
const escaped = (line: string): string => line.replace(/^([#!])/, '\\$1').replace(/ +$/, (blanks) => '\\ '.repeat(blanks.length))

/** The file without the lines that were added to it: as it was, where nobody changed it since. `null`: it is to go. */
export function undoIgnore(now: string, change: Pick<IgnoreChange, 'before' | 'after' | 'added'>): string | null {
  if (now === change.after) return change.before
  const left = [...change.added]
  const lines = now.split(/(?<=\n)/)
  const kept: string[] = []
  // From the end: there they were added, and an equal line further up is somebody else's.
  for (const line of lines.reverse()) {
    const at = left.indexOf(line.replace(/\r?\n$/, ''))
    if (at < 0) kept.unshift(line)
    else left.splice(at, 1)
  }
  const text = kept.join('')
  return change.before === null && text.trim() === '' ? null : text
}

/** What is added, for a person to look at before it is. */
export function showChange(change: IgnoreChange): string {
  const lines = change.before === null ? [] : change.before.split(/\r?\n/).filter((line, at, all) => line !== '' || at < all.length - 1)
  const context = lines.slice(-2).map((line) => `    ${line}`)
  const skipped = lines.length > 2 ? ['    ...'] : []
  return [`${change.path}${change.before === null ? ' (new)' : ''}:`, ...skipped, ...context, ...change.added.map((line) => `  + ${line}`)].join('\n')
}
