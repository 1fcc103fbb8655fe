import { basename, dirname, join, relative, resolve } from 'node:path'
import { KeyturnError } from '../../errors.ts'
import { namesIn } from '../../guards/listing.ts'
import { decodeText } from '../../outputs/text.ts'
import { readWhole } from '../../state/files.ts'
import { readComposeFile } from './compose-file.ts'
import { isSampleName, notesOnRelatives, relativesOf } from './family.ts'
import { type ManagerConf, readManagerConf } from './manager-conf.ts'
import { readUnitFile } from './unit-file.ts'

/** Names that Compose itself looks for, and those that people give beside them. */
const COMPOSE_FILE = /^(docker-)?compose([.-][\w.-]+)?\.ya?ml$/
const MANAGER_CONF = /^manager(_\w+)?\.conf$/
/** Nobody writes one that is larger by hand. */
const LARGEST = 1024 * 1024

/** What was given, by what it is. Paths are absolute. */
export interface Given {
  readonly env: readonly string[]
  readonly compose: readonly string[]
  readonly units: readonly string[]
  readonly manager: readonly string[]
  readonly ari: readonly string[]
}

/** What the files on the command line are, by their names. */
export function sortGiven(files: readonly string[]): Given {
  const is = (file: string, test: RegExp): boolean => test.test(basename(file))
  const compose = files.filter((file) => is(file, /\.ya?ml$/))
  const units = files.filter((file) => is(file, /\.(service|socket|timer)$/))
  const manager = files.filter((file) => is(file, MANAGER_CONF))
  const ari = files.filter((file) => is(file, /\.conf$/) && !manager.includes(file))
  const others = new Set([...compose, ...units, ...manager, ...ari])
  return { env: [...new Set(files.filter((file) => !others.has(file)))], compose, units, manager, ari }
}

/** What lies around the env files, read and never edited. */
export interface Neighbours {
  /** One sentence each, without any value. */
  readonly notes: readonly string[]
  /** Env files that a systemd unit reads: absolute. */
  readonly ofSystemd: ReadonlySet<string>
  readonly manager: readonly { readonly file: string; readonly conf: ManagerConf }[]
}

/**
 * Looks at compose files, systemd units, `manager.conf` and the other env files of a folder, and at those that were given.
 *
 * @param dir absolute folder of the inventory
 * @param env absolute env files that are taken in
 * @throws KeyturnError FILE_UNREADABLE or ENV_UNREADABLE for one that was given; those only found may be anything.
 */
export async function lookBeside(dir: string, env: readonly string[], given: Given): Promise<Neighbours> {
  const names = namesIn(dir)
  const shown = (file: string): string => {
    const path = relative(dir, file)
    return path.startsWith('..') ? file : path
  }
  const found = (test: RegExp, more: readonly string[]): readonly string[] => [
    ...new Set([...more, ...names.filter((name) => test.test(name)).map((name) => join(dir, name))]),
  ]
  const texts = async (files: readonly string[], must: readonly string[]): Promise<readonly (readonly [file: string, text: string])[]> => {
    const read = await Promise.all(files.map(async (file) => [file, await textOf(file, shown(file), must.includes(file))] as const))
    return read.flatMap(([file, text]) => (text === null ? [] : [[file, text] as const]))
  }
  const notes: string[] = []
  const more = new Map<string, string>()
  const taken = new Set(env)
  const propose = (from: string, paths: readonly string[]): void => {
    for (const path of paths) {
      const file = resolve(dirname(from), path)
      if (!taken.has(file) && !/[$%]/.test(path) && !isSampleName(basename(file))) more.set(file, shown(from))
    }
  }
  for (const [file, text] of await texts(found(COMPOSE_FILE, given.compose), given.compose)) {
    const { notes: said, envFiles } = readComposeFile(shown(file), text)
    notes.push(...said)
    propose(file, envFiles)
  }
  const ofSystemd = new Set<string>()
  for (const [file, text] of await texts(found(/\.service$/, given.units), given.units)) {
    const { notes: said, envFiles } = readUnitFile(shown(file), text)
    notes.push(...said)
    for (const path of envFiles) ofSystemd.add(resolve(dirname(file), path))
    propose(file, envFiles)
  }
  for (const [file, from] of more) {
    if (namesIn(dirname(file)).includes(basename(file))) {
      notes.push(`${from} reads ${shown(file)} too; to take it in as well: secrets init ${[...env, file].map(shown).join(' ')}`)
    }
  }
  const known = new Set([...env, ...more.keys()].filter((file) => dirname(file) === dir).map((file) => basename(file)))
  notes.push(...notesOnRelatives(relativesOf(names, known), env.map(shown)))
  const manager = (await texts(found(MANAGER_CONF, given.manager), given.manager)).map(([file, text]) => ({ file: shown(file), conf: readManagerConf(text) }))
  return { notes, ofSystemd, manager }
}

async function textOf(file: string, shown: string, must: boolean): Promise<string | null> {
  try {
    const found = await readWhole(file, LARGEST)
    if (found === null && must) throw new KeyturnError('FILE_UNREADABLE', `${shown}: there is no such file`)
    return found === null ? null : decodeText(found.bytes, shown).reveal()
  } catch (error) {
    if (must) throw error
    return null
  }
}
