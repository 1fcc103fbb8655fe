import { basename, dirname, join, relative, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { namesIn } from '../../guards/listing.ts'
import { decodeText } from '../../outputs/text.ts'
import { readWhole } from '../../state/files.ts'
import { understand } from './understand.ts'

/** The compose files of a folder as Compose takes them together, read. */
export interface ComposeProject {
  /** Absolute: where its relative paths start. */
  readonly folder: string
  /** Base names or relative paths, in order. */
  readonly names: readonly string[]
  readonly files: readonly ComposeText[]
  /** Given by name, since Compose would not find them in the folder. */
  readonly named: boolean
  /** What the project's own `.env` says: Compose puts it in for `${NAME}`. */
  readonly setting: Setting
}

/** The value of a variable; `undefined`: it has none. */
type Setting = (name: string) => string | undefined

export interface ComposeText {
  readonly name: string
  readonly content: Readonly<Record<string, unknown>>
}

/** Why the file set of a folder cannot be known, in words. */
export interface Unclear {
  readonly unclear: string
}

/** Of each pair Compose takes the first that is there. */
const MAIN = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
const OVERRIDES = ['compose.override.yml', 'compose.override.yaml', 'docker-compose.override.yml', 'docker-compose.override.yaml']
/** Nobody writes one that is larger by hand. */
const LARGEST = 1024 * 1024

/**
 * Finds the project of a folder: what `COMPOSE_FILE` of its `.env` names, else what Compose looks for itself, else what was given.
 * Reads only.
 *
 * @param folder absolute
 * @param given absolute compose files of the command line
 * @returns `null` where there is none.
 */
export async function findComposeProject(folder: string, given: readonly string[]): Promise<ComposeProject | Unclear | null> {
  const setting = await settingsOf(join(folder, '.env'))
  if (setting === null) return { unclear: 'its .env cannot be read as Compose would' }
  const own = namesOf(folder, setting)
  const names = own ?? given.filter((file) => dirname(file) === folder).map((file) => basename(file))
  if (names.length === 0) return null
  const files: ComposeText[] = []
  for (const name of names) {
    const content = await contentOf(resolve(folder, name))
    if (typeof content === 'string') return { unclear: `${name} ${content}` }
    files.push({ name, content })
  }
  // What COMPOSE_FILE names may lie elsewhere: then relative paths start at the first of them.
  return { folder: dirname(resolve(folder, names[0] as string)), names, files, named: own === null, setting }
}

/** Compose files of the folder that are no part of its project, with what they hold; those that cannot be understood are left out. */
export async function otherComposeFiles(folder: string, { names }: ComposeProject): Promise<readonly ComposeText[]> {
  const found: ComposeText[] = []
  for (const name of [...namesIn(folder)].sort()) {
    if (!/^(docker-)?compose([.-][\w.-]+)?\.ya?ml$/.test(name) || names.includes(name)) continue
    const content = await contentOf(join(folder, name))
    if (typeof content !== 'string') found.push({ name, content })
  }
  return found
}

/** The files that Compose takes without being told; `null`: none. */
function namesOf(folder: string, setting: Setting): readonly string[] | null {
  const said = setting('COMPOSE_FILE')
  if (said) {
    return said
      .split(setting('COMPOSE_PATH_SEPARATOR') || ':')
      .filter(Boolean)
      .map((name) => relative(folder, resolve(folder, name)))
  }
  const there = namesIn(folder)
  const main = MAIN.find((name) => there.includes(name))
  if (main === undefined) return null
  const override = OVERRIDES.find((name) => there.includes(name))
  return [main, ...(override === undefined ? [] : [override])]
}

/** What a file holds, or what is in the way of understanding it. */
async function contentOf(file: string): Promise<Readonly<Record<string, unknown>> | string> {
  let text: string
  try {
    const found = await readWhole(file, LARGEST)
    if (found === null) return 'is not there'
    text = decodeText(found.bytes, file).reveal()
  } catch {
    return 'cannot be read'
  }
  try {
    const document = parseDocument(text, { logLevel: 'silent', merge: true })
    if (document.errors.length > 0) return 'is no YAML'
    // `!reset` and `!override` take away what another file says.
    if (document.warnings.length > 0) return 'has tags such as !reset or !override'
    const content = document.toJS({ maxAliasCount: 100 }) as unknown
    if (typeof content !== 'object' || content === null || Array.isArray(content)) return 'is no compose file'
    return 'include' in content ? 'takes in other files (include)' : (content as Readonly<Record<string, unknown>>)
  } catch {
    return 'is no YAML'
  }
}

/** `null` where there is a file and nobody can read it. */
async function settingsOf(file: string): Promise<Setting | null> {
  try {
    const found = await readWhole(file, LARGEST)
    if (found === null || found.bytes.length === 0) return () => undefined
    const { variables } = understand(decodeText(found.bytes, file), file)
    return (name) => variables.find((one) => one.name === name && !one.duplicate)?.value.reveal()
  } catch {
    return null
  }
}
