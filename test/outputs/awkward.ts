import fc from 'fast-check'

/** Pieces of env files that readers differ about; random texts of them hit the traps often. */
const PIECES = [
  ...[
    'A',
    'B',
    'KEY',
    '=',
    '=',
    '=',
    '\n',
    '\n',
    '\r\n',
    '\r',
    '"',
    "'",
    '`',
    '\\',
    '\\n',
    '\\"',
    "\\'",
    '\\\n',
    '$',
    '$$',
    '${A}',
    '${A:-x}',
    '$A',
    '#',
    ' #',
    ' ',
    '\t',
  ],
  ...[
    'export ',
    ':',
    ': ',
    'x',
    'é',
    '\\0101',
    '{',
    '}',
    '-',
    '?',
    '\u00a0',
    ';',
    'v w',
    '~',
    '\nA=',
    '\nB="',
    "\nC='",
    '\n# c',
    '.',
    '[',
    '\f',
    '(',
    '|',
    '&',
    '🙂',
    '\uFEFF',
  ],
]

/** Text that looks like an env file to some reader, and is broken for others. */
export const envText = fc
  .tuple(fc.constantFrom('', '', '', '\uFEFF', 'A=', 'A="', '# c\n'), fc.array(fc.constantFrom(...PIECES), { maxLength: 24 }))
  .map(([start, pieces]) => start + pieces.join(''))

/** Values that no reader takes without care. */
export const awkwardValue = fc
  .array(
    fc.constantFrom(
      'a',
      'Zz',
      '=',
      '\n',
      '\r\n',
      '"',
      "'",
      '`',
      '\\',
      '\\n',
      '$',
      '$$',
      '${A}',
      '$A',
      '#',
      ' #',
      ' ',
      '\t',
      ':',
      'é',
      '🙂',
      '\\0101',
      '{',
      '}',
      '-',
      '~',
      '/',
      ';',
      '|',
      '&',
      '<',
      '(',
      '!',
      '*',
      '%',
    ),
    { maxLength: 8 },
  )
  .map((pieces) => pieces.join(''))

/** Values that stand for themselves everywhere. */
export const rawSafeValue = fc.stringMatching(/^[A-Za-z0-9_\-.~/+=:,@%]{1,40}$/)
