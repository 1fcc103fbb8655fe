import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe } from 'vitest'
import { asteriskAri } from '../../src/rotators/asterisk-ari.ts'
import type { Json } from '../../src/terms.ts'
import { rotatorContract } from '../contract/rotator.ts'
import { type Asterisk, asteriskMissing, startAsterisk } from '../servers/asterisk.ts'
import { canary } from '../support/canary.ts'
import { seededRandom } from '../support/random.ts'
import { rotatorContext } from '../support/rotator-context.ts'
import { agent, GENERAL, load, login, onlyUser } from './asterisk/engine.ts'

for (const version of [16, 22] as const) {
  describe.skipIf(await asteriskMissing(version))(`Asterisk ${version}`, () => {
    let asterisk: Asterisk
    beforeAll(async () => {
      asterisk = await startAsterisk({ version, ari: GENERAL })
    })
    afterAll(async () => asterisk.stop())

    for (const users of [undefined, ['agent', 'agent-b']]) {
      rotatorContract(users === undefined ? 'asterisk-ari with one user' : 'asterisk-ari with two users', async () => {
        const first = agent()
        await load(asterisk, onlyUser(first))
        const reload = { cli: [...asterisk.cliCommand, '-rx'] }
        const params = asteriskAri.params.parse({ url: asterisk.url, config: asterisk.ariConf, etc: asterisk.etc, reload, ...(users && { users }) }) as Json
        const source = seededRandom(canary())
        return {
          spec: asteriskAri,
          params,
          first,
          context: (more) => rotatorContext<unknown>(params, { ...more, fields: ['username', 'password'], dir: asterisk.etc, random: source }),
          accepts: async (credential) => (await login(asterisk, credential)) === 200,
          held: async () => readFileSync(asterisk.ariConf, 'utf8'),
          stop: async () => {},
        }
      })
    }
  })
}
