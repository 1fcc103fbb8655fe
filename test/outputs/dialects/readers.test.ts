import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseEnv } from 'node:util'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DIALECTS, dialectOf } from '../../../src/outputs/dialects/index.ts'
import { Sensitive } from '../../../src/sensitive.ts'
import type { DialectName } from '../../../src/terms.ts'
import { awkwardValue, envText, rawSafeValue } from '../awkward.ts'

/** The models against the programs they are models of, and what they write read by those. */

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'keyturn-readers-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const LIKES = [undefined, "'x'", '"x"', '`x`', 'x']
const parsed = (name: DialectName, text: string): Record<string, string> =>
  Object.fromEntries(
    dialectOf(name)
      .parse(new Sensitive(text))
      .map((entry) => [entry.name, entry.value.reveal()]),
  )
const written = (name: DialectName, variable: string, value: string, like?: string): string | null => {
  try {
    return dialectOf(name).encode(variable, new Sensitive(value), like).reveal()
  } catch {
    return null
  }
}

/** Two values one below the other and a line behind them, for values that this dialect can hold. */
function files(name: DialectName, count: number): readonly { readonly text: string; readonly values: readonly string[] }[] {
  const pairs = fc.sample(fc.tuple(awkwardValue, awkwardValue, fc.constantFrom(...LIKES)), { numRuns: count, seed: 20_261_121 })
  return pairs.flatMap(([a, b, like]) => {
    const [first, second] = [written(name, 'A', a, like), written(name, 'B', b, like)]
    return first === null || second === null ? [] : [{ text: `A=${first}\nB=${second}\nEND=1\n`, values: [a, b, '1'] }]
  })
}

describe('node', () => {
  it('parses as util.parseEnv does, whatever the text', () => {
    fc.assert(
      fc.property(envText, (text) => {
        expect(parsed('node', text)).toEqual({ ...parseEnv(text) })
      }),
      { numRuns: 5000 },
    )
  })

  it('writes what util.parseEnv reads', () => {
    const all = files('node', 1500)
    expect(all.length).toBeGreaterThan(700)
    for (const { text, values } of all) expect(Object.values(parseEnv(text))).toEqual(values)
  })

  it('writes what node --env-file reads', () => {
    const file = path.join(dir, '.env')
    const values = ['a b#c', "it's `x`", '"q" $HOME ${A}', 'line\nline', '  edge  ', '\\n', '~/x']
    writeFileSync(file, values.map((value, i) => `KT_${i}=${written('node', `KT_${i}`, value)}\n`).join(''))
    const read = spawnSync(
      process.execPath,
      [`--env-file=${file}`, '-p', 'JSON.stringify(Object.keys(process.env).filter((k) => k.startsWith("KT_")).sort().map((k) => process.env[k]))'],
      { env: {} },
    )
    expect(JSON.parse(read.stdout.toString())).toEqual(values)
  })
})

const runIn = (program: string, args: readonly string[], stdin = '') =>
  spawnSync(program, args, { cwd: dir, input: stdin, env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' }, maxBuffer: 1 << 28 })
const SHELLS = [['bash', '--norc'], ['dash'], ['sh']].filter(([program, ...args]) => !runIn(program as string, [...args, '-c', 'true']).error)

describe.each(SHELLS)('shell, read by %s', (program, ...args) => {
  it('writes what it reads', () => {
    const all = files('shell', 300)
    expect(all).toHaveLength(300)
    for (const [i, { text }] of all.entries()) writeFileSync(path.join(dir, String(i)), text)
    const script = 'i=0; while [ -e ./$i ]; do ( set -a; . ./$i; printf "%s\\0%s\\0%s\\0" "$A" "$B" "$END" ); i=$((i+1)); done'
    const read = runIn(program as string, [...args, '-c', script])
    expect(read.stderr.toString()).toBe('')
    expect(read.stdout.toString().split('\0').slice(0, -1)).toEqual(all.flatMap(({ values }) => values))
  })

  it('parses as it does where no code is run', () => {
    const lines = ["A='x y'", 'A="a\\"b\\$c\\d\\\\"', 'A=a\\ b', 'export A=1', 'A=x\'y\'"z"', 'A=${B-d}', 'A=$B', 'A="${B:-d} $B"', 'B=b', 'B=', '# A=9']
    const more = ['A=1 # c', 'A=1#c', 'A="1\n2"', 'A=a\\\nb', 'A=$', 'A="$ x"', 'A=x:y', "A='it'\\''s'", '  A=in']
    const texts = fc.sample(fc.array(fc.constantFrom(...lines, ...more), { maxLength: 5 }), { numRuns: 300, seed: 7 }).map((some) => `${some.join('\n')}\n`)
    for (const [i, text] of texts.entries()) writeFileSync(path.join(dir, String(i)), text)
    const script = 'i=0; while [ -e ./$i ]; do ( . ./$i; printf "%s\\0%s\\0" "${A-unset}" "${B-unset}" ); i=$((i+1)); done'
    const read = runIn(program as string, [...args, '-c', script])
      .stdout.toString()
      .split('\0')
    const ours = texts.map((text) => parsed('shell', text)).map((values) => [values.A ?? 'unset', values.B ?? 'unset'])
    expect(ours).toEqual(texts.map((_, i) => [read[2 * i], read[2 * i + 1]]))
  })
})

const GENERATOR = '/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator'

// Its files have the syntax of EnvironmentFile=, but "$" is resolved; and it prints "~" and control characters unquoted. Few
// machines have it, so it is no loss to be announced where it is not: rules.test.ts has the rules.
if (!runIn(GENERATOR, []).error)
  describe('systemd, read by its environment.d generator', () => {
    it('writes what it reads', () => {
      mkdirSync(path.join(dir, 'environment.d'))
      const all = files('systemd', 600).filter(({ values }) => !values.some((value) => /[$~\n\t]/.test(value)))
      expect(all.length).toBeGreaterThan(60)
      const text = all.map((one, i) => one.text.replace(/^([A-Z]+)=/gm, (_, name) => `${name}_${i}=`)).join('')
      writeFileSync(path.join(dir, 'environment.d', 'a.conf'), text)
      const printed = spawnSync(GENERATOR, [], { env: { XDG_CONFIG_HOME: dir, HOME: dir, LC_ALL: 'C.UTF-8' } }).stdout
      const names = all.flatMap((_, i) => [`A_${i}`, `B_${i}`, `END_${i}`])
      const read = runIn('sh', ['-s'], `${printed}\nprintf '%s\\0' ${names.map((name) => `"$${name}"`).join(' ')}\n`)
      expect(read.stdout.toString().split('\0').slice(0, -1)).toEqual(all.flatMap(({ values }) => values))
    })
  })

describe('every dialect', () => {
  it.each(DIALECTS.map((dialect) => dialect.name))('reads back what it writes, in the style asked for, with a line behind it intact (%s)', (name) => {
    fc.assert(
      fc.property(awkwardValue, fc.constantFrom(...LIKES), (value, like) => {
        const text = written(name, 'A', value, like)
        if (text === null || dialectOf(name).syntax === null) return
        expect(parsed(name, `A=${text}\nEND=1\n`)).toEqual({ A: value, END: '1' })
      }),
      { numRuns: 1000 },
    )
  })

  it.each(DIALECTS.filter((dialect) => dialect.syntax).map((dialect) => dialect.name))(
    'writes a value of safe characters as it is, so that any reader takes it (%s)',
    (name) => {
      fc.assert(
        fc.property(rawSafeValue, (value) => {
          if (name === 'shell' && /(?:^|:)~/.test(value)) return
          expect(written(name, 'A', value)).toBe(value)
          expect(parsed(name, `A=${value}\n`)).toEqual({ A: value })
        }),
        { numRuns: 1000 },
      )
    },
  )

  it.each(DIALECTS.map((dialect) => dialect.name))('renders a whole file and parses it back, or names the variable (%s)', (name) => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/), awkwardValue), { selector: ([key]) => key, maxLength: 5 }), (pairs) => {
        const entries = pairs.map(([key, value]) => ({ name: key, value: new Sensitive(value) }))
        try {
          expect(parsed(name, dialectOf(name).render(entries).reveal())).toEqual(Object.fromEntries(pairs))
        } catch (error) {
          expect(error).toMatchObject({ code: 'ENV_NOT_REPRESENTABLE' })
          expect(pairs.some(([key]) => (error as Error).message.startsWith(`${key}: `))).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })
})
