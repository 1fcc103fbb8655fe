import { basename } from 'node:path'
import { isKeyturnError, type KeyturnError } from '../../errors.ts'
import { compose } from '../../outputs/dialects/compose.ts'
import type { EnvDialect } from '../../outputs/dialects/define.ts'
import { dotenv } from '../../outputs/dialects/dotenv.ts'
import { node } from '../../outputs/dialects/node.ts'
import { python } from '../../outputs/dialects/python.ts'
import { shell } from '../../outputs/dialects/shell.ts'
import { systemd } from '../../outputs/dialects/systemd.ts'
import { lexLines } from '../../outputs/lines.ts'
import type { Sensitive } from '../../sensitive.ts'
import type { EnvVariable } from './classify.ts'
import { readVariables } from './read.ts'

/** An env file, and whose rules it was read by. */
export interface Understood {
  readonly dialect: EnvDialect
  readonly variables: readonly EnvVariable[]
  /** Why it is not Compose's, and what was left alone. Never a value. */
  readonly remarks: readonly string[]
}

/** Commands, and values that a program prints: only a shell makes anything of them. */
const SHELL_CODE =
  /^\s*(if\s|fi\b|then\b|for\s|done\b|source\s|\.\s+\S|set\s+[-+]\w|unset\s|readonly\s|declare\s|\[\[?\s)|^[^#\n]*=("[^"\n]*)?(\$\(|`[^`\n]+`)|^#!.*\b(ba|da|z|k)?sh\b/m
/** Compose takes `;` at the start of a line for a name that it refuses; systemd takes it for a comment. */
const SEMICOLON_COMMENT = /^[ \t]*;/m

/**
 * Reads an env file by the rules of the reader that it was most likely written for: Compose's where Compose takes it, a shell's
 * where it holds code, else those of the reader that finds the most assignments. No line of it makes the rest unreadable.
 *
 * @param bySystemd a unit names it as its EnvironmentFile, so nothing has to be guessed
 * @throws KeyturnError ENV_UNREADABLE, as Compose would say it, where nobody can read it, or where it ends in the middle of a value.
 */
export function understand(text: Sensitive<string>, file: string, bySystemd = false): Understood {
  if (bySystemd) {
    const variables = attempt(systemd, text, file)
    if (!isFailure(variables) && variables.length > 0) return understood(systemd, variables, text, file, 'a systemd unit reads it')
  }
  const isCode = basename(file) === '.envrc' || text.tells((all) => SHELL_CODE.test(all))
  const first = attempt(compose, text, file)
  const byShell = isCode ? attempt(shell, text, file) : null
  if (!isFailure(first) && (byShell === null || isFailure(byShell) || countOf(byShell) < countOf(first))) return understood(compose, first, text, file, null)
  if (byShell !== null && !isFailure(byShell) && !isFailure(first)) return understood(shell, byShell, text, file, 'it holds shell code')
  let best: { readonly dialect: EnvDialect; readonly variables: readonly EnvVariable[]; readonly count: number } | null = null
  for (const dialect of candidates(text, isCode)) {
    const variables = attempt(dialect, text, file)
    if (isFailure(variables)) continue
    const count = countOf(variables)
    if (best === null || count > best.count) best = { dialect, variables, count }
  }
  if (!isFailure(first)) return understood(compose, first, text, file, null)
  if (best === null || best.count === 0 || isCutOff(best.variables)) throw first
  return understood(best.dialect, best.variables, text, file, `Compose refuses it (${withoutFile(first, file)})`)
}

/** Of equal ones the first is taken. */
const candidates = (text: Sensitive<string>, isCode: boolean): readonly EnvDialect[] => {
  const rest = [dotenv, python, node, systemd, shell]
  const likely = text.tells((all) => SEMICOLON_COMMENT.test(all)) ? systemd : isCode ? shell : null
  return likely === null ? rest : [likely, ...rest.filter((one) => one !== likely)]
}

function attempt(dialect: EnvDialect, text: Sensitive<string>, file: string): readonly EnvVariable[] | KeyturnError {
  try {
    return readVariables(text, dialect, file)
  } catch (error) {
    if (isKeyturnError(error, 'ENV_UNREADABLE')) return error
    throw error
  }
}

/** The last value opens a quote that nothing closes: the file is half written, and so is that value. */
const isCutOff = (variables: readonly EnvVariable[]): boolean => variables.at(-1)?.value.tells((value) => /^(["'`])(?!.*\1\s*$)/s.test(value)) ?? false

const isFailure = (read: readonly EnvVariable[] | KeyturnError): read is KeyturnError => !Array.isArray(read)

/** How many names it read that somebody would give; what a closing quote was missing for is in none of them. */
const countOf = (variables: readonly EnvVariable[]): number =>
  new Set(variables.filter((one) => /^[A-Za-z_][\w.-]*$/.test(one.name)).map((one) => one.name)).size

const withoutFile = (error: KeyturnError, file: string): string =>
  error.message.startsWith(`${file}: `) ? error.message.slice(file.length + 2) : error.message

function understood(dialect: EnvDialect, variables: readonly EnvVariable[], text: Sensitive<string>, file: string, why: string | null): Understood {
  if (why === null) return { dialect, variables, remarks: [] }
  const said = `${file}: ${why}; it is read and written as ${READERS[dialect.name] ?? dialect.name} does (dialect: ${dialect.name})`
  const left = dialect.syntax === null ? [] : lexLines(text, dialect.syntax).filter((line) => line.kind === 'unknown')
  if (left.length === 0) return { dialect, variables, remarks: [said] }
  const where = `line${left.length === 1 ? '' : 's'} ${left
    .slice(0, 8)
    .map((line) => line.number)
    .join(', ')}${left.length > 8 ? ` and ${left.length - 8} more` : ''}`
  return {
    dialect,
    variables,
    remarks: [said, `${file}: ${where} ${left.length === 1 ? 'is' : 'are'} no assignment for that reader, and ${left.length === 1 ? 'is' : 'are'} left alone`],
  }
}

const READERS: Readonly<Record<string, string>> = {
  dotenv: 'the npm package dotenv',
  python: 'python-dotenv',
  node: 'node --env-file',
  systemd: "systemd's EnvironmentFile",
  shell: 'a shell',
}
