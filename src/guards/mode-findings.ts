import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type GuardFinding, shellWord, shownName } from './finding.ts'
import type { Guarded } from './guarded.ts'
import { namesIn } from './listing.ts'

/** Who may own a file: whoever runs this, whoever called sudo, the owner of the project, and root. */
export type Owners = ReadonlySet<number>

/** Modes, owners and links of what lies on this machine. What is not there, or may not be seen, is nothing to find. */
export const modeFindings = (guarded: readonly Guarded[], owners: Owners): readonly GuardFinding[] =>
  guarded
    .filter((one) => one.here)
    .flatMap((one) => [...linkFindings(one, owners), ...pathFindings(one, owners), ...insideFindings(one, new Set(guarded.map(({ real }) => real)))])

function pathFindings(one: Guarded, owners: Owners): readonly GuardFinding[] {
  const stat = look(one.real, statSync)
  if (stat === null) return []
  const found: GuardFinding[] = []
  const wide = wideBits(stat, one.perm)
  // A folder of files of ours is as open as its files are.
  if (wide !== 0 && !(one.what === 'output' && one.folder)) {
    found.push({
      ...{ rule: 'file-mode', file: one.name, fix: owners.has(stat.uid) },
      message: `others may ${wide & 0o022 ? 'write' : stat.isDirectory() ? 'enter' : 'read'} it (mode ${octal(stat.mode)})`,
      ...narrowing(one.real, stat.mode & ~wide),
    })
  }
  if (!owners.has(stat.uid)) {
    found.push({
      ...{ rule: 'file-owner', file: one.name, fix: false },
      message: `it belongs to user id ${stat.uid}, who can change it`,
      hint: `sudo chown ${[...owners][0] ?? 0} ${shellWord(one.real)}`,
    })
  }
  return found
}

/** Bits for others that a file should not have. */
const wideBits = ({ mode }: Pick<Stats, 'mode'>, perm: number): number => mode & 0o077 & ~perm

/** Where the values of an output with one file a secret are: its present generation. */
const GENERATION = '..data'

/** What stands in a folder: each wide file by itself, without those that are looked at anyhow. */
function insideFindings(one: Guarded, known: ReadonlySet<string>): readonly GuardFinding[] {
  if (!one.folder) return []
  const folder = one.what === 'output' ? join(one.real, GENERATION) : one.real
  const perm = one.what === 'output' ? one.perm : 0
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name)
    const stat = look(path, lstatSync)
    const wide = stat === null || stat.isSymbolicLink() || known.has(path) ? 0 : wideBits(stat, perm)
    if (stat === null || wide === 0) return []
    return [
      {
        ...{ rule: 'file-mode' as const, file: path, fix: true },
        message: `others may ${stat.isDirectory() ? 'enter' : 'read'} it (mode ${octal(stat.mode)})`,
        ...narrowing(path, stat.mode & ~wide),
      },
    ]
  })
}

/** A link is followed by whoever writes: where it leads, and who may turn it elsewhere, matters. */
function linkFindings(one: Guarded, owners: Owners): readonly GuardFinding[] {
  const stat = look(one.path, lstatSync)
  if (!stat?.isSymbolicLink()) return []
  const leads = shownName(readlinkSync(one.path))
  if (one.what === 'key') {
    return [
      {
        rule: 'file-link',
        file: one.name,
        message: `it is a symbolic link (to ${leads}), which no key may be`,
        hint: `move the file itself to ${shellWord(one.path)}`,
        fix: false,
      },
    ]
  }
  const folder = look(dirname(one.real), statSync)
  const open = folder !== null && (folder.mode & 0o022) !== 0
  const strange = [stat.uid, ...(folder === null ? [] : [folder.uid])].find((uid) => !owners.has(uid))
  if (!open && strange === undefined) return []
  const why = open ? `others may write into that folder (mode ${octal(folder.mode)})` : `user id ${strange} may turn it elsewhere`
  return [
    {
      ...{ rule: 'file-link', file: one.name, fix: false },
      message: `it is a symbolic link to ${leads}, and ${why}`,
      hint: `rm ${shellWord(one.path)} && secrets sync   writes a file in its place`,
    },
  ]
}

const narrowing = (path: string, mode: number): Pick<GuardFinding, 'hint' | 'chmod'> => ({
  hint: `chmod ${octal(mode)} ${shellWord(path)}`,
  chmod: { path, mode: mode & 0o777 },
})

const octal = (mode: number): string => (mode & 0o777).toString(8)

function look(path: string, by: (path: string) => Stats): Stats | null {
  try {
    return by(path)
  } catch {
    return null
  }
}
