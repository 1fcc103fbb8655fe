import { expect, test } from 'vitest'
import { addUser, checkPassword, replacePassword, restUser, wakeUser } from '../../../src/rotators/asterisk/edit.ts'
import { findUser } from '../../../src/rotators/asterisk/users.ts'
import { canary } from '../../support/canary.ts'
import { edited, readText } from './memory.ts'

const GENERAL = '[general]\nenabled = yes\n'
const NEW = 'canary-NEW_password-1'

async function replaced(text: string, beside: Record<string, string> = {}, password = NEW, name = 'a') {
  const conf = await readText(text, beside)
  const user = findUser(conf, name)
  if (user.state !== 'active') throw new Error(user.state)
  return edited(conf, replacePassword(name, user, password), name, password)
}

test.each([
  ['a plain line', '[a]\ntype = user\npassword = old\n', '[a]\ntype = user\npassword = NEW\n'],
  ['no blanks', '[a]\ntype=user\npassword=old', '[a]\ntype=user\npassword=NEW'],
  ['an arrow', '[a]\ntype=user\npassword=>old\n', '[a]\ntype=user\npassword=>NEW\n'],
  ['a comment behind', '[a]\ntype=user\n\tPassWord =  old  ; mine\n', '[a]\ntype=user\n\tPassWord =  NEW  ; mine\n'],
  ['a comment right behind', '[a]\ntype=user\npassword = old;mine\n', '[a]\ntype=user\npassword = NEW;mine\n'],
  ['an escaped semicolon at the start', '[a]\ntype=user\npassword=\\;old\n', '[a]\ntype=user\npassword=NEW\n'],
  ['an escaped semicolon', '[a]\ntype=user\npassword = o\\;ld\n', '[a]\ntype=user\npassword = NEW\n'],
  ['CRLF', '[a]\r\ntype=user\r\npassword = old\r\nread_only=no\r\n', '[a]\r\ntype=user\r\npassword = NEW\r\nread_only=no\r\n'],
  ['the last of two', '[a]\ntype=user\npassword = older\npassword = old\n', '[a]\ntype=user\npassword = older\npassword = NEW\n'],
  ['an addition', '[a]\ntype=user\npassword = older\n[a](+)\npassword = old\n', '[a]\ntype=user\npassword = older\n[a](+)\npassword = NEW\n'],
  ['appended text', '[a]\ntype=user\npassword = o\npassword += ld ; x\n', '[a]\ntype=user\npassword = NEW\npassword += ; x\n'],
  [
    'a line among comments',
    ';--\n[a]\npassword = no\n--;\n[a]\ntype=user ; password = x\npassword = old\n',
    ';--\n[a]\npassword = no\n--;\n[a]\ntype=user ; password = x\npassword = NEW\n',
  ],
  ['a template of its own', '[t](!)\ntype=user\npassword = t\n[a](t)\npassword = old\n', '[t](!)\ntype=user\npassword = t\n[a](t)\npassword = NEW\n'],
  ['bytes that are no UTF-8', '; \xff\xfe\n[a]\ntype=user\npassword = old\n', '; \xff\xfe\n[a]\ntype=user\npassword = NEW\n'],
])('only the value changes: %s', async (_what, before, after) => {
  expect(await replaced(GENERAL + before)).toEqual({ 'ari.conf': GENERAL + after.replace('NEW', NEW) })
})

test('a byte order mark stays', async () => {
  const text = `\xef\xbb\xbf${GENERAL}[a]\ntype=user\npassword = old\n`
  expect(await replaced(text)).toEqual({ 'ari.conf': text.replace('old', NEW) })
})

test('a password in an included file is changed there, and ari.conf is not touched', async () => {
  const text = `${GENERAL}[a]\ntype=user\n#include secrets/a.pw\n`
  expect(await replaced(text, { 'secrets/a.pw': '; owned by Keyturn\npassword = old\n' })).toEqual({
    'secrets/a.pw': `; owned by Keyturn\npassword = ${NEW}\n`,
  })
})

test.each([['a;b'], [';'], ['a\\'], ['a\\;b'], ['a--'], [';--x--;'], ['=a'], ['>a'], ['"quoted"'], ["it's"], ['#[x](!)'], ['$' + '{X}'], ['é€ 漢'], ['a b']])(
  'a password is written so that it is read back: %s',
  async (password) => {
    for (const line of ['password=old', 'password => old', 'password = old;c', 'password = old ;-- c --;']) {
      await expect(replaced(`${GENERAL}[a]\ntype=user\n${line}\n`, {}, password), line).resolves.toBeDefined()
    }
  },
)

test.each([
  ['empty', ''],
  ['a line break', 'a\nb'],
  ['NUL', 'a\0b'],
  ['a blank at the end', 'a '],
  ['a tab at the start', '\ta'],
  ['too long for HTTP Basic', 'x'.repeat(254)],
])('a password that cannot be used is refused without being shown: %s', (_what, password) => {
  expect(() => checkPassword('a', password)).toThrow(expect.objectContaining({ code: 'VALUE_REFUSED' }))
})

test('the longest password that HTTP Basic holds is fine, counted in bytes', () => {
  expect(() => checkPassword('AIAgent', 'x'.repeat(247))).not.toThrow()
  expect(() => checkPassword('AIAgent', 'x'.repeat(248))).toThrow()
  expect(() => checkPassword('AIAgent', 'é'.repeat(124))).toThrow()
})

test.each([
  ['from a shared template', '[t](!)\ntype=user\npassword = old\n[a](t)\n', 'comes from the section [t]'],
  ['added to an inherited one', '[t](!)\ntype=user\npassword = o\n[a](t)\npassword += ld\n', 'is put together with "+="'],
  ['missing', '[a]\ntype=user\n', 'the password of [a] is missing'],
  ['empty', '[a]\ntype=user\npassword =\n', 'the password of [a] is empty'],
  ['with an end of a comment inside', '[a]\ntype=user\npassword = --;;--\n', 'a comment stands in the middle'],
  ['with a comment inside', '[a]\ntype=user\npassword = o;-- x --;ld\n', 'a comment stands in the middle'],
  ['in a file that two users include', '[a]\ntype=user\n#include pw\n[b]\ntype=user\n#include pw\n', '/etc/asterisk/pw is included more than once'],
  ['from two files', '[a]\ntype=user\npassword = x\n#include more\n', 'put together from several files'],
])('a password that stands where it cannot be changed is refused with the place: %s', async (_what, text, message) => {
  await expect(replaced(GENERAL + text, { pw: 'password = shared\n', more: 'password += y\n' })).rejects.toMatchObject({
    code: 'PROVIDER_CONFIG',
    message: expect.stringContaining(message),
  })
})

const TURNS = [
  ['plain', `${GENERAL}; about a\n[a] ; first\ntype = user\npassword = PA ; mine\n\n; the end\n`, {}],
  ['template', `${GENERAL}[t](!)\ntype=user\nread_only=no\n[a](t)\npassword=PA\n[other](t)\npassword=x\n`, {}],
  ['CRLF', `${GENERAL}[a]\r\ntype=user\r\npassword=>PA\r\n`.replaceAll(/\r?\n/g, '\r\n'), {}],
  ['include', `${GENERAL}[a]\ntype=user\n#include a.pw\n[z]\ntype=user\npassword=z\n`, { 'a.pw': 'password = PA\n' }],
  ['no line break at the end', `${GENERAL}[a]\ntype=user\npassword = PA`, {}],
  ['inherited password', `${GENERAL}[t](!)\ntype=user\npassword=PA\n[a](t)\n; note\n`, {}],
  ['appended', `${GENERAL}[a]\ntype=user\npassword=P\npassword+=A\n`, {}],
] as const

test.each(TURNS)('users take turns for ever, and nothing else in the file moves: %s', async (_what, text, files) => {
  let beside: Record<string, string> = { ...files }
  let main: string = text
  const step = async (change: 'add' | 'wake' | 'rest', name: string, password: string | null) => {
    const conf = await readText(main, beside)
    const user = findUser(conf, name)
    const edits =
      change === 'add'
        ? addUser(name, activeUser(findUser(conf, name === 'a' ? 'b' : 'a')), password ?? '')
        : change === 'wake'
          ? wakeUser(name, restingUser(user), password ?? '')
          : restUser(name, activeUser(user))
    const { 'ari.conf': changed, ...rest } = await edited(conf, edits, name, password)
    main = changed ?? main
    beside = { ...beside, ...rest }
    return findUser(await readText(main, beside), name)
  }
  const passwords = Array.from({ length: 6 }, () => canary())
  expect((await step('add', 'b', passwords[0] as string)).state).toBe('active')
  expect((await step('rest', 'a', null)).state).toBe('resting')
  const [mainThen, besideThen] = [main, beside]
  expect(main + JSON.stringify(beside)).not.toMatch(text.includes('[t](!)\ntype=user\npassword') ? /never/ : /PA/)
  for (let turn = 1; turn < 5; turn += 2) {
    expect((await step('wake', 'a', passwords[turn] as string)).state).toBe('active')
    expect((await step('rest', 'b', null)).state).toBe('resting')
    expect((await step('wake', 'b', passwords[turn + 1] as string)).state).toBe('active')
    expect((await step('rest', 'a', null)).state).toBe('resting')
  }
  const blank = (all: string): string =>
    passwords.reduce((rest, one) => rest.replaceAll(one, 'PASSWORD'), all).replaceAll(/password ?=>? ?PASSWORD/g, 'password = PASSWORD')
  expect(blank(main)).toBe(blank(mainThen))
  expect(beside).toEqual(besideThen)
})

const activeUser = (user: ReturnType<typeof findUser>) => {
  if (user.state !== 'active') throw new Error(user.state)
  return user
}
const restingUser = (user: ReturnType<typeof findUser>) => {
  if (user.state !== 'resting') throw new Error(user.state)
  return user
}

test('a second user gets the template and settings of the first', async () => {
  const text = `${GENERAL}[t](!)\ntype=user\n[a](t)\nread_only = no\npassword = old\npermit = 10.0.0.0/8\n; about c\n[c](t)\npassword=c\n`
  const conf = await readText(text)
  const texts = await edited(conf, addUser('b', activeUser(findUser(conf, 'a')), NEW), 'b', NEW)
  expect(texts['ari.conf']).toBe(
    text.replace('permit = 10.0.0.0/8\n', `permit = 10.0.0.0/8\n\n[b](t)\nread_only = no\npermit = 10.0.0.0/8\npassword = ${NEW}\n`),
  )
})

test('a section that is added to elsewhere cannot take turns', async () => {
  const conf = await readText(`${GENERAL}[a]\ntype=user\npassword=x\n[a](+)\nread_only=no\n`)
  expect(() => restUser('a', activeUser(findUser(conf, 'a')))).toThrow(expect.objectContaining({ message: expect.stringContaining(':6: [a](+) adds') }))
})
