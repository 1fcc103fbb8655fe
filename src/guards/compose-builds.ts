import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseDocument } from 'yaml'

/** What an image is built from, by a compose file. */
export interface ComposeBuild {
  /** Such as `service api`. */
  readonly name: string
  /** Absolute. */
  readonly context: string
  /** Absolute; `null`: written in the compose file itself, or none is needed for a context that another build copies from. */
  readonly dockerfile: string | null
}

export interface ComposeFile {
  readonly builds: readonly ComposeBuild[]
  /** Other compose files that it takes in: absolute. */
  readonly refers: readonly string[]
  /** What could not be made out, in words. */
  readonly unknown: readonly string[]
}

/** A compose file of a person is a few kilobytes; what is larger is not read. */
const LARGEST = 1024 * 1024

/** What Docker fetches itself, or takes from another build. */
const REMOTE = /^(?:[a-z][a-z0-9+.-]*:\/\/|git@|github\.com\/|service:|target:|docker-image:|oci-layout:)/i

/**
 * The builds of a compose file, with contexts in their long and short forms and the further ones that they copy from. One
 * that cannot be read has none: it is not ours to complain about. Never throws.
 *
 * @param file absolute
 */
export function composeBuilds(file: string): ComposeFile {
  const document = parsed(file)
  if (document === null) return { builds: [], refers: [], unknown: [`${file}: cannot be read as a compose file`] }
  const unknown: string[] = []
  const at = (text: string, folder: string, what: string): string | null => {
    const path = interpolated(text)
    if (path === null) unknown.push(`${file}: ${what} depends on a variable: ${text}`)
    return path === null || REMOTE.test(path) ? null : resolve(folder, path)
  }
  const here = dirname(file)
  const builds: ComposeBuild[] = []
  const refers: string[] = []
  for (const [service, settings] of entriesOf(document.services)) {
    const extended = fieldOf(fieldOf(settings, 'extends'), 'file')
    if (typeof extended === 'string') refers.push(...some(at(extended, here, `services.${service}.extends`)))
    const build = fieldOf(settings, 'build')
    if (build === undefined || build === null) continue
    const text = typeof build === 'string' ? build : (fieldOf(build, 'context') ?? '.')
    const context = typeof text === 'string' ? at(text, here, `services.${service}.build`) : null
    if (context !== null) {
      const inline = typeof fieldOf(build, 'dockerfile_inline') === 'string'
      const named = fieldOf(build, 'dockerfile') ?? 'Dockerfile'
      const dockerfile = inline || typeof named !== 'string' ? null : at(named, context, `services.${service}.build.dockerfile`)
      builds.push({ name: `service ${service}`, context, dockerfile })
    }
    for (const [name, path] of pairsOf(fieldOf(build, 'additional_contexts'))) {
      const more = at(path, here, `services.${service}.build.additional_contexts`)
      if (more !== null) builds.push({ name: `service ${service}, context ${name}`, context: more, dockerfile: null })
    }
  }
  for (const one of listOf(document.include)) {
    const paths = typeof one === 'string' ? [one] : listOf(fieldOf(one, 'path'))
    for (const path of paths) if (typeof path === 'string') refers.push(...some(at(path, here, 'include')))
  }
  return { builds, refers, unknown }
}

function parsed(file: string): { readonly services?: unknown; readonly include?: unknown } | null {
  try {
    if (!statSync(file).isFile() || statSync(file).size > LARGEST) return null
    // "!reset" and "!override" are Compose's own.
    const document = parseDocument(readFileSync(file, 'utf8'), { logLevel: 'silent', merge: true }).toJS({ maxAliasCount: 100 }) as unknown
    return typeof document === 'object' && document !== null ? document : {}
  } catch {
    return null
  }
}

const some = <T>(value: T | null): readonly T[] => (value === null ? [] : [value])

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>)[name] : undefined

const entriesOf = (value: unknown): readonly [string, unknown][] => (typeof value === 'object' && value !== null ? Object.entries(value) : [])

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value])

/** `{ name: path }` or `[name=path]`. */
function pairsOf(value: unknown): readonly [string, string][] {
  const pairs = Array.isArray(value) ? value.map((one) => String(one).split(/=(.*)/s).slice(0, 2)) : entriesOf(value)
  return pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string')
}

/** With the defaults of variables; `null` where one has none: its value is that of whoever builds. */
function interpolated(text: string): string | null {
  let known = true
  const path = text.replace(/\$(?:\$|\{(\w+)(?::?[-](.*?))?\}|\w+)/g, (all, name: string | undefined, value: string | undefined) => {
    if (all === '$$') return '$'
    if (name === undefined || value === undefined || value.includes('$')) known = false
    return value ?? ''
  })
  return known ? path : null
}
