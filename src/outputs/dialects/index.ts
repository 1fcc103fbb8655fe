import { KeyturnError } from '../../errors.ts'
import type { DialectName } from '../../terms.ts'
import { compose } from './compose.ts'
import type { EnvDialect } from './define.ts'
import { docker } from './docker.ts'
import { dotenv } from './dotenv.ts'
import { json } from './json.ts'
import { node } from './node.ts'
import { python } from './python.ts'
import { shell } from './shell.ts'
import { systemd } from './systemd.ts'

/** Every dialect that can be written. */
export const DIALECTS: readonly EnvDialect[] = [compose, docker, dotenv, node, python, shell, systemd, json]

/** The dialect of this name. Throws UNSUPPORTED for `files`, which is not there yet. */
export function dialectOf(name: DialectName): EnvDialect {
  const found = DIALECTS.find((dialect) => dialect.name === name)
  if (!found)
    throw new KeyturnError('UNSUPPORTED', `dialect "${name}" comes with a later version`, {
      hint: 'Use one of: compose, docker, dotenv, node, python, shell, systemd, json.',
    })
  return found
}
