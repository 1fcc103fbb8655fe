import { lstatSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { KeyturnError } from '../errors.ts'

/** Which inventory is meant. */
export interface Wanted {
  /** `--config FILE`, relative to `cwd`. */
  readonly config?: string | undefined
  /** `-e NAME`. */
  readonly environment?: string | undefined
  readonly cwd: string
}

/**
 * The file of the inventory: `--config`, else the nearest one upwards from `cwd`. `-e staging` means `secrets.staging.yaml`;
 * `-e production` also `secrets.yaml`, whose environment it is by default. A folder that everybody may write to, such as /tmp, is passed
 * over: an inventory names commands to run. Reads nothing, and loads no parser: `status` asks here first.
 * Throws CONFIG_NOT_FOUND.
 */
export function findInventoryFile(wanted: Wanted): string {
  if (wanted.environment !== undefined && !/^[a-z0-9][a-z0-9_-]{0,31}$/.test(wanted.environment)) {
    throw new KeyturnError('USAGE', '-e: this is no name of an environment', { hint: 'Use a-z, 0-9, "_" and "-", such as -e staging.' })
  }
  if (wanted.config !== undefined) {
    const file = resolve(wanted.cwd, wanted.config)
    if (exists(file)) return file
    throw new KeyturnError('CONFIG_NOT_FOUND', `${wanted.config}: there is no such file`, {
      hint: 'Correct the name after --config, or leave it out to search upwards.',
    })
  }
  const names = namesOf(wanted.environment)
  for (let folder = resolve(wanted.cwd); ; folder = dirname(folder)) {
    const name = names.find((candidate) => exists(join(folder, candidate)))
    if (name && isTrusted(folder, name, resolve(wanted.cwd))) return join(folder, name)
    if (dirname(folder) === folder) break
  }
  const near = nearMiss(resolve(wanted.cwd), wanted.environment)
  throw new KeyturnError('CONFIG_NOT_FOUND', `no ${names.join(' or ')} in ${resolve(wanted.cwd)} or in a folder above`, near ? { hint: near } : {})
}

const namesOf = (environment: string | undefined): readonly string[] => {
  if (environment === undefined) return ['secrets.yaml']
  return environment === 'production' ? ['secrets.production.yaml', 'secrets.yaml'] : [`secrets.${environment}.yaml`]
}

// lstat: a link to nothing is there, and is reported as what it is when it is read.
const exists = (file: string): boolean => lstatSync(file, { throwIfNoEntry: false }) !== undefined

/** In a folder that everybody may write to, only what this user made, and only where the user stands. */
function isTrusted(folder: string, name: string, cwd: string): boolean {
  if ((statSync(folder).mode & 0o002) === 0) return true
  return folder === cwd && lstatSync(join(folder, name)).uid === process.geteuid?.()
}

function nearMiss(folder: string, environment: string | undefined): string | null {
  let names: readonly string[]
  try {
    names = readdirSync(folder).filter((name) => /^secrets(\.[a-z0-9_-]+)?\.ya?ml$/.test(name))
  } catch {
    return null
  }
  const wrongEnding = names.find((name) => name.endsWith('.yml'))
  if (wrongEnding) return `Rename ${wrongEnding} to ${wrongEnding.replace(/yml$/, 'yaml')}, or name it with --config.`
  const environments = names.flatMap((name) => /^secrets\.([a-z0-9_-]+)\.yaml$/.exec(name)?.[1] ?? [])
  if (environments.length > 0) return `Choose one that is here: ${environments.map((name) => `-e ${name}`).join(', ')}.`
  if (environment !== undefined && names.includes('secrets.yaml'))
    return `Each environment has a file and an id of its own: "secrets init FILE -e ${environment}" makes one.`
  return null
}
