import { lstatSync, readdirSync, realpathSync, type Stats } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fromFileSystem, KeyturnError } from '../../errors.ts'
import { decodeText, MAX_TEXT_BYTES } from '../../outputs/text.ts'
import { readWhole } from '../../state/files.ts'
import type { Original } from './adopt.ts'
import type { EnvSource } from './propose.ts'
import { understand } from './understand.ts'

/** An env file, read. */
export interface EnvFile {
  /** Absolute, as given. */
  readonly file: string
  /** Without symbolic links. */
  readonly real: string
  readonly source: EnvSource
  readonly original: Original
}

/**
 * Reads an env file, by the rules of whoever takes it.
 *
 * @param file absolute
 * @param cwd what messages name it from
 * @param dir folder of the inventory
 * @param bySystemd a unit reads it
 * @throws KeyturnError FILE_UNREADABLE or ENV_UNREADABLE naming the file and the line.
 */
export async function readEnvFile(file: string, cwd: string, dir: string, bySystemd: boolean): Promise<EnvFile> {
  const named = nameFrom(cwd, file)
  const stat = lookAt(file)
  if (stat === undefined) throw new KeyturnError('FILE_UNREADABLE', `${named}: there is no such file`, { hint: hintFor(file, cwd) })
  if (stat.isDirectory()) throw new KeyturnError('FILE_UNREADABLE', `${named}: this is a folder`, { hint: `secrets init ${join(named, '.env')}` })
  // A link is followed: what it names is what the programs read.
  const real = stat.isSymbolicLink() ? followed(file, named) : file
  const found = await readWhole(real, MAX_TEXT_BYTES)
  if (found === null) throw new KeyturnError('FILE_UNREADABLE', `${named}: there is no such file`, { hint: hintFor(file, cwd) })
  if (found.bytes.length === 0) throw new KeyturnError('ENV_UNREADABLE', `${named}: the file is empty`, { hint: 'put the variables into it first' })
  const text = decodeText(found.bytes, named)
  const { variables, dialect, remarks } = understand(text, named, bySystemd)
  if (variables.length === 0) throw new KeyturnError('ENV_UNREADABLE', `${named}: no line of it is NAME=VALUE`, { hint: 'is it the right file?' })
  const asOutput = relative(dir, file).split(sep).join('/')
  return {
    file,
    real: realpathSync(real),
    source: { file: asOutput, variables, dialect: dialect.name, notes: remarks, changedAt: Math.floor(found.stat.mtimeMs) },
    original: { file: asOutput, text, mode: found.stat.mode & 0o777 },
  }
}

/** `undefined`: not there. */
export function lookAt(file: string): Stats | undefined {
  try {
    return lstatSync(file, { throwIfNoEntry: false })
  } catch (error) {
    throw fromFileSystem(error, 'read', file)
  }
}

function followed(file: string, named: string): string {
  try {
    return realpathSync(file)
  } catch {
    throw new KeyturnError('FILE_UNREADABLE', `${named}: a symbolic link that leads nowhere`, { hint: 'remove the link, or make the file it names' })
  }
}

/** What could have been meant. */
function hintFor(file: string, cwd: string): string {
  let names: readonly string[]
  try {
    names = readdirSync(dirname(file))
  } catch {
    return 'correct the name'
  }
  const sample = names.find((name) => /^(dot-)?\.?env[.-]?(example|sample|template|dist)$|^\.env\.(example|sample|template|dist)$/.test(name))
  const others = names.filter((name) => /^\.env(\.|$)|\.env$/.test(name) && name !== sample)
  if (others.length > 0) return `there is ${others.slice(0, 3).join(', ')}: secrets init ${nameFrom(cwd, join(dirname(file), others[0] ?? ''))}`
  return sample === undefined ? 'name the file that holds the variables: secrets init FILE' : `cp ${sample} .env, fill it in, and run the command again`
}

/** As a person in that folder would name it. */
export const nameFrom = (cwd: string, file: string): string => {
  const path = relative(cwd, file)
  return path === '' || path.startsWith('..') ? file : path
}
