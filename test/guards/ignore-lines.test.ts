import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type IgnoreQuestion, planIgnores, showChange, undoIgnore } from '../../src/guards/ignore-lines.ts'

const reader =
  (files: Readonly<Record<string, string>>) =>
  (name: string): string | null =>
    files[name.replace(/^\/p\//, '')] ?? null

/** A project in `/p`, by names as one sees them from there. */
const plan = (files: Readonly<Record<string, string>>, { contexts = ['/p'], ...more }: Partial<IgnoreQuestion> & { contexts?: readonly string[] } = {}) =>
  planIgnores({
    dir: '/p',
    files: ['/p/.env'],
    git: '/p',
    docker: contexts.map((context) => ({ path: `${context}/.dockerignore`, context })),
    read: reader(files),
    ...more,
  }).map((change) => ({ ...change, path: change.path.replace('/p/', '') }))

describe('the lines that are missing', () => {
  test('both files are made where there are none', () => {
    expect(plan({}).map(({ path, after }) => [path, after])).toEqual([
      ['.gitignore', '.env\n.*.keyturn-*.tmp\n'],
      ['.dockerignore', '**/.env\n**/.*.keyturn-*.tmp\n'],
    ])
  })

  test('nothing without git and without images', () => {
    expect(plan({}, { git: null, contexts: [] })).toEqual([])
  })

  test('what is ignored already stays out', () => {
    const files = { '.gitignore': 'node_modules\n.env*\n.*.tmp\n', '.dockerignore': '**/.*\n' }
    expect(plan(files)).toEqual([])
  })

  test('a line that is taken back later counts as missing', () => {
    expect(plan({ '.gitignore': '.env\n!.env\n', '.dockerignore': '**\n' })[0]?.added).toEqual(['.env', '.*.keyturn-*.tmp'])
  })

  test('line ends stay as they are, also a missing one', () => {
    expect(plan({ '.gitignore': 'a\r\nb', '.dockerignore': '**\n' })[0]?.after).toBe('a\r\nb\r\n.env\r\n.*.keyturn-*.tmp\r\n')
  })

  test('doing it twice changes nothing more', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('.env', '!.env', '*', '!*', '**/.env', '# .env', '/.env', '.env/', '', '*.tmp'), { maxLength: 6 }), (lines) => {
        const text = lines.join('\n')
        const files: Record<string, string> = { '.gitignore': text, '.dockerignore': text }
        for (const change of plan(files)) files[change.path] = change.after
        expect(plan(files)).toEqual([])
      }),
    )
  })

  test('taking them away again gives the file as it was', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const change of plan({ '.gitignore': text, '.dockerignore': text })) expect(undoIgnore(change.after, change)).toBe(text)
      }),
    )
  })

  test('a file of a sub-folder is named from the folder of the inventory', () => {
    const changes = plan({}, { dir: '/p/app', files: ['/p/app/config/prod.env'], contexts: ['/p/app'] })
    expect(changes.map(({ path, added }) => [path, added[0]])).toEqual([
      ['app/.gitignore', '/config/prod.env'],
      ['app/.dockerignore', '**/prod.env'],
    ])
  })

  test('a Dockerfile with ignore rules of its own gets the lines too', () => {
    const files = { '.gitignore': '.*\n', 'api.Dockerfile.dockerignore': 'dist\n' }
    const docker = ['.dockerignore', 'api.Dockerfile.dockerignore'].map((name) => ({ path: `/p/${name}`, context: '/p' }))
    const changes = plan(files, { docker })
    expect(changes.map((change) => change.path)).toEqual(['.dockerignore', 'api.Dockerfile.dockerignore'])
  })

  test('a deeper file that takes it back gets the line', () => {
    const files = { '.gitignore': '.env\n.*.tmp\n', 'app/.gitignore': '!.env\n' }
    const changes = plan(files, { files: ['/p/app/.env'], contexts: [] })
    expect(changes.map(({ path, added }) => [path, added])).toEqual([['app/.gitignore', ['.env']]])
  })

  test('a context above or below the project is asked about the file as it lies in it', () => {
    const above = plan({ '.gitignore': '.*\n', '../.dockerignore': '*\n!p\n' }, { contexts: ['/'] })
    expect(above.map(({ path, added }) => [path, added])).toEqual([['//.dockerignore', ['**/.env', '**/.*.keyturn-*.tmp']]])
    const below = plan({ '.gitignore': '.*\n' }, { files: ['/p/.env', '/p/api/.env'], contexts: ['/p/api'] })
    expect(below.map(({ path }) => path)).toEqual(['api/.dockerignore'])
  })

  test('a folder is covered with all that is in it, and a neighbour that begins like it is not', () => {
    const [git, docker] = plan({}, { files: [], folders: ['/p/var/state'] })
    expect([git?.added, docker?.added]).toEqual([['/var/state'], ['var/state']])
    expect(plan({ '.gitignore': '/var/stat\n', '.dockerignore': 'var/stat*\n' }, { files: [], folders: ['/p/var/state'] }).map(({ kind }) => kind)).toEqual([
      'git',
    ])
  })

  test.each(['#env', '!env', 'a*b', '[x].env', 'back\\slash', 'two\nlines', ' lead', 'trail ', 'a b.env', '\u{1F600}.env', '-n', 'x\r'])(
    '%j is covered',
    (name) => {
      const files: Record<string, string> = {}
      const changes = plan({}, { files: [`/p/a/${name}`] })
      expect(changes.map(({ kind }) => kind)).toEqual(['git', 'docker'])
      for (const change of changes) files[change.path] = change.after
      expect(plan(files, { files: [`/p/a/${name}`] })).toEqual([])
    },
  )

  test('rules that Docker refuses get no line: a person must look first', () => {
    expect(plan({ '.gitignore': '.*\n', '.dockerignore': '[\n' })).toEqual([])
  })

  test('a context that the file does not lie in needs nothing', () => {
    expect(plan({ '.gitignore': '.*\n' }, { contexts: ['/p/web'] })).toEqual([])
  })
})

test('only our own lines go away again, whatever was added since', () => {
  const [change] = plan({ '.gitignore': '# mine\n.env\n!.env\n' }, { contexts: [] })
  expect(change && undoIgnore(`${change.after}later\n`, change)).toBe('# mine\n.env\n!.env\nlater\n')
})

test('a file that was made goes away, unless somebody wrote into it', () => {
  const [change] = plan({}, { contexts: [] })
  expect(change && undoIgnore(change.after, change)).toBeNull()
  expect(change && undoIgnore(`${change.after}dist\n`, change)).toBe('dist\n')
})

test('what is shown are the new lines with what stands before them', () => {
  const [change] = plan({ '.gitignore': 'a\nb\nc\n' }, { contexts: [] })
  expect(change && showChange(change)).toBe('.gitignore:\n    ...\n    b\n    c\n  + .env\n  + .*.keyturn-*.tmp')
})
