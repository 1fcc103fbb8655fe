import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gitIgnores } from '../../src/guards/gitignore.ts'
import { programMissing } from '../servers/programs.ts'

const PIECES: readonly string[] = [
  ...[
    '.env',
    '.env',
    '.env.local',
    'prod.env',
    'a',
    'b',
    'c',
    'secrets',
    'a b',
    'é.env',
    '*',
    '**',
    '?',
    '*.env',
    '.env*',
    '.*',
    '**.env',
    'a**',
    '*b*',
    '????',
  ],
  ...[
    '[a-c]',
    '[!a]',
    '[^a]',
    '.[de]nv',
    '[x]',
    '\\[x\\]',
    '[[:alpha:]]',
    '\\.env',
    '\\#env',
    '\\!env',
    '#env',
    '!env',
    'back\\\\slash',
    'q\\?',
    'x\\*y',
    '{a,b}',
    'a+b',
    '(p)',
  ],
]

const line = fc
  .tuple(
    fc.constantFrom('', '', '', '', '!', '!', '/', '/', ' ', '#', '!/', '**/'),
    fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join('/')),
    fc.constantFrom('', '', '', '', '/', ' ', '\\ ', '/**', '/*'),
  )
  .map((parts) => parts.join(''))
const rules = fc
  .tuple(fc.constantFrom('', '', '', '', '\uFEFF'), fc.array(line, { maxLength: 5 }), fc.constantFrom('\n', '\n', '\n', '\r\n'), fc.boolean())
  .map(([mark, lines, eol, end]) => `${mark}${lines.join(eol)}${end ? eol : ''}`)

const FILES: readonly string[] = [
  ...['.env', '.env.local', 'prod.env', 'é.env', '#env', '!env', '[x]', 'a b/.env', 'back\\slash', 'q?', 'x*y', 'a+b', '(p)', ' lead', 'trail '],
  ...['a/.env', 'a/b/.env', 'a/b/c/.env', 'a/prod.env', 'a/b/prod.env', 'secrets/.env', 'secrets/a/x', 'b/.env', 'c'],
]
/** Rules stand in these folders of a case. */
const FOLDERS = ['', 'a', 'a/b']

/** The same cases in every run. */
const SEED = 7
const CASES = 300

describe.skipIf(await programMissing('git'))('.gitignore, compared with git itself', () => {
  let root = ''
  beforeAll(() => {
    root = realpathSync(mkdtempSync(path.join(tmpdir(), 'keyturn-git-')))
    execFileSync('git', ['init', '-q', root], { env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' } })
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  /** What git ignores of all these; asked once. */
  const ignoredByGit = (files: readonly string[]): ReadonlySet<string> => {
    const said = execFileSync('git', ['-C', root, 'check-ignore', '--no-index', '--verbose', '--non-matching', '-z', '--stdin'], {
      input: files.map((file) => `./${file}\0`).join(''),
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    }).split('\0')
    const ignored = new Set<string>()
    for (let at = 0; at + 3 < said.length; at += 4) if (said[at] !== '' && !said[at + 2]?.startsWith('!')) ignored.add((said[at + 3] ?? '').slice(2))
    return ignored
  }

  test(`agrees on ${CASES} generated sets of rules, each with ${FILES.length} files`, () => {
    const cases = fc.sample(fc.tuple(rules, fc.option(rules), fc.option(rules)), { numRuns: CASES, seed: SEED })
    const texts = new Map<string, string>()
    for (const [at, all] of cases.entries()) {
      for (const [i, folder] of FOLDERS.entries()) {
        const text = all[i]
        if (text === null || text === undefined) continue
        const file = path.join(root, `case-${at}`, folder, '.gitignore')
        mkdirSync(path.dirname(file), { recursive: true })
        writeFileSync(file, text)
        texts.set(file, text)
      }
    }
    const ignored = ignoredByGit(cases.flatMap((_, at) => FILES.map((file) => `case-${at}/${file}`)))
    const wrong = cases.flatMap((all, at) => {
      const top = path.join(root, `case-${at}`)
      return FILES.filter((file) => gitIgnores((name) => texts.get(name) ?? null, top, path.join(top, file)) !== ignored.has(`case-${at}/${file}`)).map(
        (file) => ({ file, all }),
      )
    })
    expect(wrong).toEqual([])
    expect(ignored.size).toBeGreaterThan(CASES)
  })
})
