import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Version } from '../../src/ports.ts'
import { asteriskMissing, startAsterisk } from '../servers/asterisk.ts'
import { startAriClient } from '../support/ari-client.ts'
import { agent, byHand, overAmi, passwordIn } from './asterisk/engine.ts'

/** The client of the tests sees what a real one would; the verbs alone, in the order of the engine, cost no login with two users. */

let dir: string
let envFile: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'keyturn-client-'))
  envFile = path.join(dir, '.env')
})
afterEach(() => rmSync(dir, { recursive: true }))

function deliver(version: Version, file = envFile): void {
  writeFileSync(`${file}.new`, `# agent\nARI_USERNAME=${version.fields.reveal().username}\nARI_PASSWORD="${passwordIn(version)}"\n`)
  renameSync(`${file}.new`, file)
}

for (const version of [16, 22] as const) {
  describe.skipIf(await asteriskMissing(version))(`Asterisk ${version}`, () => {
    test('a client that logs in all the time is never refused with two users, and sees the gap with one', async () => {
      let current = agent()
      await using asterisk = await startAsterisk({ version, users: [{ name: 'agent', password: passwordIn(current) }] })
      const [ami, admin] = overAmi(asterisk)
      deliver(current)
      const client = { url: asterisk.url, envFile, userVar: 'ARI_USERNAME', passwordVar: 'ARI_PASSWORD' }

      const steady = await startAriClient(client)
      const turns = byHand(asterisk, { ...ami, users: ['agent', 'agent-b'] }, admin)
      for (let i = 0; i < 8; i++) {
        const next = await turns.next(current)
        deliver(next)
        // What a proof is for: the client has begun a login with the new file.
        const seen = await startAriClient(client)
        await seen.stop()
        await turns.revoke(next, current)
        current = next
      }
      const report = await steady.stop()
      expect(report).toMatchObject({ refused: 0, failed: 0, longestGapMs: 0, users: ['agent', 'agent-b'] })
      expect(report.accepted).toBeGreaterThan(20)

      const shaken = await startAriClient(client)
      const alone = byHand(asterisk, ami, admin)
      const next = await alone.next(current)
      // Delivery takes its time: here as long as another client needs to come up with the new password.
      const other = path.join(dir, 'other.env')
      deliver(next, other)
      await (await startAriClient({ ...client, envFile: other })).stop()
      deliver(next)
      await (await startAriClient(client)).stop()
      const gap = await shaken.stop()
      expect(gap.refused).toBeGreaterThan(0)
      expect(gap.longestGapMs).toBeGreaterThan(0)
      expect(gap.failed).toBe(0)
      expect(gap.users).toEqual([next.fields.reveal().username])
    })
  })
}
