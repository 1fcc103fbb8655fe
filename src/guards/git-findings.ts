import { join } from 'node:path'
import type { GuardFinding } from './finding.ts'
import { shellWord, shownName } from './finding.ts'
import { type GitSettings, type GitView, gitViews, repositoryOf } from './git.ts'
import { gitIgnores } from './gitignore.ts'
import type { Guarded } from './guarded.ts'
import { readIgnoreFile } from './ignore-file.ts'
import { within } from './ignore-lines.ts'

/** What was found, and what could not be looked at. */
export interface Looked {
  readonly findings: readonly GuardFinding[]
  readonly unknown: readonly string[]
}

/** What git would take, or has taken already. One of its own programs is asked for each working tree; none outside of one. */
export async function gitFindings(guarded: readonly Guarded[], settings: GitSettings): Promise<Looked> {
  const roots = new Map<string, Guarded[]>()
  for (const one of guarded) {
    const root = repositoryOf(join(one.real, '..'))
    if (root !== null) roots.set(root, [...(roots.get(root) ?? []), one])
  }
  const findings: GuardFinding[] = []
  const unknown: string[] = []
  if (roots.size === 0) unknown.push('git: nothing of this lies in a repository')
  for (const [root, members] of roots) {
    const probes = new Map(members.map((one) => [one, probeOf(one)]))
    const { views, trouble } = await gitViews(root, [...new Set([...probes.values(), ...members.map((one) => one.real)])], settings)
    if (trouble !== null) {
      unknown.push(`git: ${trouble}, so nobody knows what is tracked in ${root}, and its rules were judged by the .gitignore files alone`)
      findings.push(...members.filter((one) => !gitIgnores(readIgnoreFile, root, probes.get(one) ?? one.real)).map((one) => notIgnored(one)))
      continue
    }
    for (const one of members) {
      const view = views.get(probes.get(one) ?? '')
      const itself = views.get(one.real)
      if (view && itself) findings.push(...findingsOf(one, root, { ...itself, ignored: view.ignored }))
    }
  }
  return { findings, unknown }
}

/** Git ignores what is in a folder; an empty folder is nothing to it. */
const probeOf = ({ real, folder }: Guarded): string => (folder ? join(real, 'any') : real)

function findingsOf(one: Guarded, root: string, { ignored, tracked, committed }: GitView): readonly GuardFinding[] {
  const found: GuardFinding[] = []
  const file = one.name
  const path = `git -C ${shellWord(root)} rm ${one.folder ? '-r ' : ''}--cached -- ${shellWord(within(root, one.real) ?? one.real)}`
  if (tracked && committed) {
    found.push({
      rule: 'git-tracked',
      file,
      message: 'git tracks it, so its values are in the history',
      hint: `${path}   and commit that${renewal(one)}`,
      fix: false,
    })
  } else if (tracked) {
    found.push({ rule: 'git-tracked', file, message: 'it is staged: the next commit would hold it', hint: path, fix: false })
  } else if (committed) {
    found.push({ rule: 'git-committed', file, message: 'the last commit holds it; its removal is staged', hint: `git commit${renewal(one)}`, fix: false })
  }
  if (ignored === null && gitIgnores(readIgnoreFile, root, probeOf(one))) found.push(linked(one))
  else if (ignored === null) found.push(notIgnored(one))
  else if (!ignored.shared) {
    const where = `${shownName(ignored.source)}:${ignored.line}`
    found.push({ ...notIgnored(one), message: `git ignores it on this machine only (${where}): another clone would take it` })
  }
  return found
}

const notIgnored = (one: Guarded): GuardFinding => ({
  rule: 'git-ignored',
  file: one.name,
  message: 'git does not ignore it: "git add ." would take it',
  hint: 'secrets check --fix',
  fix: true,
})

/** A line for it is there, and git does not see it. */
const linked = (one: Guarded): GuardFinding => ({
  ...notIgnored(one),
  message: 'git does not ignore it, although a .gitignore has a line for it: git follows no .gitignore that is a symbolic link',
  hint: 'put a file in the place of the link',
  fix: false,
})

/** The history keeps what was committed, whatever is removed later. */
function renewal({ what, secrets }: Guarded): string {
  if (what === 'state') return '; what is in it is encrypted'
  if (what === 'key' || what === 'keys') return '; then everything in the store counts as read: secrets identity add, remove, and secrets rotate --all'
  return `; then replace what stood in it: secrets rotate ${secrets.length > 3 ? '--all' : secrets.map(shellWord).join(' ')}`
}
