import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Version } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { type Asterisk, asteriskMissing, startAsterisk } from '../servers/asterisk.ts'
import { canary } from '../support/canary.ts'
import { storedVersion } from '../support/rotator-context.ts'
import { agent, byHand, caught, GENERAL, load, login, onlyUser, overAmi, passwordIn } from './asterisk/engine.ts'

const TURNS = { users: ['agent', 'agent-b'] }

for (const version of [16, 22] as const) {
  describe.skipIf(await asteriskMissing(version))(`Asterisk ${version}`, () => {
    let asterisk: Asterisk
    beforeAll(async () => {
      asterisk = await startAsterisk({ version, ari: GENERAL })
    })
    afterAll(async () => asterisk.stop())
    const conf = () => readFileSync(asterisk.ariConf, 'utf8')

    test('one user: the new password is accepted and the old one refused, by every way to reload, and the verbs may be repeated', async () => {
      let current = agent()
      await load(asterisk, onlyUser(current))
      const [ami, [admin]] = overAmi(asterisk)
      for (const engine of [
        byHand(asterisk),
        byHand(asterisk, { reload: 'ari' }),
        byHand(asterisk, ami, [new Sensitive({ secret: canary() }), admin as never]),
      ]) {
        const next = await engine.next(current)
        expect([await login(asterisk, current), await login(asterisk, next)]).toEqual([401, 200])
        await engine.set(current, next)
        await expect(engine.test(current)).rejects.toMatchObject({ code: 'CREDENTIAL_REJECTED' })
        await engine.revoke(next, current)
        await engine.revoke(next, current)
        expect(await login(asterisk, next)).toBe(200)
        current = next
      }
    })

    test('one user: going back sets the old password again, byte for byte', async () => {
      const old = agent()
      await load(asterisk, onlyUser(old))
      for (const reload of [{}, { reload: 'ari' }]) {
        const engine = byHand(asterisk, reload)
        const made = await engine.next(old)
        await engine.set(old, old)
        expect([await login(asterisk, old), await login(asterisk, made)]).toEqual([200, 401])
        expect(conf()).toBe(onlyUser(old))
        await engine.revoke(old, made)
        expect(await login(asterisk, old)).toBe(200)
      }
    })

    test('one user: a former password that somebody put back is not taken away by a late revoke; the present one can be ended', async () => {
      const [old, next] = [agent(), agent()]
      await load(asterisk, onlyUser(old))
      const engine = byHand(asterisk)
      expect(await caught(engine.revoke(next, old))).toMatchObject({ code: 'OLD_STILL_ACCEPTED' })
      expect(conf()).toBe(onlyUser(old))
      await engine.revoke(old, old)
      expect(await login(asterisk, old)).toBe(401)
      await engine.set(old, next)
      expect(await login(asterisk, next)).toBe(200)
      expect(conf()).toBe(onlyUser(next))
    })

    test('two users take turns: both work until the old one is put to rest, and a late revoke does not hit the next one', async () => {
      const first = agent()
      await load(
        asterisk,
        `; mine\n${GENERAL}[tpl](!)\ntype = user\nread_only = no\n\n[agent](tpl) ; the agent\npassword = ${passwordIn(first)}\n\n; the end\n`,
      )
      const engine = byHand(asterisk, TURNS)
      const history = [first]
      for (let turn = 0; turn < 5; turn++) {
        const current = history.at(-1) as Version
        const next = await engine.next(current)
        expect(next.fields.reveal().username).toBe(turn % 2 === 0 ? 'agent-b' : 'agent')
        expect([await login(asterisk, current), await login(asterisk, next)]).toEqual([200, 200])
        await engine.set(current, next)
        await engine.revoke(next, current)
        expect([await login(asterisk, current), await login(asterisk, next)]).toEqual([401, 200])
        history.push(next)
        for (const late of history.slice(0, -1)) await engine.revoke(next, late)
        expect(await login(asterisk, next)).toBe(200)
      }
      const last = passwordIn(history.at(-1) as Version)
      expect(conf()).toBe(
        `; mine\n${GENERAL}[tpl](!)\ntype = user\nread_only = no\n\n[agent](!,tpl) ; the agent\n; keyturn: resting\n\n[agent-b](tpl)\npassword = ${last}\n\n; the end\n`,
      )
    })

    test('two users, reloaded over ARI by the users themselves', async () => {
      let current = agent()
      await load(asterisk, onlyUser(current))
      const engine = byHand(asterisk, { ...TURNS, reload: 'ari' })
      for (let turn = 0; turn < 3; turn++) {
        const next = await engine.next(current)
        await engine.revoke(next, current)
        expect([await login(asterisk, current), await login(asterisk, next)]).toEqual([401, 200])
        current = next
      }
    })

    test('two users: without our mark somebody uses the resting one, and a person is asked before anything is written', async () => {
      const [mine, foreign] = [agent(), canary()]
      const ari = `${onlyUser(mine)}[agent-b]\ntype = user\npassword = ${foreign}\n`
      await load(asterisk, ari)
      const engine = byHand(asterisk, TURNS)
      expect(await caught(engine.next(mine))).toMatchObject({
        code: 'NEEDS_PERSON',
        message: expect.stringContaining('ari.conf:9: it is the turn of user "agent-b"'),
      })
      expect(await caught(engine.set(mine, storedVersion({ username: 'agent-b', password: canary() })))).toMatchObject({ code: 'NEEDS_PERSON' })
      expect(conf()).toBe(ari)
      expect(await asterisk.login('agent-b', foreign)).toBe(200)
    })

    test('two users: the old one is not put to rest when that reload would cut off the one in charge', async () => {
      const first = agent()
      await load(asterisk, onlyUser(first))
      const engine = byHand(asterisk, TURNS)
      const next = await engine.next(first)
      // Somebody spoils the user in charge by hand and has not reloaded yet. 16 refuses such a file, 22 drops the user.
      writeFileSync(asterisk.ariConf, conf().replace('[agent-b]\ntype = user', '[agent-b]\ntype = usr'))
      const spoilt = conf()
      const error = await caught(engine.revoke(next, first))
      expect(error.hint + error.message).toContain('ari.conf')
      expect(conf()).toBe(spoilt)
    })

    test.each([
      ['an include that holds only the password', (p: string) => [`${GENERAL}[agent]\ntype = user\n#include secrets/agent.pw\n`, `password = ${p}\n`]],
      ['an include of many files', (p: string) => [`${GENERAL}#include "secrets/*.pw"\n`, `[agent]\ntype = user\npassword = ${p}\n`]],
      ['text that is appended', (p: string) => [`${GENERAL}[agent]\ntype = user\npassword = ${p.slice(0, 9)}\npassword +=${p.slice(9)}\n`, '']],
      ['CRLF and a byte order mark', (p: string) => [`\ufeff${GENERAL}[agent]\ntype = user\npassword = ${p}\n`.replaceAll('\n', '\r\n'), '']],
      ['a section that is added to', (p: string) => [`${GENERAL}[agent]\ntype = user\npassword = x\n[agent](+)\npassword => ${p} ; c\n`, '']],
      [
        'a line behind a block comment',
        (p: string) => [`${GENERAL};-- [agent]\npassword = no\n--; [agent]\ntype = user\n;-- x --; password = ${p} ;-- y --;\n`, ''],
      ],
    ] as const)('it rotates a user whose password stands in %s', async (_what, write) => {
      const old = agent()
      const [ari = '', included = ''] = write(passwordIn(old))
      await load(asterisk, ari, { 'secrets/agent.pw': included })
      expect(await login(asterisk, old)).toBe(200)
      const next = await byHand(asterisk).next(old)
      expect([await login(asterisk, old), await login(asterisk, next)]).toEqual([401, 200])
      expect(conf().includes(passwordIn(next))).toBe(included === '')
      if (included !== '') expect(conf()).toBe(ari)
    })

    test('two users whose passwords stand in files of their own take turns, and ari.conf changes only in the headers', async () => {
      const first = agent()
      const ari = `${GENERAL}[agent]\ntype = user\n#include secrets/agent.pw\n[agent-b](!)\ntype = user\n#include secrets/b.pw\n`
      await load(asterisk, ari, { 'secrets/agent.pw': `password = ${passwordIn(first)}\n`, 'secrets/b.pw': '; keyturn: resting\n' })
      const engine = byHand(asterisk, TURNS)
      const second = await engine.next(first)
      await engine.revoke(second, first)
      expect(conf()).toBe(ari.replace('[agent]', '[agent](!)').replace('[agent-b](!)', '[agent-b]'))
      const third = await engine.next(second)
      await engine.revoke(third, second)
      expect(conf()).toBe(ari)
      expect([await login(asterisk, second), await login(asterisk, third)]).toEqual([401, 200])
    })

    test('a password of the same length within one clock tick is loaded nevertheless', async () => {
      let current = agent()
      await load(asterisk, onlyUser(current))
      const engine = byHand(asterisk, ...overAmi(asterisk))
      for (let i = 0; i < 40; i++) {
        const next = agent()
        await engine.set(current, next)
        current = next
      }
      expect(await login(asterisk, current)).toBe(200)
    })

    test('a file whose size and time are those that Asterisk loaded is made to be read again', async () => {
      const [old, next] = [agent(), agent()]
      await load(asterisk, onlyUser(old))
      // A writer that ended before its reload, on a file system with coarse times.
      const { atime, mtime } = statSync(asterisk.ariConf)
      writeFileSync(asterisk.ariConf, onlyUser(next))
      utimesSync(asterisk.ariConf, atime, mtime)
      expect(await asterisk.cli('module reload res_ari.so')).toContain('reloaded successfully')
      expect(await login(asterisk, next)).toBe(401)
      await byHand(asterisk).set(old, next)
      expect([await login(asterisk, old), await login(asterisk, next)]).toEqual([401, 200])
    })

    test('event websockets that outlive the old password are told of', async () => {
      const old = agent()
      await load(asterisk, onlyUser(old))
      const socket = new WebSocket(`${asterisk.url.replace('http', 'ws')}/events?app=x&api_key=agent:${passwordIn(old)}`)
      await new Promise((resolve, reject) => {
        socket.onopen = resolve
        socket.onerror = reject
      })
      const engine = byHand(asterisk)
      const next = await engine.next(old)
      const told = version === 22 ? '1 event websocket is open' : 'event websockets that were opened before'
      expect(await engine.revoke(next, old)).toMatchObject({ note: expect.stringContaining(told) })
      socket.close()
    })
  })
}
