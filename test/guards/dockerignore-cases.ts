import fc from 'fast-check'

/** Files of a build context, with names that patterns mean something by. */
export const FILES: readonly string[] = [
  ...['.env', '.env.local', 'prod.env', 'env', 'xenv', '.envrc', '.ENV', 'é.env', '\u{1F600}.env', 'a.env/file'],
  ...['a/.env', 'a/b/.env', 'a/b/c/.env', 'a/prod.env', 'a b/.env', ' lead', 'b/.env'],
  ...['secrets/key.pem', 'secrets/deep/key.pem', 'src/index.ts', 'src/.env', 'src/a/.env', 'key.pem'],
  ...['#env', '!env', '[x]', '[', 'a]', 'x*y', 'q?', 'back\\slash', 'a^b', 'a+b', '(p)', 'a.b', 'aXb', '{b}', '$c', 'p|q'],
  ...['1', 'd', 'd.env', '-', 'a-b', ':', 'build', 'dist/build/x', 'two\nlines'],
]

const PIECES: readonly string[] = [
  ...['.env', 'env', '.env.local', 'prod', 'a', 'b', 'c', 'src', 'secrets', 'deep', 'key.pem', 'dist', 'build', 'a b', 'é', '\u{1F600}'],
  ...['*', '*', '**', '**', '?', '.', '..', '*.env', '.env*', '**.env', 'a**', '*b*', '???', '.*', 'x\\*y', '\\.env', 'q\\?', 'back\\\\slash'],
  ...['[a-c]', '[!a]', '[^a]', '[.]env', '.[de]nv', '[x]', '\\[x\\]', '[a\\-b]', '[[:alpha:]]', '[*]', '[\\]]', '[?]', '[a^]', '[1-9]', '[é]'],
  ...[
    'a^b',
    'a+b',
    '(p)',
    'a.b',
    '{b}',
    '$c',
    'p|q',
    'a{1}*',
    '?{2}',
    '*{2}',
    'x|*',
    '^a',
    '\\d',
    '\\w',
    '\\#env',
    '\\!env',
    '#env',
    ':',
    '-',
    'a-b',
    '*.*',
    '\\1',
  ],
]

/** Such that no build can be made with them. */
const BROKEN: readonly string[] = ['[', '[a', 'a\\', '[]', '[]a]', '[z-a]', '[-a]', '\\e', '!', '! ', '!/', '[a-', '[\\', 'x[[:what:]]', '\\p']

const path = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join('/'))

const glued = fc.array(fc.constantFrom(...PIECES), { minLength: 2, maxLength: 3 }).map((pieces) => pieces.join(''))

const line = fc
  .tuple(
    fc.constantFrom('', '', '', '', '!', '!', '! ', ' ', '\t', '/', './', '../', '!/', '#', ' #', '!!'),
    fc.oneof({ weight: 4, arbitrary: path }, { weight: 1, arbitrary: glued }),
    fc.constantFrom('', '', '', '/', ' ', '/**', '/*', '//', '/.', '\t', '\u00A0'),
  )
  .map((parts) => parts.join(''))

/** Texts as people write them: a list, a whitelist, rules that take others back. */
const usual = fc.constantFrom(
  '.env\n',
  '**/.env*\n',
  '*\n!src\n',
  '*\n!src\n**/.env\n',
  '**\n!a/**\n',
  '**/.env\n!a/b/.env\n',
  '*\n!a\na/b\n!a/b/.env\n',
  'a/.env\n!a\n',
  'secrets\n!secrets/key.pem\n',
  'src/\n!src/*.ts\n',
  '/*\n!/src\n',
  '.*\n!.env\n',
)

const text = fc
  .tuple(
    fc.constantFrom('', '', '', '\uFEFF'),
    fc.oneof({ weight: 1, arbitrary: usual }, { weight: 6, arbitrary: fc.constant('') }),
    fc.array(line, { maxLength: 5 }),
    fc.constantFrom('\n', '\n', '\r\n'),
  )
  .map(([mark, start, lines, eol]) => `${mark}${start}${lines.join(eol)}`)

const broken = fc
  .tuple(text, fc.constantFrom(...BROKEN), fc.constantFrom('', 'a/', '**/'))
  .map(([before, bad, folder]) => `${before.endsWith('\n') || before === '' ? before : `${before}\n`}${bad.startsWith('!') ? '' : folder}${bad}\n`)

/** Texts of a `.dockerignore`: the same ones for the same seed. */
export const generateTexts = (count: number, seed: number): readonly string[] =>
  fc.sample(fc.oneof({ weight: 12, arbitrary: text }, { weight: 1, arbitrary: broken }), { numRuns: count, seed })
