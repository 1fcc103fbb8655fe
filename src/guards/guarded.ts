import { readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { decodeText, MAX_TEXT_BYTES } from '../outputs/text.ts'
import { isIdentifier } from '../policy/facts.ts'
import type { StatePaths } from '../state/paths.ts'
import type { Inventory } from '../terms.ts'
import { filesNamed } from './walk.ts'

/** Something that holds values, or opens them, and must stay on this machine. */
export interface Guarded {
  readonly what: 'output' | 'copy' | 'key' | 'keys' | 'state'
  /** For a person: from the folder of the inventory, or absolute where it lies elsewhere. */
  readonly name: string
  /** Absolute, as it is named. */
  readonly path: string
  /** Absolute, without symbolic links; of what is not there, as far as its folders are. */
  readonly real: string
  /** All that is in it counts too. */
  readonly folder: boolean
  /** The permission bits that it may have. */
  readonly perm: number
  /** Whether it is to lie on this machine. */
  readonly here: boolean
  /** Names of the secrets whose values are in it; empty for keys and state: all. */
  readonly secrets: readonly string[]
}

export interface GuardedQuestion {
  readonly inventory: Inventory
  readonly paths: StatePaths
  readonly host: string
}

/** An env file by its name, with the copies that people and editors make of one: `.env.local`, `prod.env`, `.env.bak`, `.env~`. */
const ENV_FILE = /^\.?env([._~-].*)?$|\.env([._~-].*)?$/i
/** Is there to be committed. */
const SAMPLE = /(example|sample|template|dist|defaults?|schema)([._-]|$)/i

/** Everything of a project that no repository and no image may hold. */
export function guardedOf({ inventory, paths, host }: GuardedQuestion): { readonly all: readonly Guarded[]; readonly cut: boolean } {
  const { dir } = inventory
  const make = (path: string, more: Pick<Guarded, 'what' | 'perm'> & Partial<Guarded>): Guarded => ({
    ...{ name: nameFrom(dir, path), path, real: realOf(path), folder: false, here: true, secrets: [] },
    ...more,
  })
  const outputs = inventory.outputs.map((output) =>
    make(resolve(output.target), {
      what: 'output',
      perm: output.perm,
      folder: output.dialect === 'files',
      here: output.host === host,
      secrets: output.only ?? inventory.secrets.map((secret) => secret.name),
    }),
  )
  const known = new Set(outputs.map((one) => one.real))
  const walked = filesNamed(realOf(dir), (name) => ENV_FILE.test(name) && !SAMPLE.test(name))
  const copies = walked.files
    .filter((file) => !known.has(realOf(file)))
    .flatMap((file) => {
      const secrets = heldIn(file, inventory)
      return secrets.length === 0 ? [] : [make(file, { what: 'copy', name: nameFrom(realOf(dir), file), perm: 0o600, secrets })]
    })
  const own = [
    make(paths.identityFile, { what: 'key', perm: 0o600 }),
    make(paths.config, { what: 'keys', perm: 0o700, folder: true }),
    make(paths.state, { what: 'state', perm: 0o700, folder: true }),
  ]
  return { all: [...outputs, ...copies, ...own], cut: walked.cut }
}

/** Secrets whose variables a file gives a value. Nothing of a value leaves. */
function heldIn(file: string, inventory: Inventory): readonly string[] {
  const text = textOf(file)
  if (text === null) return []
  return inventory.secrets
    .filter((secret) => {
      const names = Object.entries(secret.env).flatMap(([variable, field]) => (isIdentifier(field) ? [] : [variable]))
      // A reference to another variable is no value.
      const line = new RegExp(`^[ \\t]*(?:export[ \\t]+)?(?:${names.join('|')})[ \\t]*=[ \\t]*["']?[^\\s"'#$]`, 'm')
      return names.length > 0 && text.tells((all) => line.test(all))
    })
    .map((secret) => secret.name)
}

function textOf(file: string) {
  try {
    const stat = statSync(file)
    return stat.isFile() && stat.size <= MAX_TEXT_BYTES ? decodeText(readFileSync(file), file) : null
  } catch {
    return null
  }
}

function nameFrom(dir: string, path: string): string {
  const name = relative(dir, path)
  return name === '' || name === '..' || name.startsWith('../') ? path : name
}

/** Links are followed in what there is of a path. */
function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path === dirname(path) ? path : join(realOf(dirname(path)), basename(path))
  }
}
