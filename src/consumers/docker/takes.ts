import { isKeyturnError, KeyturnError } from '../../errors.ts'
import type { ConsumerContext } from '../../ports.ts'
import { Sensitive } from '../../sensitive.ts'
import type { Container, Mount } from './containers.ts'
import { type Config, configOf, type ProjectParams, real, type Service, type ServiceConfig } from './project.ts'
import { holds, type Markers, makeMarkers, namesIn, type Template } from './template.ts'

/** A place of a container where a text with variables of the output stands. */
export type Place =
  | { readonly in: 'environment' | 'labels'; readonly name: string }
  | { readonly in: 'command' | 'entrypoint' | 'healthcheck'; readonly at: number }
  | { readonly in: 'file'; readonly path: string }

/** What a service takes of an output: by texts that its containers are created with, and by files that it mounts. */
export interface Takes {
  readonly texts: readonly { readonly place: Place; readonly template: Template }[]
  readonly mounts: readonly Mount[]
}

/**
 * Finds out which variables of the output a service gets, under which names and in which texts: `environment`, `env_file`, command,
 * entry point, health check, secrets and configs. Compose itself is asked, with a marker in the place of each value.
 *
 * @throws KeyturnError CONSUMER_FAILED for a variable that no new container could get, or that the service gets from elsewhere.
 */
export async function findTakes(ctx: ConsumerContext<ProjectParams>, service: Service): Promise<Takes> {
  const markers = makeMarkers(ctx, ctx.vars)
  const target = real(ctx.target.replace(/\/$/, ''))
  // Only there Compose looks for what stands in ${...}.
  const interpolates = service.interpolated.some((file) => real(file) === target)
  const [now, probed, raw] = await Promise.all([
    configOf(ctx, service),
    interpolates ? configOf(ctx, service, { added: markers.env }) : null,
    rawOf(ctx, service),
  ])
  const marked = probed ?? now
  const own = now.services[service.name]
  const probe = marked.services[service.name]
  if (!own || !probe) throw new KeyturnError('CONSUMER_FAILED', `compose: the project has no service "${service.name}"`, { hint: 'correct "service"' })
  const texts = [
    ...fromEnvironment(ctx, markers, probe, raw, target),
    ...fromLists(markers, probe),
    ...fromLabels(markers, probe),
    ...(interpolates ? fromSources(markers, probe, marked, ctx.vars) : []),
  ]
  refuseElsewhere(service, probe, markers)
  for (const { place, template } of texts) {
    const text = place.in === 'file' ? null : textIn(own, place)
    if (place.in === 'file' || holds(ctx, template, text)) continue
    const names = [...new Set(namesIn(template))].join(', ')
    throw new KeyturnError('CONSUMER_FAILED', `compose: service "${service.name}" gets another ${names} than ${ctx.target} holds`, {
      hint: 'see "docker compose config": another env file or a value beside it goes before this one, or the file is written in another dialect than Compose reads',
    })
  }
  return { texts, mounts: mountsOf(probe, marked) }
}

/** The files as they are written: what is set beside an env file, and which env files there are. `null`: Compose cannot say. */
async function rawOf(ctx: ConsumerContext<ProjectParams>, service: Service): Promise<ServiceConfig | null> {
  try {
    return (await configOf(ctx, service, { raw: true })).services[service.name] ?? null
  } catch (error) {
    if (isKeyturnError(error, 'CONSUMER_FAILED')) return null
    throw error
  }
}

function fromEnvironment(ctx: ConsumerContext<unknown>, markers: Markers, probe: ServiceConfig, raw: ServiceConfig | null, target: string): Takes['texts'] {
  const files = (raw?.env_file ?? []).map((one) => real(typeof one === 'string' ? one : (one.path ?? '')))
  // A path with a variable in it is not known here: then it may be this one.
  const byFile = raw === null || files.some((file) => file === target || file.includes('$'))
  return Object.entries(probe.environment ?? {}).flatMap(([name, text]) => {
    const template = markers.templateOf(text ?? '')
    const place = { in: 'environment', name } as const
    if (namesIn(template).length > 0) return [{ place, template }]
    const set = raw?.environment && Object.hasOwn(raw.environment, name)
    return byFile && !set && ctx.vars.includes(name) ? [{ place, template: [{ name }] }] : []
  })
}

function fromLists(markers: Markers, probe: ServiceConfig): Takes['texts'] {
  const lists = { command: probe.command, entrypoint: probe.entrypoint, healthcheck: probe.healthcheck?.test }
  return (['command', 'entrypoint', 'healthcheck'] as const).flatMap((list) =>
    (lists[list] ?? []).flatMap((text, at) => {
      const template = markers.templateOf(text)
      return namesIn(template).length > 0 ? [{ place: { in: list, at }, template }] : []
    }),
  )
}

function fromLabels(markers: Markers, probe: ServiceConfig): Takes['texts'] {
  return Object.entries(probe.labels ?? {}).flatMap(([name, text]) => {
    const template = markers.templateOf(text)
    return namesIn(template).length > 0 ? [{ place: { in: 'labels', name }, template }] : []
  })
}

/** Secrets and configs that are made from a variable, or from a text with one. */
function fromSources(markers: Markers, probe: ServiceConfig, marked: Config, vars: readonly string[]): Takes['texts'] {
  return (['secrets', 'configs'] as const).flatMap((kind) =>
    (probe[kind] ?? []).flatMap(({ source = '', target = '' }): Takes['texts'] => {
      const from = marked[kind]?.[source]
      const place = { in: 'file', path: inContainer(kind, source, target) } as const
      if (from?.environment !== undefined && vars.includes(from.environment)) return [{ place, template: [{ name: from.environment }] }]
      const template = markers.templateOf(from?.content ?? '')
      return namesIn(template).length > 0 ? [{ place, template }] : []
    }),
  )
}

const inContainer = (kind: 'secrets' | 'configs', source: string, target: string): string =>
  target.startsWith('/') ? target : kind === 'secrets' ? `/run/secrets/${target || source}` : `/${target || source}`

function mountsOf(probe: ServiceConfig, marked: Config): readonly Mount[] {
  const volumes = (probe.volumes ?? []).flatMap(({ type, source, target }) => (type === 'bind' && source && target ? [{ source, target }] : []))
  const files = (['secrets', 'configs'] as const).flatMap((kind) =>
    (probe[kind] ?? []).flatMap(({ source = '', target = '' }) => {
      const file = marked[kind]?.[source]?.file
      return file === undefined ? [] : [{ source: file, target: inContainer(kind, source, target) }]
    }),
  )
  return [...volumes, ...files]
}

/** What stands in an image cannot be changed by a new container, and of the rest nobody knows what becomes of it. */
function refuseElsewhere(service: Service, probe: ServiceConfig, markers: Markers): void {
  const known = ['environment', 'labels', 'command', 'entrypoint', 'healthcheck']
  const look = (value: unknown, path: readonly string[]): void => {
    if (typeof value === 'object' && value !== null) for (const [key, below] of Object.entries(value)) look(below, [...path, key])
    if (typeof value !== 'string' || (known.includes(path[0] ?? '') && (path[0] !== 'healthcheck' || path[1] === 'test'))) return
    const names = namesIn(markers.templateOf(value))
    if (names.length === 0) return
    const built = path[0] === 'build'
    throw new KeyturnError('CONSUMER_FAILED', `compose: service "${service.name}" takes ${names.join(', ')} in ${path.join('.')}, where it cannot be proved`, {
      hint: built
        ? 'a value in an image is readable by whoever has it, and stays there: give it to the container instead'
        : 'give it to the service by environment, env_file or secrets',
    })
  }
  look(probe, [])
}

function textIn(config: ServiceConfig, place: Exclude<Place, { readonly in: 'file' }>): Sensitive<string> | null {
  const lists = { command: config.command, entrypoint: config.entrypoint, healthcheck: config.healthcheck?.test }
  const text = 'name' in place ? config[place.in]?.[place.name] : lists[place.in]?.[place.at]
  return typeof text === 'string' ? new Sensitive(text.replaceAll('$$', '$')) : null
}

/** The same place in a container. */
export function textOf(container: Container, place: Exclude<Place, { readonly in: 'file' }>): Sensitive<string> | null {
  if (place.in === 'environment') return container.env.get(place.name) ?? null
  if (!('name' in place)) return container.texts[place.in][place.at] ?? null
  const label = container.labels[place.name]
  return label === undefined ? null : new Sensitive(label)
}
