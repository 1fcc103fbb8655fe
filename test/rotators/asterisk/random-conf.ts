import fc from 'fast-check'

/** Random ari.conf texts of the kinds of lines that Asterisk's parser tells apart, also of those that go wrong. */

const raw = fc
  .array(fc.constantFrom('a', 'B', '7', '-', '_', '=', '>', '"', '#', ' ', ';', '\\', '\\;', ';--', '--;', '[', ']', '(', '+', '\t', 'xyz'), {
    minLength: 1,
    maxLength: 8,
  })
  .map((parts) => parts.join(''))
const plain = fc.array(fc.constantFrom('p', 'Q', '3', '-', '_'), { minLength: 3, maxLength: 8 }).map((parts) => parts.join(''))
const key = fc.constantFrom('password', 'PassWord', '\\password', ' password', '\tpassword')
const operator = fc.constantFrom('=', ' = ', '=>', ' => ', '= ', ' +=', '+= ', ' += ')
const behind = fc.constantFrom('', ' ', ' ; comment', ';comment', ' ;-- c --;', ' ;--- c')

/** Sets or appends the password. */
const password = fc.tuple(key, operator, fc.oneof({ weight: 3, arbitrary: plain }, raw), behind).map((parts) => parts.join(''))
const noise = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '; a comment',
    ';--',
    '--;',
    ';---',
    ';-- x --;',
    'garbage',
    '#unknown',
    '#tryinclude nowhere.conf',
    'read_only = no',
    '\t; [agent]',
  ),
  raw.map((text) => `; ${text}`),
)

/** Lines of one section. */
const section = fc.array(fc.oneof({ weight: 2, arbitrary: noise }, { weight: 1, arbitrary: password }), { maxLength: 6 })

/** A whole file in which `agent` has at least a line for its password; whether that counts is for the parser to say. */
export const randomConf: fc.Arbitrary<string> = fc
  .record({
    eol: fc.constantFrom('\n', '\r\n'),
    mark: fc.constantFrom('', '\xef\xbb\xbf'),
    template: fc.option(plain),
    first: password,
    own: section,
    added: fc.option(section),
    other: section,
    closed: fc.boolean(),
  })
  .map(({ eol, mark, template, first, own, added, other, closed }) => {
    const lines = ['[general]', 'enabled = yes']
    if (template !== null) lines.push('[tpl](!)', 'read_only = no', `password = ${template}`)
    lines.push(template === null ? '[agent]' : '[agent](tpl)', 'type = user', first, ...own)
    if (added !== null) lines.push('[agent](+)', ...added)
    lines.push('[other]', 'type = user', 'password = other', ...other)
    return mark + lines.join(eol) + (closed ? eol : '')
  })
