import fc from 'fast-check'
import { awkwardValue } from './awkward.ts'

/** Env files as people write them: mostly sane, with whatever is odd in one place or another. */

const name = fc.constantFrom('A', 'B', 'PORT', 'API_KEY', 'DATABASE_URL', 'lower', '_X', 'N9')
const quoted = fc
  .tuple(fc.constantFrom("'", '"', '`'), fc.string({ unit: fc.constantFrom(...'ab 1#=$:/.\\-{}é', '\n', '"', "'", '\\n', '\\"', '${A}'), maxLength: 10 }))
  .map(([quote, text]) => `${quote}${text.replaceAll(quote, '')}${quote}`)
const bare = fc.constantFrom(
  '',
  '1',
  'true',
  'x y',
  'a#b',
  'a=b',
  '$A',
  '${A}',
  '${NONE:-d}',
  '${A:-${B}}',
  '$$',
  'x\\ny',
  '~',
  'a,b',
  '"open',
  "it's",
  'http://h:1/p?q=1',
  '*',
  '# not',
)
const value = fc.oneof(
  { arbitrary: bare, weight: 3 },
  { arbitrary: quoted, weight: 3 },
  { arbitrary: awkwardValue.map((text) => text.replace(/[\r\n]/g, '')), weight: 1 },
)
const separator = fc.oneof({ arbitrary: fc.constant('='), weight: 8 }, { arbitrary: fc.constantFrom(' = ', '= ', ' =', ': ', ':', '\t=\t', '=='), weight: 1 })
const tail = fc.oneof({ arbitrary: fc.constant(''), weight: 6 }, { arbitrary: fc.constantFrom(' ', '\t', ' # why', '# why', '  #', ' junk', ';'), weight: 1 })
const prefix = fc.oneof({ arbitrary: fc.constant(''), weight: 6 }, { arbitrary: fc.constantFrom('export ', 'export\t', '  ', '\t', 'set ', '- '), weight: 1 })
const assignment = fc.tuple(prefix, name, separator, value, tail).map((parts) => parts.join(''))
const other = fc.constantFrom(
  '',
  '   ',
  '# comment',
  '#A=old',
  '  # in',
  '; c',
  'A',
  'export A',
  '[section]',
  'just words',
  '=x',
  'B',
  'export',
  '// no',
  '---',
  '"',
  'é=1',
  'A.B=1',
  'A-B=1',
  '9=1',
)

const file = (line: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom('', '', '', '', '\uFEFF'), fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\n', '\n', '\r\n', '\r'), fc.boolean())
    .map(([start, lines, eol, ended]) => start + lines.join(eol) + (ended ? eol : ''))

/** A file with any of these lines. */
export const layout = file(fc.oneof({ arbitrary: assignment, weight: 5 }, { arbitrary: other, weight: 1 }))

/** Lines in which a shell finds assignments, comments and blanks, and nothing to run. */
export const shellLayout = fc
  .tuple(
    fc.array(
      fc.constantFrom(
        ...[
          "A='x y'",
          'A="a\\"b\\$c\\d\\\\"',
          'A=a\\ b',
          'export A=1',
          'A=x\'y\'"z"',
          'A=${B-d}',
          'A=$B',
          'A="${B:-d} $B"',
          'B=b',
          'B=',
          '# A=9',
          '',
          '  ',
          '\t# c',
        ],
        ...[
          'A=1 # c',
          'A=1#c',
          'A="1\n2"',
          'A=a\\\nb',
          'A=$',
          'A="$ x"',
          'A=x:y',
          "A='it'\\''s'",
          '  A=in',
          'A="a\'b"',
          "A='a\"b'",
          'export B="$A"',
          'A="\\x"',
          'A=\\x',
        ],
        ...[
          'A="a\\\nb"',
          "A='a\\'",
          'A=a=b',
          'A=%',
          'A=é',
          'B=x\\#y',
          'B="#"',
          "B='\n'",
          'A=""',
          "A=''",
          'A=[x]',
          'A={a,b}',
          'A=*',
          'A=?',
          'A=!',
          'A=a~b',
          'export  A=1  ',
          'A=${B:-}',
        ],
      ),
      { maxLength: 6 },
    ),
    fc.boolean(),
  )
  .map(([lines, ended]) => lines.join('\n') + (ended ? '\n' : ''))
