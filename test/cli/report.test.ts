import { mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { newCase } from './changing/case.ts'

test.each([
  ['report.html', /^<!doctype html>\n[\s\S]*<h1>All \d secrets are in good order<\/h1>[\s\S]*<\/html>\n$/],
  ['report.csv', /^project,environment,secret,state,.*\r\n(?:.*\r\n)+$/],
  ['report.md', /^# .*all is well/],
  ['report.json', /^\{\n {2}"schema": "keyturn\/report@1"/],
  ['report.txt', /^.*all is well {2}/],
])('--output %s is of that format, for its owner alone, without any value', async (name, shape) => {
  await using c = await newCase()
  expect(await c.secrets(['report', '--output', name])).toMatchObject({ code: 0, stdout: `Written: ${name}\n`, stderr: '' })
  expect(c.project.read(name)).toMatch(shape)
  expect(statSync(c.project.path(name)).mode & 0o777).toBe(0o600)
  for (const value of Object.values(c.env()).filter((one) => (one ?? '').length > 8)) expect(c.project.read(name)).not.toContain(value)
  const before = c.project.read(name)
  // The format that is asked for wins over the name.
  await c.secrets(['report', '--format', 'csv', '--output', name])
  expect(c.project.read(name)).toMatch(/^project,environment/)
  expect(before).not.toBe('')
})

test('html and csv go to stdout as they are, with the status that --fail-on asks for', async () => {
  await using c = await newCase()
  await c.secrets(['set', 'empty', '--force'], { input: `${canary(8)}\n` })
  for (const [format, begin] of [
    ['html', '<!doctype html>'],
    ['csv', 'project,'],
  ] as const) {
    const { code, stdout } = await c.run(['report', '--format', format, '--fail-on', 'violation'])
    expect([code, stdout.startsWith(begin)]).toEqual([3, true])
  }
})

test('nothing but a file of its own is written over', async () => {
  await using c = await newCase()
  mkdirSync(c.project.path('folder'))
  symlinkSync('.env', c.project.path('link.html'))
  const env = readFileSync(c.project.path('.env'))
  for (const [name, why] of [
    ['folder', 'that is a folder'],
    ['link.html', 'that is no regular file'],
    ['/dev/null', 'that is no regular file'],
    ['secrets.yaml', 'this project lives on that file'],
    ['.env', 'this project lives on that file'],
    ['nowhere/report.html', 'there is no such folder'],
  ] as const) {
    const { code, stderr } = await c.run(['report', '--output', name])
    expect([name, code, stderr]).toEqual([name, 1, expect.stringContaining(why)])
  }
  expect(readFileSync(c.project.path('.env'))).toEqual(env)
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
})
