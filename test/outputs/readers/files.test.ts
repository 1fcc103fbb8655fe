import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isKeyturnError } from '../../../src/errors.ts'
import { DIALECTS, dialectOf } from '../../../src/outputs/dialects/index.ts'
import { Sensitive } from '../../../src/sensitive.ts'
import type { DialectName } from '../../../src/terms.ts'
import { runs } from '../../support/runs.ts'
import { envText } from '../awkward.ts'
import { layout, shellLayout } from '../layouts.ts'
import { availableReaders } from './available.ts'
import type { Reader, Reading } from './readers.ts'

/** Files of odd layouts, taken apart by each dialect and by the programs it is a model of. */

const RUNS = runs('readers', 200)
const SEED = Number(process.env.KEYTURN_READERS_SEED ?? 20_261_122)
const readers = (await availableReaders()).filter(compared)

/** `--env-file` calls what `parseEnv` calls, and costs a process a file; another Node than ours has another parser, which only what we write must suit. */
function compared({ name, dialect }: Reader): boolean {
  return dialect !== null && dialect !== 'json' && (dialect !== 'node' || name === `node ${process.version.replace(/\..*/, '')}`)
}

/** `null`: refused, with the line. */
function parsed(dialect: DialectName, text: string): Reading {
  try {
    return Object.fromEntries(
      dialectOf(dialect)
        .parse(new Sensitive(text))
        .map((entry) => [entry.name, entry.value.reveal()]),
    )
  } catch (error) {
    if (!isKeyturnError(error, 'ENV_UNREADABLE')) throw error
    expect(error.message).toMatch(/^line \d+ /)
    return null
  }
}

/** A shell runs what it reads: it gets lines that run nothing. */
const texts = (dialect: DialectName, odd: boolean): readonly string[] =>
  fc.sample(dialect === 'shell' ? shellLayout : odd ? envText : layout, { numRuns: RUNS, seed: SEED })

// Up to 1.2.2 python-dotenv takes a comment behind an empty value for the value; what we write there is read alike by all.
const leftOut = (reader: Reader, text: string): boolean => reader.dialect === 'python' && /=[^\S\r\n]+#/u.test(text)

describe.each(DIALECTS.filter(({ name }) => readers.some((reader) => reader.dialect === name)).map(({ name }) => name))('%s', (dialect) => {
  // A shell runs what it reads, and has one kind.
  test.each(
    dialect === 'shell'
      ? [['odd layouts', false] as const]
      : ([
          ['odd layouts', false],
          ['pieces in any order', true],
        ] as const),
  )(
    'is read as its readers do: %s',
    async (_, odd) => {
      const understood = texts(dialect, odd).flatMap((text) => {
        const ours = parsed(dialect, text)
        return ours === null ? [] : [{ text, ours }]
      })
      // What compose, docker and python refuse as a whole, we refuse as well.
      expect(understood.length).toBeGreaterThan(odd && dialect === 'compose' ? RUNS / 5 : RUNS / 3)
      for (const reader of readers.filter((one) => one.dialect === dialect)) {
        const asked = understood.filter(({ text }) => !leftOut(reader, text))
        const read = await reader.read(asked.map(({ text }) => text))
        const wrong = asked.map(({ text, ours }, i) => ({ text, ours, theirs: read[i] })).filter(({ ours, theirs }) => !isSame(ours, theirs))
        wrong.sort((a, b) => a.text.length - b.text.length)
        expect(wrong.slice(0, 3).map(({ text, ours, theirs }) => [reader.name, text, ours, theirs])).toEqual([])
      }
    },
    300_000,
  )
})

const isSame = (ours: Reading, theirs: Reading | undefined): boolean =>
  theirs != null && ours !== null && JSON.stringify(Object.entries(ours).sort()) === JSON.stringify(Object.entries(theirs).sort())
