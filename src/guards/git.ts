import { lstatSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { askGit } from '../outputs/git.ts'

/** Why git leaves a file alone. */
export interface IgnoredBy {
  /** As git names it. */
  readonly source: string
  readonly line: number
  /** It is a `.gitignore` of the working tree: it protects other clones too, once it is committed. */
  readonly shared: boolean
}

/** What git says of one path. */
export interface GitView {
  /** `null`: `git add` would take it. */
  readonly ignored: IgnoredBy | null
  /** It, or something in it, stands in the index: committed, or staged to be. */
  readonly tracked: boolean
  /** The last commit holds it. */
  readonly committed: boolean
}

export interface GitAnswers {
  /** By path as it was asked. */
  readonly views: ReadonlyMap<string, GitView>
  /** Why git could not say, where it could not. */
  readonly trouble: string | null
}

/** How git is run: where it is looked for, and whose settings it reads. */
export interface GitSettings {
  readonly path?: string | undefined
  /** HOME and XDG_CONFIG_HOME of whoever asks: `core.excludesFile` is found through them. */
  readonly env: Readonly<Record<string, string>>
}

/** The top of the working tree that a folder lies in: of a repository, a worktree or a submodule. `null`: none. */
export function repositoryOf(dir: string): string | null {
  for (let folder = dir; ; folder = dirname(folder)) {
    if (isThere(join(folder, '.git'))) return folder
    if (folder === dirname(folder)) return null
  }
}

function isThere(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}

/** Stand in a folder so that git knows it, and hold nothing. */
const KEEPS = /(^|\/)\.(git)?(keep|ignore)$/

/**
 * Git's own answers about paths in one working tree. Paths are absolute, without symbolic links on the way; names are never
 * patterns. Never throws: where git is not installed or refuses, `trouble` says so and nothing is known.
 */
export async function gitViews(root: string, paths: readonly string[], settings: GitSettings): Promise<GitAnswers> {
  const names = paths.map((path) => relative(root, path))
  const { path, env } = settings
  const [ignored, index, commit] = await Promise.all([
    askGit({
      ...{ folder: root, args: ['check-ignore', '--no-index', '--verbose', '--non-matching', '-z', '--stdin'], path },
      input: names.map((name) => `./${name}\0`).join(''),
      // It refuses to be told that names are no patterns, and takes none for one but those that begin with a colon.
      env: { ...env, GIT_LITERAL_PATHSPECS: '0' },
    }),
    askGit({ folder: root, args: ['ls-files', '-z', '--cached', '--', ...names], path, env }),
    askGit({ folder: root, args: ['ls-tree', '-r', '-z', '--name-only', 'HEAD', '--', ...names], path, env }),
  ])
  // 1: nothing of what was asked is ignored.
  if (ignored.status !== 0 && ignored.status !== 1) return { views: new Map(), trouble: ignored.reason }
  if (index.status !== 0) return { views: new Map(), trouble: index.reason }
  const rules = readRules(ignored.stdout, root)
  // Without a first commit there is no HEAD.
  const [staged, committed] = [index, commit].map((reply) =>
    reply.status === 0 ? reply.stdout.split('\0').filter((name) => name !== '' && !KEEPS.test(name)) : [],
  )
  const isIn = (list: readonly string[] | undefined, name: string): boolean => list?.some((one) => one === name || one.startsWith(`${name}/`)) ?? false
  const views = names.map((name, at): [string, GitView] => {
    return [paths[at] ?? '', { ignored: rules.get(name) ?? null, tracked: isIn(staged, name), committed: isIn(committed, name) }]
  })
  return { views: new Map(views), trouble: null }
}

/** Four texts for each path: file, line, pattern, path; the first three empty where no rule matches. */
function readRules(said: string, root: string): ReadonlyMap<string, IgnoredBy> {
  const parts = said.split('\0')
  const found = new Map<string, IgnoredBy>()
  for (let at = 0; at + 3 < parts.length; at += 4) {
    const [source = '', line = '', pattern = '', name = ''] = parts.slice(at, at + 4)
    // The rule that decides may be one that takes it back.
    if (source === '' || pattern.startsWith('!')) continue
    const inTree = relative(root, resolve(root, source))
    found.set(name.slice(2), { source, line: Number(line), shared: basename(source) === '.gitignore' && !inTree.startsWith('..') })
  }
  return found
}
