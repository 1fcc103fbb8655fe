import { basename, dirname } from 'node:path'
import { askGit } from '../../outputs/git.ts'
import { Sensitive } from '../../sensitive.ts'
import type { Millis } from '../../terms.ts'

/** How old values of a file are known to be by the history of git. */
export interface GitAges {
  /** A text that stood in the file, under this variable, at this time at the latest. `null`: never, as far as git knows. */
  since(variable: string, value: Sensitive<string>): Millis | null
  /** What a person should know, such as that the history is cut off. */
  readonly notes: readonly string[]
}

/** An env file changes a few dozen times in its life. */
const MOST_VERSIONS = 1000
/** Of one version; env files are a few kilobytes. */
const LARGEST_BYTES = 1024 * 1024

/**
 * Never anything but reading objects that are here: no hook, no signature program, no pager, no replaced objects, and nothing that is fetched because a
 * partial clone lacks it. A repository may have been made by somebody else.
 */
const ALONE = ['--no-pager', '-c', 'log.showSignature=false', '-c', 'protocol.allow=never', '-c', 'core.hooksPath=/dev/null']
const ENV = { GIT_CONFIG_NOSYSTEM: '1', GIT_NO_REPLACE_OBJECTS: '1', GIT_NO_LAZY_FETCH: '1', GIT_CONFIG_GLOBAL: '/dev/null' }

const NOTHING: GitAges = { since: () => null, notes: [] }

interface FileVersion {
  readonly blob: string
  readonly at: Millis
}

/**
 * Looks through every version of a file that git has, in any branch, followed through renames. No value is given to git: it hands over whole versions, and they
 * are compared here. Without git or a history there are no ages; at most 5 s a question. Never throws.
 *
 * @param file - absolute, without symbolic links
 * @param read - the variables of one version, by name; throws for what is no env file
 * @param now - a commit from the future proves nothing
 */
export async function gitAges(file: string, read: (text: Sensitive<string>) => Iterable<readonly [string, Sensitive<string>]>, now: Millis): Promise<GitAges> {
  const ask = (args: readonly string[], input?: string) =>
    askGit({ folder: dirname(file), args: [...ALONE, ...args], env: ENV, ...(input !== undefined && { input }) })
  const log = (follow: readonly string[]) =>
    ask([
      ...['log', '--all', ...follow, '--raw', '--no-abbrev', '--no-ext-diff', '--no-textconv', '--no-show-signature', '--no-color'],
      ...[`--max-count=${MOST_VERSIONS}`, '--format=%x00%at %ct', '--', basename(file)],
    ])
  const plain = await log([])
  if (plain.status === null && plain.stdout === '')
    return { ...NOTHING, notes: [`git did not say how long ${basename(file)} holds its values (${plain.reason})`] }
  // What follows a rename looks for the old name alone from there on, in every branch.
  const versions = versionsIn(plain.stdout + (plain.stdout === '' ? '' : (await log(['--follow'])).stdout), now)
  if (versions.length === 0) return NOTHING
  const shallow = (await ask(['rev-parse', '--is-shallow-repository'])).stdout.trim() === 'true'
  const texts = await ask(['cat-file', '--batch'], `${[...new Set(versions.map(({ blob }) => blob))].join('\n')}\n`)
  const since = new Map<string, { readonly value: Sensitive<string>; at: Millis }[]>()
  const byBlob = textsIn(texts.stdout)
  for (const { blob, at } of versions) {
    const text = byBlob.get(blob)
    if (text !== undefined) note(since, read, text, at)
  }
  const notes: string[] = []
  if (shallow) notes.push(`the clone is shallow: values of ${basename(file)} may be older than its history here says`)
  if (versions.length >= MOST_VERSIONS)
    notes.push(`${basename(file)} has more than ${MOST_VERSIONS} versions in git: values may be older than the last of them say`)
  return {
    since: (variable, value) => since.get(variable)?.find((one) => one.value.reveal() === value.reveal())?.at ?? null,
    notes,
  }
}

function note(
  since: Map<string, { readonly value: Sensitive<string>; at: Millis }[]>,
  read: (text: Sensitive<string>) => Iterable<readonly [string, Sensitive<string>]>,
  text: Sensitive<string>,
  at: Millis,
): void {
  try {
    for (const [name, value] of read(text)) {
      const known = since.get(name) ?? []
      const same = known.find((one) => one.value.reveal() === value.reveal())
      if (same) same.at = Math.min(same.at, at)
      else since.set(name, [...known, { value, at }])
    }
  } catch {
    // A version that was no env file says nothing.
  }
}

/** The versions of the file, from `log --raw`: after each commit's times, lines of modes and objects. */
function versionsIn(log: string, now: Millis): readonly FileVersion[] {
  const versions: FileVersion[] = []
  for (const commit of log.split('\0').slice(1)) {
    const [head = '', ...lines] = commit.split('\n')
    const times = head.split(' ').map((seconds) => Number(seconds) * 1000)
    // A rebase makes the one younger, a wrong clock the other older; what lies in the future is no time at all.
    const at = Math.min(...times.filter((time) => time > 0 && time <= now))
    if (!Number.isFinite(at)) continue
    for (const line of lines) {
      const blob = /^:\d+ (?:100644|100755) [0-9a-f]+ ([0-9a-f]{40,64}) [AMRC]/.exec(line)?.[1]
      if (blob !== undefined) versions.push({ blob, at })
    }
  }
  return versions
}

/**
 * The texts by object, from `cat-file --batch`. Its sizes count bytes, and what came is text already: one that is not plain UTF-8 ends the search, since
 * where the next begins is not known any more.
 */
function textsIn(batch: string): ReadonlyMap<string, Sensitive<string>> {
  const bytes = Buffer.from(batch, 'utf8')
  const texts = new Map<string, Sensitive<string>>()
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at)
    const [, blob = '', size = ''] = /^([0-9a-f]{40,64}) blob (\d+)$/.exec(bytes.subarray(at, end < 0 ? bytes.length : end).toString('utf8')) ?? []
    if (end < 0) break
    if (blob === '') {
      // An object that is not here, as in a partial clone.
      at = end + 1
      continue
    }
    const from = end + 1
    const length = Number(size)
    if (bytes[from + length] !== 10) break
    if (length <= LARGEST_BYTES) texts.set(blob, new Sensitive(bytes.subarray(from, from + length).toString('utf8')))
    at = from + length + 1
  }
  return texts
}
