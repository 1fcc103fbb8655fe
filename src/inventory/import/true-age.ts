import { isIdentifier } from '../../policy/facts.ts'
import type { Millis } from '../../terms.ts'
import { type GitAges, gitAges } from './git-age.ts'
import type { ProposedSecret } from './propose.ts'
import { understand } from './understand.ts'

export interface Aged {
  readonly secrets: readonly ProposedSecret[]
  readonly remarks: readonly string[]
}

export interface AgeQuestion {
  /** Env files, as the inventory names them, with their real paths. */
  readonly files: readonly { readonly file: string; readonly real: string }[]
  /** What a person says of all of them: `init --created`. */
  readonly created: Millis | null
  readonly now: Millis
}

/**
 * The oldest that is proved of each value: by its file's time, by the first commit in which this very value stood there, or by a person's word where nothing
 * proves it older. Asks git about each file once.
 */
export async function trueAges(secrets: readonly ProposedSecret[], { files, created, now }: AgeQuestion): Promise<Aged> {
  const ages = new Map<string, GitAges>()
  for (const { file, real } of files)
    ages.set(file, await gitAges(real, (text) => understand(text, file).variables.map(({ name, value }) => [name, value]), now))
  const contradicted: string[] = []
  const aged = secrets.map((secret): ProposedSecret => {
    const byGit = sinceWhen(secret, ages)
    const proved = byGit !== null && byGit <= secret.bornAt ? { bornAt: byGit, source: 'git' as const } : { bornAt: secret.bornAt, source: 'file' as const }
    if (created === null) return { ...secret, ...proved }
    if (proved.source === 'git' && proved.bornAt < created && secret.fields !== null) contradicted.push(secret.name)
    // A file's time proves nothing against a person: a copy may keep the time of another file.
    return proved.source === 'git' && proved.bornAt < created ? { ...secret, ...proved } : { ...secret, bornAt: created, source: 'claimed' }
  })
  const remarks = [...ages.values()].flatMap(({ notes }) => notes)
  if (contradicted.length > 0) remarks.push(`${contradicted.join(', ')}: git has the value since before --created, so git's date counts`)
  return { secrets: aged, remarks }
}

/** A secret is as old as the oldest of its values; a user name may stay for ever. */
function sinceWhen({ env, fields, files }: ProposedSecret, ages: ReadonlyMap<string, GitAges>): Millis | null {
  let oldest: Millis | null = null
  for (const [variable, field] of Object.entries(env)) {
    if (fields === null || isIdentifier(field)) continue
    for (const file of files) {
      const at =
        ages.get(file)?.since(
          variable,
          fields.map((values) => values[field] ?? ''),
        ) ?? null
      if (at !== null && (oldest === null || at < oldest)) oldest = at
    }
  }
  return oldest
}
