import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Sensitive } from '../../src/sensitive.ts'
import { type Asterisk, asteriskMissing, startAsterisk } from '../servers/asterisk.ts'
import { canary } from '../support/canary.ts'
import { type Admin, agent, byHand, caught, GENERAL, load, login, onlyUser, place } from './asterisk/engine.ts'

const user = (password: string): string => `[agent]\ntype = user\nread_only = no\npassword = ${password}\n`

/** The table of what a reload does to a file that is not as it should be, each seen on real servers. */
const BROKEN: readonly [string, (password: string) => string, RegExp][] = [
  ['an unclosed [', (p) => `${GENERAL}[oops\n${user(p)}`, /ari\.conf:4: a "\[" is never closed/],
  ['a missing include', (p) => `${GENERAL}${user(p)}#include nonesuch.conf\n`, /ari\.conf:8: #include of "nonesuch\.conf"/],
  ['a setting before a section', (p) => `x = y\n${GENERAL}${user(p)}`, /ari\.conf:1: a setting stands before/],
  ['an unknown option', (p) => `${GENERAL}${user(p)}colour = red\n`, /ari\.conf:8: \[agent\] has an option that ARI does not know/],
  ['a bad password_format', (p) => `${GENERAL}${user(p)}password_format = sha1\n`, /ari\.conf:8: password_format of \[agent\] is "sha1"/],
  ['no password', () => `${GENERAL}[agent]\ntype = user\n`, /ari\.conf:4: the password of \[agent\] is missing/],
  ['an empty password', () => `${GENERAL}[agent]\ntype = user\npassword =\n`, /ari\.conf:6: the password of \[agent\] is empty/],
  ['no type', (p) => `${GENERAL}[agent]\npassword = ${p}\n`, /ari\.conf:4: \[agent\] has no "type = user"/],
  ['an unknown type', (p) => `${GENERAL}[agent]\ntype = usr\npassword = ${p}\n`, /ari\.conf:5: \[agent\] has no "type = user"/],
  ['an unknown option in [general]', (p) => `[general]\nenabled = yes\nwat = 1\n${user(p)}`, /ari\.conf:3: \[general\] has an option/],
  ['no [general]', (p) => user(p), /there is no section \[general\]/],
  ['ARI switched off', (p) => `[general]\nenabled = no\n${user(p)}`, /ari\.conf:2: ARI is switched off/],
  ['nothing in it', () => '', /there is no section \[general\]/],
  ['a cut before the user', () => GENERAL, /has no user "agent"/],
  ['the section twice', (p) => `${GENERAL}${user('other')}${user(p)}`, /ari\.conf:8: \[agent\] stands here a second time/],
  ['a NUL byte', (p) => `${GENERAL}${user(`a\0${p}`)}`, /ari\.conf:7: a NUL byte/],
  ['two megabytes', (p) => `${GENERAL}${user(p)}${'; x\n'.repeat(500_000)}`, /2000\d\d\d bytes is no ari\.conf/],
]

/** What may keep Asterisk from loading the file although our user is sound in it. */
const SUSPECT: readonly [string, string][] = [
  ['another user twice', '[other]\ntype = user\npassword = p1\n[other]\ntype = user\npassword = p2\n'],
  ['an unknown option of another user', '[other]\ntype = user\npassword = p1\nhue = 3\n'],
  ['another user without a type', '[other]\npassword = p1\n'],
  ['a line without =', '[other]\ntype = user\npassword = p1\ngarbage\n'],
  ['another user without a password', '[other]\ntype = user\n'],
]

for (const version of [16, 22] as const) {
  describe.skipIf(await asteriskMissing(version))(`Asterisk ${version}`, () => {
    let asterisk: Asterisk
    beforeAll(async () => {
      asterisk = await startAsterisk({ version, ari: GENERAL })
    })
    afterAll(async () => asterisk.stop())
    const conf = () => readFileSync(asterisk.ariConf, 'utf8')

    test.each(BROKEN)('a file with %s is refused with its place, nothing is written, and nobody is cut off', async (_what, text, message) => {
      const old = agent()
      await load(asterisk, onlyUser(old))
      const bad = text(old.fields.reveal().password ?? '')
      place(asterisk, bad)
      const engine = byHand(asterisk)
      expect(await caught(engine.next(old))).toMatchObject({ code: 'PROVIDER_CONFIG', message: expect.stringMatching(message) })
      expect(await caught(engine.set(old, agent()))).toMatchObject({ code: 'PROVIDER_CONFIG' })
      expect(conf()).toBe(bad)
      expect(await login(asterisk, old)).toBe(200)
    })

    test.each(SUSPECT)('with %s a reload may lie: either it took and was proved, or the file is as it was and the place is named', async (_what, rest) => {
      const [old, next] = [agent(), agent()]
      await load(asterisk, onlyUser(old))
      place(asterisk, onlyUser(old) + rest)
      const outcome = await byHand(asterisk)
        .set(old, next)
        .then(
          () => null,
          (error: unknown) => error as { code: string; hint: string },
        )
      const logins = [await login(asterisk, old), await login(asterisk, next)]
      if (outcome === null) {
        expect(logins).toEqual([401, 200])
      } else {
        expect(outcome).toMatchObject({ code: 'PROVIDER_CONFIG', hint: expect.stringMatching(/ari\.conf:\d+: \[other\]/) })
        expect(conf()).toBe(onlyUser(old) + rest)
        expect(logins).toEqual([200, 401])
      }
    })

    test('a file that is missing, a folder in its place and one that may not be read are told apart', async () => {
      const old = agent()
      await load(asterisk, onlyUser(old))
      rmSync(asterisk.ariConf)
      expect(await caught(byHand(asterisk).next(old))).toMatchObject({ code: 'PROVIDER_CONFIG', message: expect.stringContaining('there is no such file') })
      mkdirSync(asterisk.ariConf)
      expect(await caught(byHand(asterisk).next(old))).toMatchObject({ code: 'PROVIDER_CONFIG', message: expect.stringContaining('is a folder') })
      rmSync(asterisk.ariConf, { recursive: true })
      await load(asterisk, onlyUser(old))
      expect(await login(asterisk, old)).toBe(200)
    })

    test('ARI off, a wrong address and a stopped Asterisk are told from a refused password', async () => {
      const old = agent()
      await load(asterisk, onlyUser(old))
      await expect(byHand(asterisk, { url: asterisk.url.replace('/ari', '/elsewhere') }).test(old)).rejects.toMatchObject({ code: 'PROVIDER_CONFIG' })
      await load(asterisk, '[general]\nenabled = no\n')
      expect(await caught(byHand(asterisk).test(old))).toMatchObject({ code: 'PROVIDER_CONFIG', message: expect.stringContaining('ARI is off') })
      await load(asterisk, onlyUser(old))
      const nowhere = { url: 'http://127.0.0.1:1/ari' }
      expect(await caught(byHand(asterisk, nowhere).test(old))).toMatchObject({
        code: 'PROVIDER_UNAVAILABLE',
        message: expect.stringContaining('ECONNREFUSED'),
      })
      // Written, reloaded, and then nobody answers: nothing is decided, and the next try ends it.
      const next = agent()
      expect(await caught(byHand(asterisk, nowhere).set(old, next))).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' })
      await byHand(asterisk).set(old, next)
      expect([await login(asterisk, old), await login(asterisk, next)]).toEqual([401, 200])
    })

    test('a user that may only read cannot reload over ARI, which is said before anything is written', async () => {
      const old = agent()
      await load(asterisk, onlyUser(old, 'yes'))
      expect(await caught(byHand(asterisk, { reload: 'ari' }).next(old))).toMatchObject({
        code: 'PROVIDER_CONFIG',
        hint: expect.stringContaining('reload: cli'),
      })
      expect(conf()).toBe(onlyUser(old, 'yes'))
      expect(await login(asterisk, await byHand(asterisk).next(old))).toBe(200)
    })

    test('a way to reload that does not work is found before anything is written', async () => {
      const old = agent()
      await load(asterisk, onlyUser(old))
      const ami = { reload: { ami: { port: asterisk.amiPort, user: asterisk.amiUser } } }
      const failures: [Record<string, unknown>, Admin, string][] = [
        [{ reload: { cli: ['/nowhere/asterisk', '-rx'] } }, [], 'PROVIDER_CONFIG'],
        [{ reload: { cli: ['false'] } }, [], 'PROVIDER_UNAVAILABLE'],
        [{ reload: { cli: ['sleep', '30;'] }, timeout: '200ms' }, [], 'PROVIDER_UNAVAILABLE'],
        [ami, [new Sensitive({ secret: canary() })], 'ADMIN_REJECTED'],
        [ami, [], 'CONFIG_INVALID'],
        [{ reload: { ami: { port: 1, user: 'x' } } }, [new Sensitive({ secret: canary() })], 'PROVIDER_UNAVAILABLE'],
      ]
      for (const [params, admin, code] of failures) expect((await caught(byHand(asterisk, params, admin).set(old, agent()))).code).toBe(code)
      expect(conf()).toBe(onlyUser(old))
      expect(await login(asterisk, old)).toBe(200)
    })

    test('an AMI user that may not reload is told of, and the file is put back', async () => {
      const [old, secret] = [agent(), canary()]
      await load(asterisk, onlyUser(old))
      const manager = path.join(asterisk.etc, 'manager.conf')
      writeFileSync(manager, `${readFileSync(manager, 'utf8')}\n[weak]\nsecret = ${secret}\nread = call\nwrite = call\n`)
      chmodSync(manager, 0o600)
      await asterisk.cli('manager reload')
      const weak = byHand(asterisk, { reload: { ami: { port: asterisk.amiPort, user: 'weak' } } }, [new Sensitive({ secret })])
      expect(await caught(weak.set(old, agent()))).toMatchObject({ code: 'PROVIDER_CONFIG', hint: expect.stringContaining('manager.conf') })
      expect(conf()).toBe(onlyUser(old))
    })
  })
}
