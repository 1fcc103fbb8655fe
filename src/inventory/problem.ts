import { relative } from 'node:path'
import { KeyturnError } from '../errors.ts'

/** A place in a file; line and column count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly col: number
}

/** One thing that is wrong in an inventory file. Never holds a value that stood where no value belongs. */
export interface Problem extends Place {
  readonly message: string
  /** What to write instead, or what to do. */
  readonly hint?: string
}

/** The file as a person in `cwd` would name it. */
export function displayPath(file: string, cwd: string): string {
  const path = relative(cwd, file)
  return path === '' || path.startsWith('..') ? file : path
}

/** `file:line:col: message`, and the hint on a line of its own. */
const formatProblem = (problem: Problem, cwd: string): string =>
  `${displayPath(problem.file, cwd)}:${problem.line}:${problem.col}: ${problem.message}${problem.hint ? `\n  hint: ${problem.hint}` : ''}`

/** All problems as one CONFIG_INVALID: in the order of the files read, then by line and column; the same one only once. */
export function asConfigInvalid(problems: readonly Problem[], files: readonly string[], cwd: string): KeyturnError {
  const order = new Map(files.map((file, index) => [file, index]))
  const rank = (problem: Problem) => order.get(problem.file) ?? files.length
  const sorted = [...problems].sort((a, b) => rank(a) - rank(b) || a.line - b.line || a.col - b.col)
  const details = [...new Set(sorted.map((problem) => formatProblem(problem, cwd)))]
  const main = displayPath(files[0] ?? sorted[0]?.file ?? 'secrets.yaml', cwd)
  const count = details.length === 1 ? 'one problem' : `${details.length} problems`
  return new KeyturnError('CONFIG_INVALID', `${main}: ${count}`, { details })
}
