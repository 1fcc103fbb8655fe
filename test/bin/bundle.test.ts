import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { programFile } from '../support/program.ts'
import { makeProject } from '../support/project.ts'

test('the built program runs far from the tree, and knows its version', async () => {
  await using project = makeProject()
  const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }
  for (const build of ['release', 'test'] as const) {
    const { stdout, stderr, code } = await project.run(['--version'], { build })
    expect({ stdout, stderr, code }).toEqual({ stdout: `${version}\n`, stderr: '', code: 0 })
  }
  expect(project.leaks()).toEqual([])
})

test('a release cannot be told to kill itself, nor what time it is', () => {
  const release = allCode(programFile('release'))
  const variables = ['KEYTURN_TEST_KILL_AT', 'KEYTURN_TEST_KILL_WITH', 'KEYTURN_TEST_TRACE', 'KEYTURN_TEST_CLOCK_OFF']
  for (const variable of variables) {
    expect(release).not.toContain(variable)
    expect(allCode(programFile('test'))).toContain(variable)
  }
})

/** The file, and what it loads later. */
function allCode(file: string): string {
  const folder = file.replace(/\.cjs$/, '')
  return [file, ...readdirSync(folder).map((name) => path.join(folder, name))].map((name) => readFileSync(name, 'utf8')).join('')
}
