import { realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { KeyturnError } from '../../errors.ts'
import type { ConsumerContext } from '../../ports.ts'
import { runDocker } from './program.ts'

/** Which project a service belongs to, as the inventory says it. All but the service is found where it is not given. */
export interface ProjectParams {
  readonly service: string | readonly string[]
  readonly project?: string | undefined
  readonly directory?: string | undefined
  readonly file?: string | readonly string[] | undefined
  readonly env_file?: string | readonly string[] | undefined
  readonly profile?: string | readonly string[] | undefined
  readonly env?: readonly string[] | undefined
}

/** A service of a project, and how Compose is to be asked about it. */
export interface Service {
  readonly name: string
  readonly directory: string
  /** `compose --project-name ...`: what comes before the command. */
  readonly args: readonly string[]
  /** Where its relative paths start. */
  readonly at: string
  /** Its files, where they are known: given, or those that its containers were created from. */
  readonly files: readonly string[]
  /** What the project is called, where it is known without asking Compose. */
  readonly project: string | undefined
  /** Of its containers, running or not. */
  readonly ids: readonly string[]
  /** Files whose variables Compose puts in for `${NAME}`. */
  readonly interpolated: readonly string[]
}

export const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value

const LABEL = 'com.docker.compose'

/**
 * Finds a service's containers and the files that they were created from: a service is recreated as it was made, also where
 * somebody used `-f base.yaml -f production.yaml`. What the inventory names goes before that.
 */
export async function findService(ctx: ConsumerContext<ProjectParams>, name: string): Promise<Service> {
  const { params } = ctx
  const directory = real(resolve(ctx.dir, params.directory ?? '.'))
  const all = await containersOf(ctx, name)
  const own = all.find((one) => (params.project !== undefined ? one.project === params.project : real(one.directory) === directory))
  const project = params.project ?? own?.project
  const given = listOf(params.file).map((file) => resolve(directory, file))
  const files = given.length > 0 ? given : (own?.files ?? [])
  const at = own?.directory ?? (given[0] === undefined ? directory : dirname(given[0]))
  const envFiles = listOf(params.env_file).map((file) => resolve(directory, file))
  const args = [
    'compose',
    ...(files.length > 0 ? ['--project-directory', at] : []),
    ...(project === undefined ? [] : ['--project-name', project]),
    ...files.flatMap((file) => ['--file', file]),
    ...envFiles.flatMap((file) => ['--env-file', file]),
    ...listOf(params.profile).flatMap((profile) => ['--profile', profile]),
  ]
  const service = { name, directory, at, files, project, args, interpolated: envFiles.length > 0 ? envFiles : [join(at, '.env'), join(directory, '.env')] }
  // Never created, or by a project in another folder under this name: then Compose says what it is called.
  const called = project ?? (await configOf(ctx, service)).name
  return { ...service, ids: all.filter((one) => one.project === called).map(({ id }) => id) }
}

/** A container that Compose made for a service of this name, in whatever project. */
interface Labelled {
  readonly id: string
  readonly project: string
  readonly directory: string
  readonly files: readonly string[]
}

async function containersOf(ctx: ConsumerContext<ProjectParams>, service: string): Promise<readonly Labelled[]> {
  const labels = ['project', 'project.working_dir', 'project.config_files', 'oneoff'].map((label) => `{{.Label "${LABEL}.${label}"}}`)
  const args = ['ps', '--all', '--no-trunc', '--filter', `label=${LABEL}.service=${service}`, '--format', ['{{.ID}}', ...labels].join('\t')]
  const lines = (await runDocker(ctx, args, { listed: ctx.params.env })).toString().split('\n').filter(Boolean)
  return lines.flatMap((line): Labelled[] => {
    const [id = '', project = '', directory = '', files = '', oneoff] = line.split('\t')
    return oneoff === 'True' ? [] : [{ id, project, directory, files: files.split(',').filter(Boolean) }]
  })
}

/** What `docker compose config` prints of a project. */
export interface Config {
  readonly name: string
  readonly services: Readonly<Record<string, ServiceConfig | undefined>>
  readonly secrets?: Readonly<Record<string, Source | undefined>>
  readonly configs?: Readonly<Record<string, Source | undefined>>
}

export interface ServiceConfig {
  readonly environment?: Readonly<Record<string, string | null>> | null
  readonly labels?: Readonly<Record<string, string>> | null
  readonly env_file?: readonly ({ readonly path?: string } | string)[] | null
  readonly command?: readonly string[] | null
  readonly entrypoint?: readonly string[] | null
  readonly healthcheck?: { readonly test?: readonly string[] | null } | null
  readonly volumes?: readonly { readonly type?: string; readonly source?: string; readonly target?: string }[] | null
  readonly secrets?: readonly { readonly source?: string; readonly target?: string }[] | null
  readonly configs?: readonly { readonly source?: string; readonly target?: string }[] | null
  readonly profiles?: readonly string[] | null
}

/** A `secrets:` or `configs:` of the project. */
interface Source {
  readonly file?: string
  readonly environment?: string
  readonly content?: string
}

/** Asks Compose what it makes of the files for one service. `added` goes into its environment, before what env files say. */
export async function configOf(
  ctx: ConsumerContext<ProjectParams>,
  { name, directory, args }: Pick<Service, 'name' | 'directory' | 'args'>,
  more: { readonly added?: Readonly<Record<string, string>>; readonly raw?: boolean } = {},
): Promise<Config> {
  const options = { listed: ctx.params.env, cwd: directory, ...(more.added && { added: more.added }) }
  const printed = await runDocker(ctx, [...args, 'config', ...(more.raw ? ['--no-interpolate'] : []), '--format', 'json', name], options)
  try {
    return JSON.parse(printed.toString()) as Config
  } catch {
    throw new KeyturnError('CONSUMER_FAILED', 'docker compose config: its answer cannot be read', { hint: 'Compose 2.0 or later is needed' })
  }
}

export function real(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}
