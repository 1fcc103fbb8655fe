import { expect, test } from 'vitest'
import { effective } from '../../../src/rotators/asterisk/conf.ts'
import { readLines } from '../../../src/rotators/asterisk/lines.ts'
import { checkGeneral, findUser, suspects } from '../../../src/rotators/asterisk/users.ts'
import { readText } from './memory.ts'

const texts = (file: string): readonly string[] => readLines(file).map((line) => line.text)
const GENERAL = '[general]\nenabled = yes\n'

test('comments, blocks, escapes and blanks are taken away as Asterisk does', () => {
  expect(texts('; all\n a = b ; rest\n\n\t;x\n')).toEqual(['a = b'])
  expect(texts('a = b\\;c;d')).toEqual(['a = b;c'])
  expect(texts('a = b\\\\;c')).toEqual(['a = b\\;c'])
  expect(texts('a = \\;\\;x')).toEqual(['a = ;;x'])
  expect(texts(';--\nhidden = 1\n--;\nseen = 1')).toEqual(['seen = 1'])
  expect(texts('a = ;-- in --;b')).toEqual(['a = b'])
  expect(texts(';-- 1 ;-- 2 --; still --; x = 1')).toEqual(['x = 1'])
  expect(texts(';--- no block\nx = 1')).toEqual(['x = 1'])
  expect(texts('\xef\xbb\xbf[x]\r\na = b\r\n')).toEqual(['[x]', 'a = b'])
  expect(texts(';-- never closed\nx = 1\n')).toEqual([])
})

test('every character of a line knows its place in the file', () => {
  const file = '\xef\xbb\xbf [x] ; c\r\n  pass = a\\;b ;-- c --; d ; e\n'
  for (const line of readLines(file)) expect(line.at.map((place) => file[place]).join('')).toBe(line.text)
})

test('a line that fills the buffer of Asterisk is skipped, and so is what it reads with it', () => {
  const long = `a = ${'x'.repeat(8300)}`
  expect(texts(`${long}\nb = 1\n`)).toEqual(['b = 1'])
  expect(texts(`a = ${'x'.repeat(8186)}\nb = 1\nc = 1\n`)).toEqual(['c = 1'])
  expect(texts(`a = ${'x'.repeat(8185)}\nb = 1\n`)[1]).toBe('b = 1')
})

test('settings come together from templates, additions, appended text and includes', async () => {
  const conf = await readText(
    '[general]\nenabled=yes\n[base](!)\ntype = user\npassword = from-base\n[a](base)\nread_only => no\n[b](base)\n#include b.pw\npassword += -more\n[a](+)\npassword = added\n',
    { 'b.pw': 'password = canary-in-file\n' },
  )
  const section = (name: string) => conf.sections.find((one) => one.name === name)
  const value = (name: string, option: string) => {
    const found = section(name)
    return found && effective(found, option)?.value
  }
  expect(value('a', 'password')).toBe('added')
  expect(value('a', 'type')).toBe('user')
  expect(value('a', 'read_only')).toBe('no')
  expect(value('b', 'password')).toBe('canary-in-file -more')
  expect(section('base')?.template).toBe(true)
})

test('an included file goes on with the section, and what follows belongs to the file above it again', async () => {
  const conf = await readText('[general]\n[a]\n#include more\npassword = p-a\n', { more: 'type = user\n[b]\ntype = user\npassword = p-b\n' })
  expect(conf.sections.map((one) => [one.name, one.settings.map((setting) => setting.value)])).toEqual([
    ['general', []],
    ['a', ['user', 'p-a']],
    ['b', ['user', 'p-b']],
  ])
})

test.each([
  ['an unclosed [', '[general]\n[a\n', ':2: a "[" is never closed'],
  ['an unclosed (', '[general]\n[a](b\n', ':2: a "(" is never closed'],
  ['a setting before any section', 'enabled = yes\n', ':1: a setting stands before'],
  ['a missing include', '[general]\n#include nowhere.conf\n', ':2: #include of "nowhere.conf"'],
  ['an unknown template', '[general]\n[a](nowhere)\n', ':2: [a] inherits from [nowhere]'],
  ['an addition to nothing', '[general]\n[a](+)\n', ':2: [a](+) adds'],
  ['an addition to a template', '[general]\n[a](!)\n[a](+)\n', ':3: [a](+) adds'],
  ['an include of itself', '[general]\n#include ari.conf\n', ':2: #include of "ari.conf"'],
])('%s is named with file and line', async (_what, text, message) => {
  await expect(readText(text)).rejects.toMatchObject({ code: 'PROVIDER_CONFIG', message: expect.stringContaining(`/etc/asterisk/ari.conf${message}`) })
})

test('a missing #tryinclude, an unknown directive and a line without = are passed over', async () => {
  const conf = await readText(`${GENERAL}#tryinclude nowhere\n#exec /bin/true\n#what ever\ngarbage\n[a]\ntype=user\npassword=x\n`)
  expect(conf.execs).toEqual(['/etc/asterisk/ari.conf:4'])
  expect(findUser(conf, 'a').state).toBe('active')
})

test.each([
  ['twice', `${GENERAL}[a]\ntype=user\npassword=x\n[a]\ntype=user\npassword=y\n`, ':6: [a] stands here a second time'],
  ['without a type', `${GENERAL}[a]\npassword=x\n`, ':3: [a] has no "type = user"'],
  ['of another type', `${GENERAL}[a]\ntype=usr\npassword=x\n`, ':4: [a] has no "type = user"'],
  ['with crypt', `${GENERAL}[a]\ntype=user\npassword=x\npassword_format=crypt\n`, ':6: password_format of [a] is "crypt"'],
  ['with an unknown option', `${GENERAL}[a]\ntype=user\npassword=x\ncolour=red\n`, ':6: [a] has an option that ARI does not know ("colour")'],
  ['as a template', `${GENERAL}[a](!)\ntype=user\npassword=x\n`, ':3: [a] is a template'],
  ['in another case', `${GENERAL}[A]\ntype=user\npassword=x\n`, ':3: the section is [A], and the user is named "a"'],
])('a user that stands there %s is refused with file and line', async (_what, text, message) => {
  const conf = await readText(text)
  expect(() => findUser(conf, 'a')).toThrow(expect.objectContaining({ code: 'PROVIDER_CONFIG', message: expect.stringContaining(message) }))
})

test.each([
  ['no [general]', '[a]\ntype=user\n', 'there is no section [general]'],
  ['[General]', '[General]\nenabled=yes\n', 'there is no section [general]'],
  ['an empty file', '', 'there is no section [general]'],
  ['ARI switched off', '[general]\nenabled = no\n', 'ari.conf:2: ARI is switched off'],
  ['an unknown option', '[general]\nwat = 1\n', 'ari.conf:2: [general] has an option that ARI does not know ("wat")'],
])('what turns ARI off at the next reload is refused: %s', async (_what, text, message) => {
  const conf = await readText(text)
  expect(() => checkGeneral(conf, '/etc/asterisk/ari.conf', [])).toThrow(
    expect.objectContaining({ code: 'PROVIDER_CONFIG', message: expect.stringContaining(message) }),
  )
})

test('an option that the inventory declares as known is fine', async () => {
  const conf = await readText('[general]\nwat = 1\nPretty = yes\n')
  expect(() => checkGeneral(conf, 'ari.conf', ['wat'])).not.toThrow()
})

test('other users that may keep Asterisk from loading the file are suspects, each with its place', async () => {
  const conf = await readText(
    `${GENERAL}[a]\ntype=user\npassword=x\n[b]\ntype=user\n[c]\npassword=y\n[d]\ntype=user\npassword=z\nhue=1\n[d]\ntype=user\npassword=w\n`,
  )
  expect(suspects(conf).map((text) => text.replace('/etc/asterisk/ari.conf', ''))).toEqual([
    ':6: [b] has no password',
    ':8: [c] has no type',
    ':13: [d] has the unknown option "hue"',
    ':14: [d] stands twice',
  ])
})
