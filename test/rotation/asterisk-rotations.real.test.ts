import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Asterisk, type AsteriskVersion, asteriskMissing, startAsterisk } from '../servers/asterisk.ts'
import { startAriClient } from '../support/ari-client.ts'
import { canary } from '../support/canary.ts'
import { makeProject, type Project } from '../support/project.ts'
import { runs } from '../support/runs.ts'

/** The real program against a real Asterisk, under an application that logs in all the time with whatever its .env says. */

const ROTATIONS = runs('asterisk', 3)

async function projectFor(asterisk: Asterisk, password: string, users: string): Promise<Project> {
  const project = makeProject({ '.env': `# the voice agent\nARI_USERNAME=agent-a\nARI_PASSWORD=${password}\n` })
  const made = await project.run(['init', '.env', '--yes', '--recovery-key-file', `${project.home}/recovery.key`])
  expect(made.code, made.stderr).toBe(0)
  const rotator = `{ kind: asterisk-ari, url: "${asterisk.url}", config: ${JSON.stringify(asterisk.ariConf)}, ${users}reload: { cli: ${JSON.stringify([...asterisk.cliCommand, '-rx'])} } }`
  // The application reads the file at each login: nothing has to be restarted, and nothing can be proved.
  const declared = [
    'policy: { grace: 1s }',
    'secrets:',
    '  ari:',
    '    env: { ARI_USERNAME: username, ARI_PASSWORD: password }',
    `    rotator: ${rotator}`,
    'outputs: [{ file: .env, unproven: grace }]',
    '',
  ]
  const text = project.read('secrets.yaml').replace(/^secrets:[\s\S]*$/m, declared.join('\n'))
  expect(text).toContain('kind: asterisk-ari')
  project.write('secrets.yaml', text)
  return project
}

const confWith = (password: string): string =>
  `[general]\nenabled = yes\n\n; what all have in common\n[program](!)\ntype = user\nread_only = no\n\n; the voice agent\n[agent-a](program)\npassword = ${password}   ; keep\n`

async function rotateOften(project: Project, asterisk: Asterisk, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    const { code, stderr } = await project.run(['rotate', 'ari', '--yes', '--wait', '60s'], { timeoutMs: 120_000 })
    expect(code, `rotation ${n + 1}: ${stderr}\n${asterisk.log().slice(-2_000)}`).toBe(0)
    const status = JSON.parse((await project.run(['status', 'ari', '--json'])).stdout)
    expect(status.secrets[0]).toMatchObject({ version: String(n + 2), rotation: null })
  }
}

const versions: readonly AsteriskVersion[] = [16, 22]

for (const version of versions) {
  const missing = await asteriskMissing(version)
  describe.skipIf(missing)(`Asterisk ${version}`, () => {
    it(`sees no refusal over ${ROTATIONS} rotations of two users in turn`, { timeout: 20_000 + ROTATIONS * 30_000 }, async () => {
      const password = canary()
      await using asterisk = await startAsterisk({ version, ari: confWith(password) })
      await using project = await projectFor(asterisk, password, 'users: [agent-a, agent-b], ')
      const client = await startAriClient({ url: asterisk.url, envFile: project.path('.env'), userVar: 'ARI_USERNAME', passwordVar: 'ARI_PASSWORD' })
      await rotateOften(project, asterisk, ROTATIONS)
      const seen = await client.stop()
      process.stdout.write(`Asterisk ${version}, two users: ${ROTATIONS} rotations, ${seen.logins} logins, ${seen.refused} refused, ${seen.failed} failed\n`)
      expect(seen).toMatchObject({ refused: 0, failed: 0, users: ['agent-a', 'agent-b'] })
      expect(seen.logins).toBeGreaterThan(ROTATIONS * 10)
      expect(await asterisk.login('agent-a', password)).toBe(401)
      expect(readFileSync(asterisk.ariConf, 'utf8')).toContain('; what all have in common\n[program](!)\ntype = user\nread_only = no\n')
    })

    it('has a gap with one user, which is measured', { timeout: 120_000 }, async () => {
      const password = canary()
      await using asterisk = await startAsterisk({ version, ari: confWith(password) })
      await using project = await projectFor(asterisk, password, '')
      const client = await startAriClient({ url: asterisk.url, envFile: project.path('.env'), userVar: 'ARI_USERNAME', passwordVar: 'ARI_PASSWORD' })
      await rotateOften(project, asterisk, 2)
      const seen = await client.stop()
      process.stdout.write(
        `Asterisk ${version}, one user: 2 rotations, ${seen.refused} of ${seen.logins} logins refused, longest gap ${seen.longestGapMs} ms\n`,
      )
      expect(seen.failed).toBe(0)
      expect(seen.users).toEqual(['agent-a'])
      expect(await asterisk.login('agent-a', password)).toBe(401)
      expect(readFileSync(asterisk.ariConf, 'utf8')).toMatch(/\n; the voice agent\n\[agent-a\]\(program\)\npassword = \S+ {3}; keep\n$/)
    })
  })
}
