import { posix } from 'node:path'
import ignore from 'ignore'
import { dockerExcludes } from './dockerignore.ts'

/** A file of the project, read for planning; `null` where it is not there. Paths are relative to the root of what is looked at. */
export type ReadText = (path: string) => string | null

/** One ignore file with the lines that it lacks. */
export interface IgnoreChange {
  /** Relative to the folder that was looked at. */
  readonly path: string
  readonly kind: 'git' | 'docker'
  /** `null`: the file is made. */
  readonly before: string | null
  readonly after: string
  readonly added: readonly string[]
}

export interface IgnoreQuestion {
  /** The folder of the inventory relative to the root: `''` where it is the root. */
  readonly dir: string
  /** Env files relative to the root, with `/`. */
  readonly files: readonly string[]
  /** The root is that of a git repository. */
  readonly git: boolean
  /** Folders that images are built from, relative to the root. */
  readonly contexts: readonly string[]
  /** Ignore files that BuildKit uses alone for one Dockerfile: `X.Dockerfile.dockerignore`. With their context. */
  readonly own: readonly { readonly path: string; readonly context: string }[]
  readonly read: ReadText
}

/** What stands beside an output for a moment while it is written, and after a kill until the next write. */
const TEMPORARY = '.*.keyturn-*.tmp'
/** A name that this pattern means. */
const temporaryOf = (file: string): string => posix.join(posix.dirname(file), `.${posix.basename(file)}.keyturn-0.tmp`)

/**
 * The lines that keep the env files out of git and out of images, as far as they are missing. Rules that only this machine
 * has (`.git/info/exclude`, the user's global file) do not count: they protect no other clone.
 */
export function planIgnores(question: IgnoreQuestion): readonly IgnoreChange[] {
  const changes: IgnoreChange[] = []
  if (question.git) {
    const path = posix.join(question.dir, '.gitignore')
    const lines = question.files.flatMap((file) => [
      ...(gitIgnores(question.read, file) ? [] : [gitLine(question.dir, file)]),
      ...(gitIgnores(question.read, temporaryOf(file)) ? [] : [TEMPORARY]),
    ])
    const change = append(path, 'git', question.read(path), lines)
    if (change !== null) changes.push(change)
  }
  const targets = [...question.contexts.map((context) => ({ path: posix.join(context, '.dockerignore'), context })), ...question.own]
  for (const { path, context } of targets) {
    const text = question.read(path)
    const inside = question.files.flatMap((file) => within(context, file) ?? [])
    const lines = inside.flatMap((file) => [
      ...(dockerExcludes(text ?? '', file) ? [] : [`**/${literal(posix.basename(file))}`]),
      ...(dockerExcludes(text ?? '', temporaryOf(file)) ? [] : [`**/${TEMPORARY}`]),
    ])
    const change = append(path, 'docker', text, lines)
    if (change !== null) changes.push(change)
  }
  return changes
}

/** Whether git would leave an untracked file alone, by the `.gitignore` files between the root and it. */
export function gitIgnores(read: ReadText, file: string): boolean {
  const parts = file.split('/')
  // A folder that is ignored hides all below it: nothing there can be taken back.
  for (let depth = 1; depth <= parts.length; depth++) {
    const path = parts.slice(0, depth).join('/')
    if (verdictOf(read, depth < parts.length ? `${path}/` : path)) return true
  }
  return false
}

/** The deepest `.gitignore` that says anything decides. */
function verdictOf(read: ReadText, path: string): boolean {
  const parts = path.replace(/\/$/, '').split('/')
  for (let depth = parts.length - 1; depth >= 0; depth--) {
    const folder = parts.slice(0, depth).join('/')
    const rules = read(folder === '' ? '.gitignore' : `${folder}/.gitignore`)
    if (rules === null) continue
    const relative = folder === '' ? path : path.slice(folder.length + 1)
    const tested = ignore({ ignorecase: false })
      .add(rules.replace(/^\uFEFF/, ''))
      .test(relative)
    if (tested.ignored) return true
    if (tested.unignored) return false
  }
  return false
}

/** Without a slash it would count at any depth, which for `.env` is what one wants, for `config/app.env` is not. */
function gitLine(dir: string, file: string): string {
  const inside = within(dir, file)
  const path = literal(inside ?? file)
  return path.includes('/') ? `/${path}` : path
}

/** What is a pattern otherwise. */
const literal = (path: string): string => path.replace(/[\\*?[\]]/g, '\\$&')

/** `file` as seen from `folder`; `null` where it lies elsewhere. */
function within(folder: string, file: string): string | null {
  if (folder === '' || folder === '.') return file
  return file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : null
}

/** Adds the lines at the end, in the file's own line ends; each line only once. */
function append(path: string, kind: 'git' | 'docker', before: string | null, wanted: readonly string[]): IgnoreChange | null {
  const added = [...new Set(wanted.map(escaped))]
  if (added.length === 0) return null
  const text = before ?? ''
  const eol = /\r\n/.test(text) ? '\r\n' : '\n'
  const gap = text === '' || text.endsWith('\n') ? '' : eol
  return { path, kind, before, after: `${text}${gap}${added.join(eol)}${eol}`, added }
}

/** A name that begins like a comment or an exception. */
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
