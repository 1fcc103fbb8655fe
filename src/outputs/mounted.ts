import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/**
 * Who mounts a file by itself into a container. Such a mount stays on the very file that it was made from: one that is put in its
 * place by a rename is not seen there until the container is started again. So it has to be written where it is.
 */

/** What compose files are called, with their overrides: compose.yaml, docker-compose.prod.yml. */
const COMPOSE_FILE = /^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/
/** A compose file of a person is a few kilobytes; what is larger is not read. */
const LARGEST = 1024 * 1024
/** A project's file lies in its folder or a few below. */
const LEVELS = 4

/** In words, such as `by service "agent" of compose.yaml` or `by a running container`; `null`: nobody that can be seen from here. Never throws. */
export async function mountedBy(file: string): Promise<string | null> {
  return inMountTables(file) ?? (await inComposeFiles(file))
}

/** As the kernel has it, of every process that may be looked at: of all as root. */
function inMountTables(file: string): string | null {
  try {
    const { dev, ino } = statSync(file)
    const seen = new Set<string>()
    for (const pid of ['self', ...readdirSync('/proc').filter((name) => /^\d+$/.test(name))]) {
      const space = attempt(() => readlinkSync(`/proc/${pid}/ns/mnt`))
      if (space === null || seen.has(space)) continue
      seen.add(space)
      const table = attempt(() => readFileSync(`/proc/${pid}/mountinfo`, 'utf8')) ?? ''
      for (const line of table.split('\n')) {
        const [, , , root = '', point = ''] = line.split(' ').map(plainOf)
        // What was mounted keeps its own name; the place where it is may have any.
        if (basename(root) !== basename(file)) continue
        const there = attempt(() => statSync(`/proc/${pid}/root${point}`))
        if (there?.isFile() && there.dev === dev && there.ino === ino && point !== '/')
          return pid === 'self' ? 'by a mount of this machine' : 'by a running container'
      }
    }
  } catch {
    // No /proc, or no such file: then there is nothing to see.
  }
  return null
}

/** Blanks and the like stand as `\040` there. */
const plainOf = (text: string): string => text.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)))

async function inComposeFiles(file: string): Promise<string | null> {
  let folder = dirname(file)
  for (let level = 0; level < LEVELS && folder !== dirname(folder); level++, folder = dirname(folder)) {
    for (const name of (attempt(() => readdirSync(folder)) ?? []).filter((one) => COMPOSE_FILE.test(one)).sort()) {
      const text = attempt(() => (statSync(join(folder, name)).size > LARGEST ? null : readFileSync(join(folder, name), 'utf8')))
      // Read as YAML only where the file is named at all.
      const found = text?.includes(basename(file)) ? await serviceIn(text, folder, file) : null
      if (found !== null) return `by ${found} of ${name}`
    }
  }
  return null
}

interface Parsed {
  readonly services?: Readonly<Record<string, { readonly volumes?: unknown; readonly secrets?: unknown; readonly configs?: unknown } | null>>
  readonly secrets?: Readonly<Record<string, { readonly file?: unknown } | null>>
  readonly configs?: Readonly<Record<string, { readonly file?: unknown } | null>>
}

async function serviceIn(text: string, folder: string, file: string): Promise<string | null> {
  const { parseDocument } = await import('yaml')
  const parsed = attempt(() => parseDocument(text, { logLevel: 'silent', merge: true }).toJS({ maxAliasCount: 100 }) as Parsed | null)
  const is = (source: unknown): boolean => typeof source === 'string' && /^[./~]/.test(source) && realOf(resolve(folder, source)) === realOf(file)
  for (const [name, service] of Object.entries(parsed?.services ?? {})) {
    if (listOf(service?.volumes).some((volume) => is(sourceOf(volume)))) return `service "${name}"`
    for (const kind of ['secrets', 'configs'] as const) {
      const used = listOf(service?.[kind]).map((one) => (typeof one === 'string' ? one : sourceOf(one)))
      if (used.some((one) => typeof one === 'string' && isFileOf(parsed?.[kind]?.[one]?.file, folder, file))) return `service "${name}"`
    }
  }
  return null
}

const isFileOf = (named: unknown, folder: string, file: string): boolean => typeof named === 'string' && realOf(resolve(folder, named)) === realOf(file)

/** `./.env:/app/.env:ro`, or `{ source: ./.env, target: ... }`. */
function sourceOf(volume: unknown): unknown {
  if (typeof volume === 'string') return volume.split(':')[0]
  return typeof volume === 'object' && volume !== null ? (volume as { readonly source?: unknown }).source : undefined
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const realOf = (file: string): string => (existsSync(file) ? (attempt(() => realpathSync(file)) ?? file) : file)

function attempt<T>(work: () => T): T | null {
  try {
    return work()
  } catch {
    return null
  }
}
