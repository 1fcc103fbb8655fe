import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { makeProject } from '../support/project.ts'

test('status and report read no value: they say the same with the store, its key and the env file gone', async () => {
  await using project = makeProject({ '.env': `JWT_SECRET=${canary()}\nASTERISK_ARI_PASSWORD=asterisk\nOTHER_PASSWORD=asterisk\n` })
  expect((await project.run(['init', '--yes', '.env'])).code).toBe(0)
  const at = ['--at', '2027-06-01T00:00Z', '--json']
  const before = await project.run(['status', ...at])
  expect(before.stdout).toContain('published default')
  let removed = 0
  for (const entry of readdirSync(project.home, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !(/\/store(\/|$)/.test(`${entry.parentPath}/`) || /identity|\.key|\.age/.test(entry.name))) continue
    rmSync(join(entry.parentPath, entry.name))
    removed += 1
  }
  expect(removed).toBeGreaterThan(3)
  rmSync(project.path('.env'))
  expect((await project.run(['get', 'JWT_SECRET'])).code).not.toBe(0)
  const after = await project.run(['status', ...at])
  expect([after.code, after.stdout, after.stderr]).toEqual([0, before.stdout, before.stderr])
  expect((await project.run(['report', '--json'])).code).toBe(0)
})
