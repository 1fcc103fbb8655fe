import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { isMissing } from '../support/missing.ts'
import { makeProject } from '../support/project.ts'
import { reasonAgainstSmallDisk, smallDisk } from '../support/small-disk.ts'
import { newCase } from './changing/case.ts'

describe('an open rotation', () => {
  test('says by name what it waits for, until when, and what to type', async () => {
    await using c = await newCase()
    const inventory = c.project.read('secrets.yaml')
    c.project.write('secrets.yaml', inventory.replace(/ {4}consumers:\n.*\n/, ''))
    await c.secrets(['rotate', 'slow'])
    const { stdout } = await c.secrets(['status', 'slow'])
    expect(stdout).toMatch(/^~ rotating {2}slow .* waits for proof$/m)
    expect(stdout).toMatch(
      /^ {2}rotation open since \d\d:\d\d \(secrets rotate\): waits for proof since \d\d:\d\d; from \w{3} \d\d:\d\d on you are asked\n {6}\.env on .+: no consumer is declared that could prove what runs\n {6}secrets approve slow --reason TEXT {3}once/m,
    )
    const { document } = await c.json(['status', 'slow'])
    expect(document.secrets[0].rotation).toMatchObject({ waits: 'proof', missing: [{ file: '.env' }], hint: expect.stringMatching(/^secrets approve slow /) })
  })

  test('of a secret that somebody took out of secrets.yaml is listed, found by its name, and brought to its end', async () => {
    await using c = await newCase()
    await c.secrets(['rotate', 'slow'])
    c.project.write('secrets.yaml', c.project.read('secrets.yaml').replace(/ {2}slow:\n( {4}.*\n)+/, ''))
    const status = await c.json(['status'])
    const row = status.document.secrets.find((one: { name: string }) => one.name === 'slow')
    expect(row).toMatchObject({ state: 'rotating', env: [], rotation: { waits: 'grace' }, findings: [{ rule: 'left', hint: 'secrets rotate slow' }] })
    expect(status.document.summary.rotating).toBe(1)
    expect((await c.secrets(['status', 'slow'])).stdout).toMatch(
      /^slow: left the inventory\n[\s\S]*it is no longer in the inventory, and its open rotation still has to end/m,
    )
    expect((await c.secrets(['history', 'slow'])).stdout).toContain('opened: secrets rotate')
    expect((await c.secrets(['rotate', 'slow'])).stdout).toMatch(/^slow: delivered and proved/)
    // Ended at once, and nothing new is begun for what is no longer declared.
    const ended = await c.run(['rotate', 'slow', '--compromised', '--wait', '1s'])
    expect([ended.code, c.live('slow').length]).toEqual([0, 1])
    expect((await c.json(['status'])).document.secrets.map((one: { name: string }) => one.name)).not.toContain('slow')
    expect((await c.run(['rotate', 'slow'])).code).toBe(2)
  })
})

test('late orphans of a secret that left the inventory are looked for', async () => {
  await using c = await newCase()
  await c.secrets(['rotate', 'api'])
  c.project.write('secrets.yaml', c.project.read('secrets.yaml').replace(/ {2}api:\n( {4}.*\n)+/, ''))
  await c.secrets(['rotate', '--yes'])
  expect((await c.secrets(['history'])).stdout).not.toContain('late orphans looked for')
  await c.secrets(['rotate', '--yes'], { build: 'test', env: { KEYTURN_TEST_CLOCK_OFF: String(2 * 3_600_000) } })
  expect((await c.secrets(['history'])).stdout).toContain('late orphans looked for: 0 removed')
})

describe.skipIf(isMissing('a full disk', reasonAgainstSmallDisk()))('on a full disk', () => {
  test('reading says first to free some space, loses nothing, and goes on once there is some', async () => {
    await using c = await newCase()
    const disk = smallDisk()
    execFileSync('cp', ['-a', `${path.join(c.project.home, 'state')}/.`, disk])
    const env = { XDG_STATE_HOME: disk }
    execFileSync('sh', ['-c', `dd if=/dev/zero of='${disk}/filler' bs=4096 2>/dev/null || true`])
    for (const args of [['status'], ['history'], ['report']]) {
      const { code, stdout, stderr } = await c.run(args, { env })
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/^secrets: error: ledger .*: no space left on the disk.*\nsecrets: hint: Free some space/)
    }
    rmSync(path.join(disk, 'filler'))
    expect((await c.secrets(['history', '--verify'], { env })).stdout).toContain('Intact')
  })
})

describe('a secret without a value', () => {
  test('has no due date, and everything names the same command', async () => {
    await using c = await newCase()
    const { stdout } = await c.secrets(['status', 'empty'])
    expect(stdout).toMatch(/^ {2}ok +empty +- +90d +- +- +no value yet$/m)
    expect(stdout).toContain('info (no-value): no value in the store yet\n      secrets set empty\n')
    const { document } = await c.json(['report'])
    const row = document.secrets.find((one: { name: string }) => one.name === 'empty')
    expect(row).toMatchObject({ dueAt: null, findings: [{ rule: 'no-value', message: 'no value in the store yet', hint: 'secrets set empty' }] })
  })
})

test('what was given up says how the error itself is mended, in rotate and in the status', async () => {
  await using project = makeProject({ '.env': `ASTERISK_ARI_USERNAME=agent\nASTERISK_ARI_PASSWORD=${canary()}\n` })
  await project.run(['init', '--yes'])
  const inventory = project.read('secrets.yaml')
  expect(inventory).toContain('rotator: asterisk-ari')
  project.write('secrets.yaml', inventory.replace('rotator: asterisk-ari', 'rotator: { kind: asterisk-ari, config: nowhere/ari.conf }'))
  const { code, stderr } = await project.run(['rotate', 'ari'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/went back to version 1: PROVIDER_CONFIG: .*there is no such file\nsecrets: hint: Set "config:" of the rotator to the ari\.conf/)
  expect((await project.run(['status', 'ari'])).stdout).toMatch(
    /given up \(PROVIDER_CONFIG: .*there is no such file\); .*\n {6}Set "config:" of the rotator .*; then: secrets rotate ari\n/,
  )
})

test('init calls weak what status calls a violation, and nothing else', async () => {
  const values = {
    ASTERISK_ARI_USERNAME: 'agent',
    ASTERISK_ARI_PASSWORD: 'asterisk',
    DB_PASSWORD: 'Tz7#qP2w',
    N8N_ENCRYPTION_KEY: 'hG7pQz3vXw',
    SESSION_SECRET: 'a3f90c1b7e5d2486',
    JWT_SECRET: 'm2Vq8-ZrT5kLw9_XcB4nHs7pYd3FgJ6aQe1U',
    HEALTH_API_TOKEN: 'changeme',
  }
  await using project = makeProject({
    '.env': Object.entries(values)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  })
  const init = await project.run(['init', '--yes'])
  const said = [...init.stdout.matchAll(/^Weak: (\S+) (.*)\.$/gm)].map(([, name, why]) => `${name} ${why}`)
  const { secrets } = JSON.parse((await project.run(['status', '--json'])).stdout)
  const broken = secrets.flatMap(({ state, findings }: { state: string; findings: { message: string }[] }) =>
    state === 'violation' ? [findings[0]?.message.split(' ')[0]] : [],
  )
  expect(said.map((line) => line.split(' ')[0]).sort()).toEqual(broken.sort())
  expect(said).toContain('SESSION_SECRET has about 64 of 80 bits')
  expect(said).toContain('N8N_ENCRYPTION_KEY has 10 of 16 characters')
  expect(said).toContain('ASTERISK_ARI_PASSWORD is a published default')
  expect(init.stdout).toMatch(/^ {2}automatic .*health/m)
})
