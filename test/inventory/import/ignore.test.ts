import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dockerExcludes } from '../../../src/inventory/import/dockerignore.ts'
import { gitIgnores, type IgnoreQuestion, planIgnores, showChange, undoIgnore } from '../../../src/inventory/import/ignore.ts'
import { programMissing } from '../../servers/programs.ts'

const reader =
  (files: Readonly<Record<string, string>>) =>
  (name: string): string | null =>
    files[name] ?? null

const ask = (files: Readonly<Record<string, string>>, more: Partial<IgnoreQuestion> = {}): IgnoreQuestion => ({
  dir: '',
  files: ['.env'],
  git: true,
  contexts: [''],
  own: [],
  read: reader(files),
  ...more,
})

describe('the lines that are missing', () => {
  test('both files are made where there are none', () => {
    expect(planIgnores(ask({})).map(({ path, after }) => [path, after])).toEqual([
      ['.gitignore', '.env\n.*.keyturn-*.tmp\n'],
      ['.dockerignore', '**/.env\n**/.*.keyturn-*.tmp\n'],
    ])
  })

  test('nothing without git and without images', () => {
    expect(planIgnores(ask({}, { git: false, contexts: [] }))).toEqual([])
  })

  test('what is ignored already stays out', () => {
    const files = { '.gitignore': 'node_modules\n.env*\n.*.tmp\n', '.dockerignore': '**/.*\n' }
    expect(planIgnores(ask(files))).toEqual([])
  })

  test('a line that is taken back later counts as missing', () => {
    expect(planIgnores(ask({ '.gitignore': '.env\n!.env\n', '.dockerignore': '**\n' }))[0]?.added).toEqual(['.env', '.*.keyturn-*.tmp'])
  })

  test('line ends stay as they are, also a missing one', () => {
    expect(planIgnores(ask({ '.gitignore': 'a\r\nb', '.dockerignore': '**\n' }))[0]?.after).toBe('a\r\nb\r\n.env\r\n.*.keyturn-*.tmp\r\n')
  })

  test('doing it twice changes nothing more', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('.env', '!.env', '*', '!*', '**/.env', '# .env', '/.env', '.env/', '', '*.tmp'), { maxLength: 6 }), (lines) => {
        const text = lines.join('\n')
        const files: Record<string, string> = { '.gitignore': text, '.dockerignore': text }
        for (const change of planIgnores(ask(files))) files[change.path] = change.after
        expect(planIgnores(ask(files))).toEqual([])
      }),
    )
  })

  test('taking them away again gives the file as it was', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const change of planIgnores(ask({ '.gitignore': text, '.dockerignore': text }))) expect(undoIgnore(change.after, change)).toBe(text)
      }),
    )
  })

  test('a file of a sub-folder is named from the folder of the inventory', () => {
    const changes = planIgnores(ask({}, { dir: 'app', files: ['app/config/prod.env'], contexts: ['app'] }))
    expect(changes.map(({ path, added }) => [path, added[0]])).toEqual([
      ['app/.gitignore', '/config/prod.env'],
      ['app/.dockerignore', '**/prod.env'],
    ])
  })

  test('a Dockerfile with ignore rules of its own gets the lines too', () => {
    const changes = planIgnores(
      ask({ '.gitignore': '.*\n', 'api.Dockerfile.dockerignore': 'dist\n' }, { own: [{ path: 'api.Dockerfile.dockerignore', context: '' }] }),
    )
    expect(changes.map((change) => change.path)).toEqual(['.dockerignore', 'api.Dockerfile.dockerignore'])
  })

  test('a context that the file does not lie in needs nothing', () => {
    expect(planIgnores(ask({ '.gitignore': '.*\n' }, { contexts: ['web'] }))).toEqual([])
  })
})

test('only our own lines go away again, whatever was added since', () => {
  const [change] = planIgnores(ask({ '.gitignore': '# mine\n.env\n!.env\n' }, { contexts: [] }))
  expect(change && undoIgnore(`${change.after}later\n`, change)).toBe('# mine\n.env\n!.env\nlater\n')
})

test('a file that was made goes away, unless somebody wrote into it', () => {
  const [change] = planIgnores(ask({}, { contexts: [] }))
  expect(change && undoIgnore(change.after, change)).toBeNull()
  expect(change && undoIgnore(`${change.after}dist\n`, change)).toBe('dist\n')
})

test('what is shown are the new lines with what stands before them', () => {
  const [change] = planIgnores(ask({ '.gitignore': 'a\nb\nc\n' }, { contexts: [] }))
  expect(change && showChange(change)).toBe('.gitignore:\n    ...\n    b\n    c\n  + .env\n  + .*.keyturn-*.tmp')
})

describe('.dockerignore', () => {
  test.each<[string, string, boolean]>([
    ['.env', '.env', true],
    ['.env', 'app/.env', false],
    ['**/.env', '.env', true],
    ['**/.env', 'a/b/.env', true],
    ['**/.env', 'prod.env', false],
    ['**.env', 'a/prod.env', true],
    ['/.env', '.env', true],
    ['./.env', '.env', true],
    ['.env/', '.env', true],
    ['a/../.env', '.env', true],
    ['*.env', 'prod.env', true],
    ['*.env', 'a/prod.env', false],
    ['secrets', 'secrets/.env', true],
    ['foo/**', 'foo/a/.env', true],
    ['foo/**', 'foo', false],
    ['a/**/.env', 'a/.env', true],
    ['a/**/.env', 'a/b/c/.env', true],
    ['.en?', '.env', true],
    ['.[de]nv', '.env', true],
    ['.[^e]nv', '.env', false],
    ['*\n!.env', '.env', false],
    ['*\n!src', '.env', true],
    ['!.env\n.env', '.env', true],
    ['secrets\n!secrets/.env', 'secrets/.env', false],
    ['#.env', '.env', false],
    [' #.env', '#.env', true],
    ['  .env  ', '.env', true],
    ['\\.env', '.env', true],
    ['[', '.env', false],
    ['\uFEFF.env', '.env', true],
    ['.ENV', '.env', false],
  ])('%j keeps %s out: %s', (text, file, out) => expect(dockerExcludes(text, file)).toBe(out))
})

describe.skipIf(await programMissing('git'))('.gitignore, compared with git itself', () => {
  let root = ''
  beforeAll(() => {
    root = realpathSync(mkdtempSync(path.join(tmpdir(), 'keyturn-git-')))
    execFileSync('git', ['init', '-q', root], { env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' } })
    mkdirSync(path.join(root, 'a/b'), { recursive: true })
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  const real = (file: string): boolean => {
    try {
      execFileSync('git', ['-C', root, 'check-ignore', '-q', '--no-index', file], {
        env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
      })
      return true
    } catch {
      return false
    }
  }

  const LINES = [
    '.env',
    '/.env',
    '*.env',
    '!.env',
    '**/.env',
    'a/',
    '!a/',
    'a/*',
    '!a/b',
    'b/.env',
    '/a/b/.env',
    '.*',
    '#.env',
    '*',
    'a/**/.env',
    '!/a/b/.env',
    '.env ',
    '\\.env',
  ]
  test('in every folder, with rules that take others back', () => {
    const rules = fc.array(fc.constantFrom(...LINES), { maxLength: 4 }).map((lines) => lines.join('\n'))
    fc.assert(
      fc.property(rules, fc.option(rules), fc.option(rules), (top, middle, deep) => {
        const files: Record<string, string> = { '.gitignore': top }
        if (middle !== null) files['a/.gitignore'] = middle
        if (deep !== null) files['a/b/.gitignore'] = deep
        for (const name of ['.gitignore', 'a/.gitignore', 'a/b/.gitignore']) rmSync(path.join(root, name), { force: true })
        for (const [name, text] of Object.entries(files)) writeFileSync(path.join(root, name), text)
        for (const file of ['.env', 'a/.env', 'a/b/.env']) expect([file, gitIgnores(reader(files), file)]).toEqual([file, real(file)])
      }),
      { numRuns: 40 },
    )
  })
})
