import { compilePattern, isGoPattern, type PathTest } from './moby-pattern.ts'

/** The lines of a `.dockerignore`, in their order. */
export interface DockerRules {
  /** `test` is `null` for one that Docker cannot compare with: it gives up at the first file that it would have to. */
  readonly patterns: readonly { readonly negated: boolean; readonly test: PathTest | null }[]
  /** The first line that Docker refuses, as it is written; `null`: it takes all of them. */
  readonly refused: string | null
  /** Whatever is in the context, nothing can be built. */
  readonly broken: boolean
}

/** `refused`: at this file Docker gives up, and nothing is built. */
export type DockerVerdict = 'in' | 'out' | 'refused'

/**
 * Reads a `.dockerignore` as BuildKit does: a byte order mark and comments go, blanks around a pattern too; every pattern
 * starts at the root of the context. Never throws.
 */
export function readDockerRules(text: string): DockerRules {
  const patterns: { negated: boolean; test: PathTest | null }[] = []
  let refused: string | null = null
  let broken = false
  for (const line of text.replace(/^\uFEFF/, '').split('\n')) {
    if (line.startsWith('#')) continue
    const written = trimmed(line)
    if (written === '') continue
    const pattern = normalized(written)
    const negated = pattern.startsWith('!')
    const bare = negated ? pattern.slice(1) : pattern
    const test = bare === '' ? null : compilePattern(bare)
    if (test === null) refused ??= written
    if (bare === '' || !isGoPattern(bare)) broken = true
    patterns.push({ negated, test })
  }
  return { patterns, refused, broken }
}

/**
 * Whether a file (from the root of the context, with `/`) comes into the build. The last line that matches it decides, and a
 * line that matched a folder above it matches it too. As BuildKit walks: a line that had nothing to decide at the folder is
 * not asked about the folder again.
 */
export function dockerVerdict({ patterns, broken }: DockerRules, file: string): DockerVerdict {
  if (broken) return 'refused'
  const above = patterns.map(() => false)
  for (let end = file.indexOf('/'); ; end = file.indexOf('/', end + 1)) {
    const path = end < 0 ? file : file.slice(0, end)
    let excluded = false
    for (const [at, { negated, test }] of patterns.entries()) {
      if (!above[at] && negated === excluded) {
        if (test === null) return 'refused'
        above[at] = test(path)
      }
      if (above[at]) excluded = !negated
    }
    if (end < 0) return excluded ? 'out' : 'in'
  }
}

/** Whether the text of a `.dockerignore` keeps a file out. One that Docker refuses keeps nothing out: somebody will mend it. */
export const dockerExcludes = (text: string, file: string): boolean => dockerVerdict(readDockerRules(text), file) === 'out'

/** Go's unicode.IsSpace, which is not quite JavaScript's. */
const BLANKS = '[\\t\\n\\v\\f\\r \\x85\\xA0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000]+'
const AROUND = new RegExp(`^${BLANKS}|${BLANKS}$`, 'gu')

const trimmed = (text: string): string => text.replace(AROUND, '')

/** Cleaned twice: by what reads the file, and with its mark by what makes patterns of it. `/foo`, `foo/` and `./foo` are one. */
function normalized(written: string): string {
  const negated = written.startsWith('!')
  const bare = negated ? trimmed(written.slice(1)) : written
  const first = bare === '' ? '' : clean(bare)
  const pattern = first.length > 1 && first.startsWith('/') ? first.slice(1) : first
  return clean(negated ? `!${pattern}` : pattern)
}

/** Go's filepath.Clean. */
function clean(path: string): string {
  const rooted = path.startsWith('/')
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (!rooted) parts.push('..')
  }
  return `${rooted ? '/' : ''}${parts.join('/')}` || '.'
}
