import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ComposeProject, ComposeText } from './compose-project.ts'

/** An env file as services may read it. */
export interface ReadFile {
  /** Absolute. */
  readonly target: string
  /** The variables that Keyturn keeps in it. */
  readonly vars: ReadonlySet<string>
  /** Compose puts its variables in for `${NAME}`. */
  readonly interpolated: boolean
}

export interface Readers {
  readonly services: readonly string[]
  /** Services of profiles that the project does not make active. */
  readonly inactive: readonly { readonly service: string; readonly profiles: readonly string[] }[]
  /** Why it cannot be told of a service, by service. */
  readonly unclear: ReadonlyMap<string, string>
}

type Written = Readonly<Record<string, unknown>>

/**
 * Which services of some compose files read an env file: by `env_file`, by `${NAME}` of one of its variables anywhere but in what an image is
 * built from, by a variable that is only passed on, by `secrets` and `configs` made of it, or by a mount of the very file.
 */
export function readersOf(texts: readonly ComposeText[], project: ComposeProject, file: ReadFile): Readers {
  const services: string[] = []
  const inactive: { readonly service: string; readonly profiles: readonly string[] }[] = []
  const unclear = new Map<string, string>()
  const active = (project.setting('COMPOSE_PROFILES') ?? '').split(',')
  const sources = { secrets: sourcesIn(texts, 'secrets'), configs: sourcesIn(texts, 'configs') }
  for (const name of new Set(texts.flatMap(({ content }) => Object.keys(objectOf(content.services))))) {
    const parts = texts.flatMap(({ content }) => partsOf(objectOf(content.services), name, new Set()))
    if (parts.some((part) => typeof objectOf(part.extends).file === 'string')) unclear.set(name, 'it extends a service of another file')
    else if (parts.some((part) => envFilesOf(part).some((path) => filled(path, project) === null)))
      unclear.set(name, 'its env_file depends on a variable without a value')
    else if (parts.some((part) => reads(part, sources, project, file))) {
      services.push(name)
      const profiles = parts.flatMap((part) => listOf(part.profiles)).map(String)
      if (profiles.length > 0 && !profiles.some((one) => active.includes(one)) && !active.includes('*')) inactive.push({ service: name, profiles })
    }
  }
  return { services, inactive, unclear }
}

/** What a file says of a service, with what it extends in the same file. */
function partsOf(services: Written, name: string, seen: Set<string>): readonly Written[] {
  if (seen.has(name) || !Object.hasOwn(services, name)) return []
  seen.add(name)
  const own = objectOf(services[name])
  const base = typeof own.extends === 'string' ? own.extends : objectOf(own.extends).service
  const isHere = typeof base === 'string' && objectOf(own.extends).file === undefined
  return [own, ...(isHere ? partsOf(services, base, seen) : [])]
}

type Sources = Readonly<Record<'secrets' | 'configs', ReadonlyMap<string, Written>>>

const sourcesIn = (texts: readonly ComposeText[], kind: 'secrets' | 'configs'): ReadonlyMap<string, Written> =>
  new Map(texts.flatMap(({ content }) => Object.entries(objectOf(content[kind])).map(([name, source]) => [name, objectOf(source)] as const)))

function reads(service: Written, sources: Sources, project: ComposeProject, file: ReadFile): boolean {
  const isFile = (path: unknown): boolean => {
    const known = typeof path === 'string' ? filled(path, project) : null
    return known !== null && realOf(resolve(project.folder, known)) === realOf(file.target)
  }
  const { build: _built, extends: _extended, ...rest } = service
  if (envFilesOf(service).some(isFile) || listOf(service.volumes).some((volume) => isFile(sourceOf(volume)))) return true
  const used = (['secrets', 'configs'] as const).flatMap((kind) =>
    listOf(service[kind]).flatMap((one) => {
      const source = sources[kind].get(typeof one === 'string' ? one : String(objectOf(one).source))
      return source === undefined ? [] : [source]
    }),
  )
  if (used.some((source) => isFile(source.file))) return true
  if (!file.interpolated) return false
  const named = [...passedOn(service.environment), ...used.flatMap(({ environment }) => (typeof environment === 'string' ? [environment] : []))]
  return [...named, ...namesIn(rest), ...used.flatMap(namesIn)].some((name) => file.vars.has(name))
}

function envFilesOf(service: Written): readonly string[] {
  const given = service.env_file
  const all = typeof given === 'string' ? [given] : listOf(given)
  return all.map((one) => (typeof one === 'string' ? one : objectOf(one).path)).filter((path) => typeof path === 'string')
}

/** `- NAME`, or `NAME:` with nothing behind it: taken from where Compose runs. */
const passedOn = (environment: unknown): readonly string[] =>
  Array.isArray(environment)
    ? environment.map(String).filter((one) => !one.includes('='))
    : Object.entries(objectOf(environment)).flatMap(([name, value]) => (value === null ? [name] : []))

/** `./.env:/app/.env:ro`, or `{ type: bind, source: ./.env }`. A name alone is a volume of Docker's. */
function sourceOf(volume: unknown): unknown {
  const source = typeof volume === 'string' ? volume.split(':')[0] : objectOf(volume).source
  return typeof source === 'string' && /^[./$]/.test(source) ? source : undefined
}

/** Names behind `$` in the texts of a value, also within one another: `${A:-${B}}`. `$$` is a dollar sign. */
function namesIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [...value.matchAll(/\$\$|\$\{?([A-Za-z_]\w*)/g)].flatMap(([, name]) => name ?? [])
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(namesIn) : []
}

/** A path with its variables put in; `null` where one has no value. */
function filled(path: string, { setting }: ComposeProject): string | null {
  let isKnown = true
  const text = path.replace(
    /\$\$|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?)-([^{}]*))?\})/g,
    (all, bare?: string, name?: string, orEmpty?: string, other?: string) => {
      if (all === '$$') return '$'
      const value = setting(bare ?? name ?? '')
      const found = value === undefined || (value === '' && orEmpty === ':') ? other : value
      isKnown &&= found !== undefined
      return found ?? ''
    },
  )
  return isKnown && !text.includes('${') ? text : null
}

const objectOf = (value: unknown): Written => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Written) : {})
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function realOf(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}
