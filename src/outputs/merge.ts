import { KeyturnError } from '../errors.ts'
import type { Entry } from '../ports.ts'
import type { Sensitive } from '../sensitive.ts'
import { type EnvDialect, notRepresentable } from './dialects/define.ts'
import { type AssignLine, joinLines, type Line, lexLines, withValue } from './lines.ts'

/** Stands before the variables that we added to a file of somebody else. */
export const ADDED = '# Added by Keyturn'

/**
 * The file with these values in it. Only the values themselves change: comments, order, quoting, inline comments, lines that
 * nobody understands, trailing blanks, line ends, byte order mark and `export ` stay byte for byte. A name that is there more
 * than once gets a new value everywhere, since no old one shall stay in the file. A name whose value is right already, in
 * whatever form, is not touched. Missing names come at the end under one comment line. `null` makes a new file.
 *
 * The result is read back by the dialect's own rules before it is returned: every entry as given, everything else as before.
 * Throws ENV_NOT_REPRESENTABLE, naming the variable, where that fails; ENV_UNREADABLE, naming the line, for a text that the
 * dialect's reader refuses. Merging twice is the same as merging once.
 */
export function mergeEntries(text: Sensitive<string> | null, entries: readonly Entry[], dialect: EnvDialect): Sensitive<string> {
  checkNames(entries, dialect)
  if (text === null) return dialect.render(entries)
  const current = valuesByName(text, dialect)
  const changed = entries.filter((entry) => {
    // The last assignment is the one that its reader takes.
    return current.get(entry.name)?.at(-1) !== entry.value.reveal()
  })
  if (changed.length === 0) return text
  const merged = dialect.edit ? dialect.edit(text, changed) : editLines(text, changed, dialect)
  checkMerged(text, merged, entries, new Set(changed.map((entry) => entry.name)), dialect)
  return merged
}

/**
 * The file without these variables; everything else stays byte for byte. For `eject` and `rm`. Throws ENV_UNREADABLE as
 * {@link mergeEntries} does, UNSUPPORTED for a dialect without lines.
 */
export function removeEntries(text: Sensitive<string>, names: readonly string[], dialect: EnvDialect): Sensitive<string> {
  if (!dialect.syntax) throw new KeyturnError('UNSUPPORTED', `dialect "${dialect.name}": take the variables out by hand: ${names.join(', ')}`)
  const gone = new Set(names)
  const kept = joinLines(lexLines(text, dialect.syntax).filter((line) => line.kind !== 'assign' || !gone.has(line.name)))
  checkUnmanaged(text, kept, gone, dialect)
  return kept
}

function editLines(text: Sensitive<string>, changed: readonly Entry[], dialect: EnvDialect): Sensitive<string> {
  if (!dialect.syntax) throw new Error(`dialect ${dialect.name} has neither lines nor an editor`)
  const wanted = new Map(changed.map((entry) => [entry.name, entry]))
  const lines = lexLines(text, dialect.syntax)
  const found = new Set<string>()
  const edited = lines.map((line) => {
    const entry = line.name === undefined ? undefined : wanted.get(line.name)
    if (!entry) return line
    if (line.kind !== 'assign')
      throw new KeyturnError('ENV_UNREADABLE', `line ${line.number} sets ${entry.name} together with something else`, {
        hint: 'Give the variable a line of its own, with quotes around a value that has blanks.',
      })
    found.add(line.name)
    return withValue(line, encodeIn(line, entry, dialect))
  })
  const added = changed.filter((entry) => !found.has(entry.name))
  const kept = joinLines(edited)
  return added.length === 0 ? kept : kept.map((before) => before + block(before, lines, added, dialect))
}

const encodeIn = (line: AssignLine, entry: Entry, dialect: EnvDialect): Sensitive<string> => dialect.encode(entry.name, entry.value, line.value.reveal())

function block(before: string, lines: readonly Line[], added: readonly Entry[], dialect: EnvDialect): string {
  const eol = before.includes('\r\n') && dialect.name !== 'shell' ? '\r\n' : '\n'
  const values = added.map((entry) => `${entry.name}=${dialect.encode(entry.name, entry.value).reveal()}${eol}`).join('')
  if (before === '' || before === '\uFEFF') return `${ADDED}${eol}${values}`
  const ended = /[\r\n]$/.test(before) ? '' : eol
  if (endsInOurBlock(lines)) return ended + values
  const blank = lines.at(-1)?.kind === 'blank' ? '' : eol
  return `${ended}${blank}${ADDED}${eol}${values}`
}

function endsInOurBlock(lines: readonly Line[]): boolean {
  const last = lines.findLast((line) => line.kind !== 'assign')
  return last?.kind === 'comment' && last.raw.reveal().trim() === ADDED
}

function valuesByName(text: Sensitive<string>, dialect: EnvDialect): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>()
  for (const { name, value } of dialect.bindings(text).reveal()) {
    const held = values.get(name)
    if (held) held.push(value)
    else values.set(name, [value])
  }
  return values
}

function checkMerged(before: Sensitive<string>, after: Sensitive<string>, entries: readonly Entry[], changed: ReadonlySet<string>, dialect: EnvDialect): void {
  const values = valuesByName(after, dialect)
  for (const entry of entries) {
    const held = values.get(entry.name)
    const right = (value: string | undefined): boolean => value === entry.value.reveal()
    if (!(changed.has(entry.name) ? held?.every(right) : right(held?.at(-1))))
      throw notRepresentable(dialect.name, entry.name, 'in this file it does not read back as written; look at the lines around it')
  }
  checkUnmanaged(before, after, new Set(entries.map((entry) => entry.name)), dialect)
}

// Compared before references are resolved: `URL=redis://:${PASSWORD}@h` is meant to follow a new PASSWORD.
function checkUnmanaged(before: Sensitive<string>, after: Sensitive<string>, managed: ReadonlySet<string>, dialect: EnvDialect): void {
  const others = (text: Sensitive<string>) =>
    dialect
      .bindings(text)
      .reveal()
      .filter((binding) => !managed.has(binding.name))
  const [was, is] = [others(before), others(after)]
  for (let i = 0; i < Math.max(was.length, is.length); i++)
    if (was[i]?.name !== is[i]?.name || was[i]?.source !== is[i]?.source)
      throw notRepresentable(dialect.name, (was[i] ?? is[i])?.name ?? '?', 'writing the values beside it would change how it is read')
}

function checkNames(entries: readonly Entry[], dialect: EnvDialect): void {
  const seen = new Set<string>()
  for (const { name } of entries) {
    if (seen.has(name)) throw notRepresentable(dialect.name, name, 'the name is there twice')
    seen.add(name)
  }
}
