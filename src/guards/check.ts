import { realpathSync, statSync } from 'node:fs'
import { isAbsolute, relative } from 'node:path'
import { findBuilds, targetsOf } from './builds.ts'
import { belongsTo, dockerFindings } from './docker-findings.ts'
import type { GuardFinding } from './finding.ts'
import { type GitSettings, repositoryOf } from './git.ts'
import { gitFindings } from './git-findings.ts'
import { type Guarded, type GuardedQuestion, guardedOf } from './guarded.ts'
import { readIgnoreFile } from './ignore-file.ts'
import { type IgnoreQuestion, within } from './ignore-lines.ts'
import { modeFindings } from './mode-findings.ts'

export interface GuardQuestion extends GuardedQuestion {
  readonly git: GitSettings
  /** Whoever runs this. */
  readonly uid: number
}

/** What the guards saw. Holds no value. */
export interface Guards {
  readonly findings: readonly GuardFinding[]
  readonly guarded: readonly Guarded[]
  /** Build contexts, and the ignore file in force for each. */
  readonly contexts: readonly { readonly from: string; readonly context: string; readonly ignoreFile: string }[]
  /** What was not looked at, or could not be understood, in words. */
  readonly unknown: readonly string[]
  /** What `--fix` may add to, as a question for the missing lines. */
  readonly question: IgnoreQuestion
}

/**
 * Looks whether everything of a project that holds values stays out of git and out of images, and is nobody else's to read.
 * Reads only; opens neither store nor ledger, so that it works without the keys.
 *
 * @throws KeyturnError FILE_UNREADABLE for an ignore file that may not be read.
 */
export async function checkGuards(question: GuardQuestion): Promise<Guards> {
  const dir = realpathSync(question.inventory.dir)
  const top = repositoryOf(dir)
  const root = top ?? dir
  const { all, cut } = guardedOf(question)
  // The folder of the keys stands for what is in it.
  const kept = all.filter((one) => one.what !== 'key' || within(question.paths.config, one.path) === null)
  const shown = (path: string): string => shownFrom(dir, path)
  const builds = findBuilds(root, dir)
  const git = await gitFindings(kept, question.git)
  const findings = [
    ...git.findings.map((one) => mendable(one, kept, root)),
    ...dockerFindings(kept, builds.builds, { mendable: (file) => belongsTo(root, file), shown }),
    ...modeFindings(all, ownersOf(question, dir)),
  ]
  const inside = kept.filter((one) => within(root, one.real) !== null)
  const paths = inside.map((one) => one.real)
  return {
    findings,
    guarded: all,
    contexts: builds.builds.map(({ from, context, ignoreFile }) => ({ from, context: shown(context), ignoreFile: shown(ignoreFile) })),
    unknown: [...git.unknown, ...builds.unknown, ...(cut ? ['some folders of the project: too many files, or too deep'] : [])],
    question: {
      ...{ dir, git: top, read: readIgnoreFile },
      files: inside.filter((one) => !one.folder).map((one) => one.real),
      folders: inside.filter((one) => one.folder).map((one) => one.real),
      docker: targetsOf(builds.builds, paths).filter(({ path }) => belongsTo(root, path)),
    },
  }
}

/** Only in the repository of the project. Elsewhere, such as in one that keeps /etc, a person adds the line. */
function mendable(finding: GuardFinding, guarded: readonly Guarded[], root: string): GuardFinding {
  if (!finding.fix) return finding
  const one = guarded.find(({ name }) => name === finding.file)
  if (one === undefined || within(root, one.real) !== null) return finding
  const other = repositoryOf(one.folder ? one.real : `${one.real}/..`) ?? '/'
  return { ...finding, fix: false, hint: `add /${within(other, one.real) ?? one.real} to ${other}/.gitignore` }
}

function ownersOf({ uid, paths }: GuardQuestion, dir: string): ReadonlySet<number> {
  return new Set([paths.owner?.uid ?? uid, uid, statSync(dir).uid, 0])
}

function shownFrom(dir: string, path: string): string {
  const name = relative(dir, path)
  if (name === '') return './'
  return isAbsolute(name) || name.startsWith('../../..') ? path : name
}
