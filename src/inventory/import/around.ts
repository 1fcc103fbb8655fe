import { lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import { parseDocument } from 'yaml'
import { fromFileSystem } from '../../errors.ts'
import type { IgnoreQuestion } from './ignore.ts'

/** Names that Compose itself looks for, and those that people give beside them. */
const COMPOSE_FILE = /^(docker-)?compose([.-][\w.-]+)?\.ya?ml$/
const DOCKERFILE = /^(Dockerfile|Containerfile)(\.(?!dockerignore)[\w.-]+)?$|^[\w.-]+\.(Dockerfile|Containerfile)$/
/** A compose file of a person is a few kilobytes; what is larger is not read. */
const LARGEST = 1024 * 1024

/** What lies around the env files. Reads only; paths in `question` are relative to `root`. */
export interface Around {
  /** Absolute: the git repository, else the folder of the inventory. */
  readonly root: string
  readonly question: IgnoreQuestion
  /** Files of Compose in the folder, by name. */
  readonly composeFiles: readonly string[]
}

/**
 * Looks for git, Dockerfiles and Compose around a project.
 *
 * @param dir absolute folder of the inventory
 * @param files absolute env files
 * @throws KeyturnError FILE_UNREADABLE for an ignore file that may not be read.
 */
export function lookAround(dir: string, files: readonly string[]): Around {
  const git = gitRoot(dir)
  const root = git ?? dir
  const place = (path: string): string => relative(root, path).split(sep).join('/')
  const inside = (path: string): boolean => !place(path).startsWith('../') && place(path) !== '..'
  const names = namesIn(dir)
  const composeFiles = names.filter((name) => COMPOSE_FILE.test(name))
  const builds = composeFiles.flatMap((name) => buildsOf(join(dir, name)))
  const folders = new Set<string>()
  if (composeFiles.length > 0 || names.some((name) => DOCKERFILE.test(name))) folders.add(dir)
  for (const build of builds) folders.add(join(dir, build.context))
  for (const file of files) if (namesIn(dirname(file)).some((name) => DOCKERFILE.test(name))) folders.add(dirname(file))
  const contexts = [...folders].filter((folder) => inside(folder) && isFolder(folder))
  return {
    root,
    composeFiles,
    question: {
      dir: place(dir),
      files: files.filter(inside).map(place),
      git: git !== null,
      contexts: contexts.map(place),
      own: contexts.flatMap((folder) =>
        namesIn(folder)
          .filter((name) => name.endsWith('.dockerignore') && name !== '.dockerignore')
          .map((name) => ({ path: posix.join(place(folder), name), context: place(folder) })),
      ),
      read: (path) => readText(join(root, path)),
    },
  }
}

/** The top of the repository or worktree that a folder lies in. */
function gitRoot(dir: string): string | null {
  for (let folder = dir; ; folder = dirname(folder)) {
    if (look(join(folder, '.git')) !== null) return folder
    if (folder === dirname(folder)) return null
  }
}

/** Build contexts of a compose file; none where it cannot be read: it is not ours to complain about. */
function buildsOf(file: string): readonly { readonly context: string }[] {
  try {
    const text = readFileSync(file, 'utf8')
    if (text.length > LARGEST) return []
    const services = (
      parseDocument(text, { logLevel: 'silent' }).toJS({ maxAliasCount: 100 }) as { services?: Record<string, { build?: unknown } | null> } | null
    )?.services
    return Object.values(services ?? {}).flatMap((service) => {
      const build = service?.build
      const context = typeof build === 'string' ? build : ((build as { context?: unknown } | null | undefined)?.context ?? null)
      return typeof context === 'string' && !/[:$]/.test(context) ? [{ context }] : []
    })
  } catch {
    return []
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const isFolder = (path: string): boolean => look(path)?.isDirectory() === true

/** `null` also for what this user may not see. */
function look(path: string): Stats | null {
  try {
    return lstatSync(path)
  } catch {
    return null
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw fromFileSystem(error, 'read', file)
  }
}
