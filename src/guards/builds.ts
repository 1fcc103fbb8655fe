import { existsSync, lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { composeBuilds } from './compose-builds.ts'
import { type DockerTarget, within } from './ignore-lines.ts'
import { filesNamed } from './walk.ts'

/** Names that Compose itself looks for, and those that people give beside them. */
const COMPOSE_FILE = /^(docker-)?compose([.-][\w.-]+)?\.ya?ml$/
const DOCKERFILE = /^(Dockerfile|Containerfile)(\.(?!dockerignore$)[\w.-]+)?$|^[\w.-]+\.(Dockerfile|Containerfile)$/i
/** Describe builds too, in languages that nothing here reads. */
const OTHERS = /^docker-bake.*\.(hcl|json)$|^\.containerignore$|^skaffold\.ya?ml$/

/** One way to build an image of the project. */
export interface Build {
  /** What says so: `docker-compose.yml, service api`, or a Dockerfile. */
  readonly from: string
  /** Absolute, without symbolic links. */
  readonly context: string
  /** The one ignore file in force: that of the Dockerfile alone, or that of the context. It need not be there. */
  readonly ignoreFile: string
}

/** The builds of a project, and what was seen and not understood. */
export interface Builds {
  readonly builds: readonly Build[]
  readonly unknown: readonly string[]
}

/**
 * Every build context that Dockerfiles and compose files below `root` name. A Dockerfile is built from its own folder, and
 * from the folder of the inventory too where it lies below that (`docker build -f docker/Dockerfile .`), unless a compose file says
 * what it is built from. Reads only; never throws.
 *
 * @param root absolute: the top of the repository, or the folder of the inventory
 * @param dir absolute: the folder of the inventory
 */
export function findBuilds(root: string, dir: string): Builds {
  const walked = filesNamed(root, (name) => COMPOSE_FILE.test(name) || DOCKERFILE.test(name) || OTHERS.test(name))
  const shown = (file: string): string => relative(dir, file) || file
  const unknown = walked.cut ? [`some folders below ${root}: too many files, too deep, or not to be read`] : []
  const builds: Build[] = []
  const said = new Set<string>()
  const queue = walked.files.filter((file) => COMPOSE_FILE.test(basename(file)))
  for (const file of queue) {
    const found = composeBuilds(file)
    unknown.push(...found.unknown.map((one) => one.replace(`${dir}/`, '')))
    for (const one of found.refers) if (!queue.includes(one) && existsSync(one)) queue.push(one)
    for (const { name, context, dockerfile } of found.builds) {
      const real = folderOf(context)
      if (real === null) continue
      if (dockerfile !== null) said.add(realOf(dockerfile))
      builds.push({ from: `${shown(file)}, ${name}`, context: real, ignoreFile: ignoreFileOf(real, dockerfile) })
    }
  }
  for (const file of walked.files) {
    if (OTHERS.test(basename(file))) unknown.push(`${shown(file)}: not understood`)
    if (!DOCKERFILE.test(basename(file)) || said.has(realOf(file))) continue
    const own = folderOf(dirname(file)) ?? dirname(file)
    for (const context of new Set([own, ...(within(dir, own) === null ? [] : [dir])])) {
      builds.push({ from: shown(file), context, ignoreFile: ignoreFileOf(context, file) })
    }
  }
  return { builds, unknown }
}

/** The ignore files of builds, each once for a context, where files lie that are not to come in. */
export function targetsOf(builds: readonly Build[], files: readonly string[]): readonly DockerTarget[] {
  const targets = new Map<string, DockerTarget>()
  for (const { context, ignoreFile } of builds) {
    if (files.some((file) => within(context, file) !== null)) targets.set(`${ignoreFile}\0${context}`, { path: ignoreFile, context })
  }
  return [...targets.values()]
}

/** The one beside the Dockerfile counts alone, also when it is empty. */
function ignoreFileOf(context: string, dockerfile: string | null): string {
  const own = dockerfile === null ? null : `${dockerfile}.dockerignore`
  return own !== null && existsSync(own) ? own : join(context, '.dockerignore')
}

function folderOf(path: string): string | null {
  try {
    const real = realpathSync(path)
    return lstatSync(real).isDirectory() ? real : null
  } catch {
    return null
  }
}

function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
