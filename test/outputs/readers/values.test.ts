import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isKeyturnError } from '../../../src/errors.ts'
import { RAW_SAFE } from '../../../src/outputs/dialects/define.ts'
import { DIALECTS, dialectOf } from '../../../src/outputs/dialects/index.ts'
import { outputs } from '../../../src/outputs/folders.ts'
import { mergeEntries } from '../../../src/outputs/merge.ts'
import type { Entry } from '../../../src/ports.ts'
import { Sensitive } from '../../../src/sensitive.ts'
import type { DialectName } from '../../../src/terms.ts'
import { dockerMissing, startDocker } from '../../servers/docker.ts'
import { runs } from '../../support/runs.ts'
import { rawSafeValue } from '../awkward.ts'
import { AWKWARD, anyValue } from '../values.ts'
import { availableReaders } from './available.ts'
import { inContainer } from './containers.ts'
import { run } from './readers.ts'

/** What each dialect writes, read by the programs it is written for. */

const RUNS = runs('readers', 200)
/** Printed with a failure; another one each run would find more, and none of it again. */
const SEED = Number(process.env.KEYTURN_READERS_SEED ?? 20_261_121)
const readers = await availableReaders()

/** Old right-hand sides whose quoting is asked for; `null`: a line that is not there yet. */
const STYLES = [null, 'old', "'old'", '"old"', '`old`', '""', '']

interface Case {
  readonly name: string
  readonly value: string
  readonly style: string | null
}

/** Cases that the dialect can hold, and those that it refuses. All awkward values are among them in every style. */
function cases(dialect: DialectName): { readonly held: readonly Case[]; readonly refused: readonly Case[] } {
  const random = fc.sample(fc.tuple(anyValue, fc.constantFrom(...STYLES)), { numRuns: 3 * RUNS, seed: SEED })
  const styles = dialectOf(dialect).syntax === null ? [null] : STYLES
  const all = [...AWKWARD.flatMap((value) => styles.map((style) => [value, style] as const)), ...random]
  const held: Case[] = []
  const refused: Case[] = []
  for (const [i, [value, style]] of all.entries()) {
    const one = { name: `V_${i}`, value, style }
    if (held.length >= AWKWARD.length * styles.length + RUNS) break
    if (canHold(dialect, one)) held.push(one)
    else refused.push(one)
  }
  return { held, refused }
}

/** A refusal names the variable, says why, and never the value. */
function canHold(dialect: DialectName, { name, value, style }: Case): boolean {
  try {
    dialectOf(dialect).encode(name, new Sensitive(value), style ?? undefined)
    return true
  } catch (error) {
    if (!isKeyturnError(error, 'ENV_NOT_REPRESENTABLE')) throw error
    expect(error.message).toMatch(new RegExp(`^${name}: dialect "${dialect}" cannot hold its value: .`))
    if (value.trim().length > 8) expect(error.message).not.toContain(value)
    return false
  }
}

/** A file of somebody else's, in which some of the names stand with an old value, and the rest is added. */
function fileOf(dialect: DialectName, all: readonly Case[]): string {
  const entries: Entry[] = all.map(({ name, value }) => ({ name, value: new Sensitive(value) }))
  if (dialect === 'json') return mergeEntries(new Sensitive(`{${all.map(({ name }) => `"${name}": "old"`).join(', ')}}`), entries, dialectOf(dialect)).reveal()
  const before = all.flatMap(({ name, style }) => (style === null ? [] : [`${name}=${style}`, 'NEIGHBOUR="as it was" ']))
  return mergeEntries(new Sensitive(`${before.join('\n')}\n`), entries, dialectOf(dialect)).reveal()
}

/** What cannot be written, said apart from the code that refuses it. */
const IMPOSSIBLE: Readonly<Partial<Record<DialectName, (value: string) => boolean>>> = {
  compose: () => false,
  shell: () => false,
  json: () => false,
  docker: (value) => /[\r\n]/.test(value) || value.length > 16_000,
  dotenv: (value) => value.endsWith('\\') || (value.includes("'") && value.includes('`')) || /[\r]/.test(value),
  node: (value) => value.includes('\r') || ["'", '"', '`'].every((quote) => value.includes(quote)) || value.includes('\\n'),
  python: (value) => value.includes('${') || value.endsWith('\\'),
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what systemd refused
  systemd: (value) => /[\x01-\x08\x0b-\x1f\x7f]|\p{Noncharacter_Code_Point}/u.test(value),
}

describe.each(DIALECTS.map(({ name }) => name).filter((name) => name !== 'files'))('%s', (dialect) => {
  const own = readers.filter((reader) => reader.dialect === dialect)

  test.runIf(own.length > 0)(
    'is read back, value for value, by every reader that it is for',
    async () => {
      const { held } = cases(dialect)
      expect(held.length).toBeGreaterThan(RUNS)
      const text = fileOf(dialect, held)
      for (const reader of own) {
        const [read] = await reader.read([text])
        const wrong = held.filter(({ name, value }) => read?.[name] !== value)
        expect(wrong.slice(0, 3).map((one) => [reader.name, one.style, one.value, read?.[one.name]])).toEqual([])
        const names = new Set(held.map(({ name }) => name))
        expect(Object.entries(read ?? {}).filter(([name]) => !names.has(name))).toEqual(
          dialect === 'json' ? [] : [['NEIGHBOUR', dialect === 'docker' ? '"as it was" ' : 'as it was']],
        )
      }
    },
    300_000,
  )

  test('refuses, by name and with nothing written, only what its readers have no way to hold', () => {
    const { refused } = cases(dialect)
    for (const one of refused) {
      expect([one.value, IMPOSSIBLE[dialect]?.(one.value) || one.value.includes('\0')]).toEqual([one.value, true])
      const merge = () =>
        mergeEntries(new Sensitive(dialect === 'json' ? '{}' : 'A=1\n'), [{ name: one.name, value: new Sensitive(one.value) }], dialectOf(dialect))
      expect(merge).toThrow(/^V_\d+: /)
    }
  })
})

describe.skipIf(await dockerMissing())('docker, with a real engine', () => {
  test('gives a container what was written', async () => {
    const { held } = cases('docker')
    await using engine = await startDocker()
    const read = await inContainer(engine, fileOf('docker', held))
    expect(held.filter(({ name, value }) => read[name] !== value)).toEqual([])
  }, 300_000)
})

describe('files', () => {
  test('are read back, byte for byte, as files are, and refuse only a NUL byte', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'keyturn-values-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const { held, refused } = cases('files')
    for (const { value } of refused) expect(value).toContain('\0')
    const files = outputs({ lockDir: path.join(folder, 'locks'), isTracked: async () => ({ tracked: false }), random: { bytes: (n) => randomBytes(n) } })
    await files.locked(`${folder}/secrets/`, new AbortController().signal, async (file) => {
      const entries = held.map(({ name, value }) => ({ name, value: new Sensitive(value) }))
      await file.replace(mergeEntries(await file.read(), entries, dialectOf('files')), 0o600)
    })
    for (const { name, value } of held) expect([name, readFileSync(path.join(folder, 'secrets', name), 'utf8')]).toEqual([name, value])
    // Into variables, as entry points of images do it: a shell drops the line ends at the end.
    const kept = held.filter(({ value }) => !value.endsWith('\n'))
    const script = 'for name in "$@"; do printf "%s\\0" "$(cat "secrets/$name")"; done'
    const read = run('/bin/sh', ['-c', script, 'sh', ...kept.map(({ name }) => name)], { cwd: folder })
      .toString()
      .split('\0')
      .slice(0, -1)
    expect(kept.filter(({ value }, i) => read[i] !== value)).toEqual([])
  }, 300_000)
})

describe('a value of safe characters', () => {
  test('is written as it is, and every reader of every dialect takes it', async () => {
    const values = fc.sample(rawSafeValue, { numRuns: RUNS, seed: SEED })
    // A tilde is a home folder for a shell.
    const pairs = values.filter((value) => !/(?:^|:)~/.test(value)).map((value, i) => [`V_${i}`, value] as const)
    for (const [, value] of pairs) expect(value).toMatch(RAW_SAFE)
    const text = pairs.map(([name, value]) => `${name}=${value}\n`).join('')
    for (const reader of readers.filter(({ dialect }) => dialect !== 'json')) {
      const [read] = await reader.read([text])
      const wrong = pairs.filter(([name, value]) => read?.[name] !== value)
      expect([reader.name, wrong.length, wrong[0], wrong[0] && read?.[wrong[0][0]]]).toEqual([reader.name, 0, undefined, undefined])
    }
  }, 120_000)
})
