import { describe, expect, test } from 'vitest'
import { makeProject } from '../support/project.ts'
import { programMissing } from './programs.ts'

describe.skipIf(await programMissing('git'))('git', () => {
  test('works in a project of its own, without the settings of whoever runs the tests', async () => {
    await using project = makeProject({ 'a.txt': 'a\n' })
    project.git('init')
    project.git('add', 'a.txt')
    project.git('commit', '-m', 'first')
    expect(project.git('ls-files').trim()).toBe('a.txt')
    expect(project.git('log', '--format=%an').trim()).toBe('Test')
  })
})
