import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { asteriskMissing, startAsterisk } from './asterisk.ts'

for (const version of [16, 22] as const) {
  describe.skipIf(await asteriskMissing(version))(`Asterisk ${version}`, () => {
    test('lets the right password in and no other, and takes a new one at a reload', async () => {
      const [old, fresh] = [canary(), canary()]
      await using asterisk = await startAsterisk({ version, users: [{ name: 'agent', password: old }] })
      expect(await asterisk.login('agent', old)).toBe(200)
      expect(await asterisk.login('agent', fresh)).toBe(401)
      expect(await asterisk.login('nobody', old)).toBe(401)
      expect(await asterisk.cli('core show version')).toMatch(new RegExp(`^Asterisk ${version}\\.`))

      writeFileSync(asterisk.ariConf, `${readFileSync(asterisk.ariConf, 'utf8').replace(old, fresh)}; changed\n`)
      expect(await asterisk.cli('module reload res_ari.so')).toMatch(/reloaded successfully/)
      expect(await asterisk.login('agent', old)).toBe(401)
      expect(await asterisk.login('agent', fresh)).toBe(200)
    })

    test('starts again with the files as they are, and takes everything away at the end', async () => {
      const password = canary()
      const asterisk = await startAsterisk({ version, ari: '[general]\nenabled = yes\n' })
      expect(await asterisk.login('late', password)).toBe(401)
      writeFileSync(asterisk.ariConf, `[general]\nenabled = yes\n[late]\ntype = user\npassword = ${password}\n`)
      const first = asterisk.pid
      await asterisk.restart()
      expect(asterisk.pid).not.toBe(first)
      expect(await asterisk.login('late', password)).toBe(200)
      expect(await greeting(asterisk.amiPort)).toMatch(/^Asterisk Call Manager/)
      await asterisk.stop()
      expect(existsSync(asterisk.etc)).toBe(false)
      await expect(asterisk.login('late', password)).rejects.toThrow()
    })
  })
}

const greeting = (port: number) =>
  new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString('utf8'))
    })
    socket.once('error', reject)
  })
