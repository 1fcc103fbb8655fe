import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { ConsumerContext } from '../../ports.ts'
import { listOf, type ProjectParams, real, type Service } from './project.ts'

/** Compose commands as a person types them in the folder of the inventory. */

/** Half a sentence on the command that people try first. */
export const RESTART_KEEPS = 'docker compose restart keeps the environment that a container was created with'

/** Of each row Compose takes the first that is there. */
const FOUND = [
  ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'],
  ['compose.override.yml', 'compose.override.yaml', 'docker-compose.override.yml', 'docker-compose.override.yaml'],
]

/** `run docker compose up -d --no-deps --force-recreate ai_engine`, after what Compose would not find by itself. */
export function recreate(ctx: ConsumerContext<ProjectParams>, service: Service, containers: number): string {
  const scale = containers > 1 ? ` --scale ${service.name}=${containers}` : ''
  return `run ${compose(ctx, service)} up -d --no-deps --force-recreate${scale} ${service.name}`
}

/** `run docker compose --profile night up -d worker`. */
export const start = (ctx: ConsumerContext<ProjectParams>, service: Service, profiles: readonly string[]): string =>
  `run ${compose(ctx, service)}${profiles.map((profile) => ` --profile ${profile}`).join('')} up -d ${service.name}`

function compose(ctx: ConsumerContext<ProjectParams>, { at, directory, files, project }: Service): string {
  const here = real(resolve(ctx.dir))
  const shown = (file: string): string => {
    const path = relative(here, real(file))
    return quoted(path.startsWith('..') ? file : path || '.')
  }
  const isFound = files.length === 0 || sameFiles(files, at)
  const folder = isFound ? at : directory
  const options = [
    ...(real(folder) === here ? [] : [`--project-directory ${shown(folder)}`]),
    ...(isFound ? [] : files.map((file) => `-f ${shown(file)}`)),
    ...(project === undefined || isItsOwn(project, ctx, at, files) ? [] : [`-p ${quoted(project)}`]),
    ...listOf(ctx.params.env_file).map((file) => `--env-file ${quoted(file)}`),
    ...listOf(ctx.params.profile).map((profile) => `--profile ${quoted(profile)}`),
  ]
  return ['docker compose', ...options].join(' ')
}

/** Whether Compose would take these files by itself. */
function sameFiles(files: readonly string[], folder: string): boolean {
  const found = FOUND.flatMap((row) => row.find((name) => existsSync(join(folder, name))) ?? [])
  return files.length === found.length && files.every((file, at) => real(dirname(file)) === real(folder) && basename(file) === found[at])
}

/** Whether Compose would call the project so by itself: by the shell's variable, the file's own word, or the folder. */
function isItsOwn(project: string, ctx: ConsumerContext<ProjectParams>, at: string, files: readonly string[]): boolean {
  if (ctx.env?.COMPOSE_PROJECT_NAME === project) return true
  if (
    project ===
    basename(at)
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]/g, '')
      .replace(/^[_-]+/, '')
  )
    return true
  return files.some((file) => {
    try {
      return new RegExp(`^name:\\s*["']?${project}["']?\\s*(?:#.*)?$`, 'm').test(readFileSync(file, 'utf8'))
    } catch {
      return false
    }
  })
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
