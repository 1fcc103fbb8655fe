import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isKeyturnError } from '../../../src/errors.ts'
import { DIALECTS, dialectOf } from '../../../src/outputs/dialects/index.ts'
import { ADDED, mergeEntries } from '../../../src/outputs/merge.ts'
import { Sensitive } from '../../../src/sensitive.ts'
import type { DialectName } from '../../../src/terms.ts'
import { runs } from '../../support/runs.ts'
import { awkwardValue, rawSafeValue } from '../awkward.ts'
import { AWKWARD } from '../values.ts'
import { availableReaders } from './available.ts'
import type { Reader } from './readers.ts'

/**
 * Random files and edits. The test made the files from parts, so it knows without any parser which bytes may change; and the real
 * readers find the new value for what is managed, and what they found before for the rest.
 */

/** Five times what other suites take, shared among the dialects: 10,000 with `npm run test:readers`. */
const RUNS = runs('readers', 200) * 5
const SEED = Number(process.env.KEYTURN_READERS_SEED ?? 20_261_123)
const readers = (await availableReaders()).filter(isAsked)
const dialects = DIALECTS.filter(({ syntax }) => syntax !== null).map(({ name }) => name)
const EACH = Math.ceil(RUNS / dialects.length)

/** Those that only what we write must suit, and those that take a process for every file, are asked in `values.test.ts`. */
function isAsked({ name, dialect }: Reader): boolean {
  return dialect !== null && dialect !== 'json' && (dialect !== 'node' || name === `node ${process.version.replace(/\..*/, '')}`)
}

interface Line {
  /** Up to the separator; the blanks behind it. */
  readonly head: string
  readonly blanks: string
  readonly value: string
  readonly tail: string
  /** `null`: no assignment, all of it stands in `value`. */
  readonly name: string | null
}

interface File {
  readonly start: string
  readonly lines: readonly Line[]
  readonly eol: string
  readonly end: string
}

const NAMES = ['A', 'B', 'PORT', 'API_KEY', 'DATABASE_URL', 'lower', '_X']
/** These refuse a file, or run code, for a line that is neither assignment nor comment. */
const STRICT: readonly DialectName[] = ['compose', 'docker', 'shell']
/** Here whatever follows the value on its line is a part of it. */
const WHOLE_LINE: readonly DialectName[] = ['docker', 'systemd']

function fileFor(dialect: DialectName): fc.Arbitrary<File> {
  const written = fc.oneof(
    fc.constantFrom('', 'old', 'true', 'a=b', 'a.b/c', 'x:y', '8080', 'pl,us+'),
    fc
      .tuple(fc.constantFrom("'", '"'), fc.constantFrom('', 'old', 'a b', 'two\nlines', ' edge ', '# no', 'a=b', 'é', '\n\n'))
      .map(([quote, text]) => quote + text + quote),
  )
  const assignment = fc
    .record({
      prefix: fc.constantFrom('', '', '', '', ...(dialect === 'docker' ? [] : ['  ', '\t', ...(dialect === 'systemd' ? [] : ['export '])])),
      name: fc.constantFrom(...NAMES),
      blanks: fc.constantFrom('', '', '', '', ...(dialect === 'docker' || dialect === 'shell' ? [] : [' ', '\t'])),
      value: dialect === 'docker' ? written.map((text) => text.replaceAll('\n', ' ')) : written,
      tail: fc.constantFrom('', '', '', ' ', '\t', ' # why', '  # A=1'),
    })
    .map(({ prefix, name, blanks, value, tail }): Line => ({ head: `${prefix}${name}=`, blanks, value, tail, name }))
  const more = STRICT.includes(dialect) ? [] : ['[section]', 'just words', '; c', '// no', '---']
  const other = fc
    .constantFrom('', '   ', '# comment', '#A=old', '  # in', '# A="', ...more)
    .map((value): Line => ({ head: '', blanks: '', value, tail: '', name: null }))
  return fc.record({
    start: fc.constantFrom('', '', '', ...(dialect === 'shell' ? [] : ['\uFEFF'])),
    lines: fc.array(fc.oneof({ arbitrary: assignment, weight: 3 }, { arbitrary: other, weight: 1 }), { maxLength: 9 }),
    eol: fc.constantFrom('\n', '\n', ...(dialect === 'shell' ? [] : ['\r\n'])),
    end: fc.constantFrom('', '\n', '\n', '\n\n', '\n  '),
  })
}

const textOf = ({ start, lines, eol, end }: File): string =>
  start + lines.map(({ head, blanks, value, tail }) => head + blanks + value + tail).join(eol) + end.replace('\n', eol)

/** What the merged text must look like: every byte, but for the values of managed names and what is added at the end. */
function patternOf({ start, lines, eol, end }: File, managed: ReadonlySet<string>, dialect: DialectName): RegExp {
  const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  const parts = lines.map(({ head, blanks, value, tail, name }) => {
    if (name === null || !managed.has(name)) return escaped(head + blanks + value + tail)
    // Blanks around a value that is not there stand behind the new one.
    return `${escaped(head)}${value === '' ? '' : escaped(blanks)}[\\s\\S]*?${WHOLE_LINE.includes(dialect) ? '' : escaped(tail)}`
  })
  const added = `(?:(?:\\r?\\n){0,2}${ADDED}\\r?\\n(?:[A-Z_0-9a-z]+=[\\s\\S]*)+)?`
  return new RegExp(`^${start}${parts.join(eol)}${end.replace('\n', eol)}${added}$`)
}

// An empty value is never written.
const value = fc.oneof(rawSafeValue, rawSafeValue, awkwardValue.filter(Boolean), fc.constantFrom(...AWKWARD.filter((one) => one !== '' && one.length < 100)))
const edit = fc
  .tuple(fc.uniqueArray(fc.constantFrom(...NAMES, 'NEW_1', 'NEW_2'), { minLength: 1, maxLength: 4 }), fc.array(value, { minLength: 4, maxLength: 4 }))
  .map(([names, values]) => new Map(names.map((name, i) => [name, values[i] ?? ''])))

function merged(dialect: DialectName) {
  const made: { readonly before: string; readonly after: string; readonly managed: ReadonlyMap<string, string> }[] = []
  for (const [file, managed] of fc.sample(fc.tuple(fileFor(dialect), edit), { numRuns: 3 * EACH, seed: SEED })) {
    if (made.length === EACH) break
    const before = textOf(file)
    const entries = [...managed].map(([name, plain]) => ({ name, value: new Sensitive(plain) }))
    let after: string
    try {
      after = mergeEntries(new Sensitive(before), entries, dialectOf(dialect)).reveal()
    } catch (error) {
      if (!isKeyturnError(error, 'ENV_UNREADABLE') && !isKeyturnError(error, 'ENV_NOT_REPRESENTABLE')) throw error
      continue
    }
    const fits = patternOf(file, new Set(managed.keys()), dialect).test(after)
    expect([dialect, before, after, fits]).toEqual([dialect, before, after, true])
    made.push({ before, after, managed })
  }
  return made
}

const pick = (read: Readonly<Record<string, string>> | null | undefined, which: (name: string) => boolean) =>
  Object.entries(read ?? {})
    .filter(([name]) => which(name))
    .sort()

describe.each(dialects)('%s', (dialect) => {
  test('changes the managed values and not a byte besides, for the real reader too', async () => {
    const made = merged(dialect)
    expect(made).toHaveLength(EACH)
    for (const reader of readers.filter((one) => one.dialect === dialect)) {
      const [before, after] = [await reader.read(made.map((one) => one.before)), await reader.read(made.map((one) => one.after))]
      for (const [i, { managed, ...texts }] of made.entries()) {
        const wanted = [...managed].sort(([a], [b]) => (a < b ? -1 : 1))
        expect([reader.name, texts, pick(after[i], (name) => managed.has(name))]).toEqual([reader.name, texts, wanted])
        expect([reader.name, texts, pick(after[i], (name) => !managed.has(name))]).toEqual([reader.name, texts, pick(before[i], (name) => !managed.has(name))])
      }
    }
  }, 600_000)
})
