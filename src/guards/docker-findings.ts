import { basename, dirname, join } from 'node:path'
import type { Build } from './builds.ts'
import { dockerVerdict, readDockerRules } from './dockerignore.ts'
import { type GuardFinding, shellWord } from './finding.ts'
import type { Guarded } from './guarded.ts'
import { readIgnoreFile } from './ignore-file.ts'
import { within } from './ignore-lines.ts'

/**
 * What would come into a build: one finding a file and ignore file, however many builds read it.
 *
 * @param mendable whether `--fix` may change an ignore file
 * @param shown a path for a person
 * @throws KeyturnError FILE_UNREADABLE.
 */
export function dockerFindings(
  guarded: readonly Guarded[],
  builds: readonly Build[],
  { mendable, shown }: { readonly mendable: (ignoreFile: string) => boolean; readonly shown: (path: string) => string },
): readonly GuardFinding[] {
  const findings = new Map<string, GuardFinding>()
  for (const build of builds) {
    const inside = guarded.filter((one) => within(build.context, one.real) !== null)
    if (inside.length === 0) continue
    const text = readIgnoreFile(build.ignoreFile)
    const rules = readDockerRules(text ?? '')
    const by = shown(build.ignoreFile)
    if (rules.refused !== null) {
      findings.set(`refused\0${build.ignoreFile}`, {
        rule: 'docker-rules',
        file: by,
        message: `Docker refuses to build with the line ${JSON.stringify(rules.refused)}`,
        hint: `correct that line of ${by}; a character that means something is written as \\[ or \\\\`,
        fix: false,
        at: build.ignoreFile,
      })
    }
    // Nothing comes into a build that is not made.
    if (rules.broken) continue
    for (const one of inside) {
      if (dockerVerdict(rules, within(build.context, one.folder ? join(one.real, 'any') : one.real) ?? '') === 'out') continue
      const key = `${one.real}\0${build.ignoreFile}\0${build.context}`
      if (findings.has(key)) continue
      const fix = mendable(build.ignoreFile)
      const line = `**/${basename(one.real)}`
      const hint = fix ? 'secrets check --fix' : `printf '%s\\n' ${shellWord(line)} >> ${shellWord(build.ignoreFile)}`
      const why = text === null ? `there is no ${by}` : `${by} does not exclude it`
      findings.set(key, {
        ...{ rule: 'docker-context', file: one.name, at: build.ignoreFile, fix, hint },
        message: `it is in the build context ${shown(build.context)} (${build.from}): ${why}`,
      })
    }
  }
  return [...findings.values()]
}

/** Whether an ignore file belongs to the project: what lies further up is not ours to change. */
export const belongsTo = (root: string, ignoreFile: string): boolean => dirname(ignoreFile) === root || within(root, ignoreFile) !== null
