import { describe, expect, test } from 'vitest'
import { folderViolations, habitViolations, importCycles, importViolations } from './support/architecture.ts'
import { readSources } from './support/sources.ts'

describe('this repository', () => {
  const sources = readSources(['src', 'cli', 'jobs'])

  test('imports downwards only, and adapters are seen by src/app.ts alone', () => {
    expect(sources.size).toBeGreaterThan(20)
    expect(importViolations(sources)).toEqual([])
  })

  test('has no circles of imports', () => {
    expect(importCycles(sources)).toEqual([])
  })

  test('reveals values, reads the environment and the clock, prints and ends the process only where that belongs', () => {
    expect(habitViolations(sources)).toEqual([])
  })

  test('has no folder or file whose name says nothing', () => {
    expect(folderViolations(readSources(['src', 'cli', 'jobs', 'test', 'bench', 'scripts']))).toEqual([])
  })
})

describe('the rules', () => {
  const one = (file: string, text: string) => new Map([[file, text]])

  test.each([
    ['src/terms.ts', "import { load } from './inventory/load.ts'", /foundation imports nothing/],
    ['src/errors.ts', "import * as z from 'zod'", /no package/],
    ['src/terms/event.ts', "import { KeyturnError } from '../errors.ts'", /glossary needs nothing else/],
    ['src/rotation/advance.ts', "import type { Event } from '../terms/event.ts'", /as src\/terms.ts/],
    ['src/rotation/advance.ts', "import type { Lease } from '../ports/world.ts'", /as src\/ports.ts/],
    ['src/ports/store.ts', "import type { Engine } from '../rotation/engine.ts'", /foundation imports nothing/],
    ['src/rotation/advance.ts', "import { openLocal } from '../stores/local/open.ts'", /through ports/],
    ['src/rotation/advance.ts', "import type { LocalStore } from '../stores/local/open.ts'", /through ports/],
    ['src/policy/facts.ts', "import { build } from '../reports/build.ts'", /policy is below reports/],
    ['src/stores/vault.ts', "import { append } from '../ledger/sqlite.ts'", /adapter imports the foundation/],
    ['src/rotators/random.ts', "export { strength } from '../policy/strength.ts'", /adapter imports the foundation/],
    ['src/state/files.ts', "import { Problem } from '../inventory/problem.ts'", /foundation only/],
    ['src/outputs/write.ts', "const app = await import('../app.ts')", /composition root/],
    ['src/app.ts', "import { run } from '../cli/run.ts'", /nothing outside of src/],
    ['src/elsewhere/a.ts', "import { load } from '../inventory/load.ts'", /no folder that the rules know/],
    ['cli/commands/set.ts', "import {\n  openLocal,\n} from '../../src/stores/local/open.ts'", /only src\/app.ts sees/],
    ['jobs/worker.ts', "import '../cli/run.ts'", /do not know the command line/],
  ])('%s with %s is a violation', (file, text, reason) => {
    expect(importViolations(one(file, text))).toEqual([expect.stringMatching(reason)])
  })

  test.each([
    ['src/ports.ts', "import type { ZodType } from 'zod'\nimport type { Fields } from './terms.ts'"],
    ['src/reports/build.ts', "import { due } from '../policy/schedule.ts'\nimport { readFile } from 'node:fs/promises'"],
    ['src/stores/local/shelf.ts', "import { placeNew } from '../../state/files.ts'\nimport { each } from './each.ts'"],
    ['src/app.ts', "import { openLocal } from './stores/local/open.ts'\nimport { advance } from './rotation/advance.ts'"],
    ['src/policy/facts.ts', "// import { build } from '../reports/build.ts'\n/* import('../app.ts') */"],
  ])('%s with %s is fine', (file, text) => {
    expect(importViolations(one(file, text))).toEqual([])
  })

  test('a circle is named once, and one of types or of lazy imports is none', () => {
    const files = (a: string, b: string) =>
      new Map([
        ['src/policy/a.ts', a],
        ['src/policy/b.ts', b],
      ])
    expect(importCycles(files("import './b.ts'", "import { a } from './a.ts'"))).toEqual(['src/policy/a.ts -> src/policy/b.ts -> src/policy/a.ts'])
    expect(importCycles(files("import './b.ts'", "import type { A } from './a.ts'"))).toEqual([])
    expect(importCycles(files("import './b.ts'", "const a = () => import('./a.ts')"))).toEqual([])
  })

  test.each([
    ['src/reports/build.ts', 'const text = value.reveal()'],
    ['cli/commands/set.ts', 'print(box.reveal())'],
    ['src/stores/local/names.ts', 'const home = process.env.HOME'],
    ['src/rotation/advance.ts', 'process.exit(1)'],
    ['src/rotation/advance.ts', 'const at = Date.now()'],
    ['src/rotators/random.ts', 'const pick = Math.random()'],
    ['src/policy/facts.ts', "console.log('here')"],
    ['src/inventory/schema.ts', "import { z } from 'zod'"],
  ])('%s with %s is a violation', (file, text) => {
    expect(habitViolations(one(file, `\n${text}\n`))).toEqual([expect.stringContaining(`${file}:2`)])
  })

  test.each([
    ['src/stores/local/envelope.ts', 'value.reveal()'],
    ['src/app.ts', 'process.env.HOME; Date.now()'],
    ['cli/secrets.ts', 'process.exit(2)'],
    ['src/policy/facts.ts', '// process.exit(1) would be wrong\n/** Date.now() too */'],
    ['src/inventory/schema.ts', "import * as z from 'zod'"],
  ])('%s with %s is fine', (file, text) => {
    expect(habitViolations(one(file, text))).toEqual([])
  })

  test('folders and files are named for what they hold', () => {
    expect(folderViolations(one('src/common/text.ts', ''))).toEqual(['src/common/text.ts'])
    expect(folderViolations(one('src/policy/utils.ts', ''))).toEqual(['src/policy/utils.ts'])
    expect(folderViolations(one('src/policy/commons.ts', ''))).toEqual([])
  })
})
