import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isKeyturnError } from '../../src/errors.ts'
import { type Conf, readConf } from '../../src/rotators/asterisk/conf.ts'
import { applyEdits, checkEdits, checkPassword, replacePassword } from '../../src/rotators/asterisk/edit.ts'
import { readConfFile } from '../../src/rotators/asterisk/file.ts'
import { checkGeneral, findUser } from '../../src/rotators/asterisk/users.ts'
import { type Asterisk, asteriskMissing, startAsterisk } from '../servers/asterisk.ts'
import { GENERAL, load } from './asterisk/engine.ts'
import { randomConf } from './asterisk/random-conf.ts'

/** The password that our reading gives to a user; `null` where it has none or the file would not be loaded. */
function passwordOf(conf: Conf, name: string): string | null {
  try {
    checkGeneral(conf, 'ari.conf', [])
    const user = findUser(conf, name)
    if (user.state !== 'active' || user.password === undefined) return null
    const password = Buffer.from(user.password.value, 'latin1').toString()
    checkPassword(name, password)
    return password
  } catch (error) {
    if (isKeyturnError(error, 'PROVIDER_CONFIG', 'VALUE_REFUSED')) return null
    throw error
  }
}

for (const version of [16, 22] as const) {
  describe.skipIf(await asteriskMissing(version))(`Asterisk ${version}`, () => {
    let asterisk: Asterisk
    beforeAll(async () => {
      asterisk = await startAsterisk({ version, ari: GENERAL })
    })
    afterAll(async () => asterisk.stop())
    const read = () =>
      readConf(asterisk.ariConf, asterisk.etc, readConfFile).catch((error: unknown) => {
        if (isKeyturnError(error, 'PROVIDER_CONFIG')) return null
        throw error
      })

    test('Asterisk reads random files as we do: who can log in with what, before and after our edit', async () => {
      let compared = 0
      await fc.assert(
        fc.asyncProperty(randomConf, fc.stringMatching(/^[;\\=>a-z-]{3,12}$/), async (text, next) => {
          // Nobody is left over from the file before.
          await load(asterisk, `${GENERAL}[nobody]\ntype = user\npassword = nothing\n`)
          await load(asterisk, Buffer.from(text, 'latin1').toString())
          const conf = await read()
          const [password, other] = conf === null ? [null, null] : [passwordOf(conf, 'agent'), passwordOf(conf, 'other')]
          // Where another user is not sound, the releases differ in what they make of the whole file.
          if (conf === null || password === null || other === null) return
          compared++
          expect(await asterisk.login('agent', password)).toBe(200)
          expect(await asterisk.login('other', other)).toBe(200)
          const user = findUser(conf, 'agent')
          try {
            if (user.state !== 'active') return
            const texts = applyEdits(replacePassword('agent', user, next))
            await checkEdits(conf, texts, 'agent', next, asterisk.etc)
            const [[file, after] = []] = texts
            expect(file?.path).toBe(asterisk.ariConf)
            await load(asterisk, Buffer.from(after ?? '', 'latin1').toString())
          } catch (error) {
            if (isKeyturnError(error, 'PROVIDER_CONFIG')) return
            throw error
          }
          expect(await asterisk.login('agent', next)).toBe(200)
          if (password !== next) expect(await asterisk.login('agent', password)).toBe(401)
        }),
        { numRuns: 25 },
      )
      expect(compared).toBeGreaterThan(3)
    })
  })
}
