import type { DialectName } from '../../terms.ts'
import { compose } from './compose.ts'
import type { EnvDialect } from './define.ts'
import { docker } from './docker.ts'
import { dotenv } from './dotenv.ts'
import { files } from './files.ts'
import { json } from './json.ts'
import { node } from './node.ts'
import { python } from './python.ts'
import { shell } from './shell.ts'
import { systemd } from './systemd.ts'

/** Every dialect that can be written. */
export const DIALECTS: readonly EnvDialect[] = [compose, docker, dotenv, node, python, shell, systemd, json, files]

/** The dialect of this name. */
export function dialectOf(name: DialectName): EnvDialect {
  const found = DIALECTS.find((dialect) => dialect.name === name)
  // The names are one list with the inventory's schema: another one is our own mistake.
  if (!found) throw new Error(`no dialect "${name}"`)
  return found
}
