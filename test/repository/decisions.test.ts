import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const folder = path.join(import.meta.dirname, '../../docs/decisions')
const names = readdirSync(folder)
  .filter((name) => name !== 'README.md')
  .sort()
const read = (name: string) => readFileSync(path.join(folder, name), 'utf8')

test('decisions are numbered in one sequence, and the index has a line for each', () => {
  expect(names.map((name) => name.slice(0, 5))).toEqual(names.map((_, i) => `${String(i + 1).padStart(4, '0')}-`))
  const titles = names.map((name) => /^# (.*)\n/.exec(read(name))?.[1] ?? '')
  expect(
    read('README.md')
      .split('\n')
      .filter((line) => /^\d/.test(line)),
  ).toEqual(names.map((name, i) => titles[i]?.replace(/^\d+\. (.*)$/, `${i + 1}. [$1](${name})`)))
})

test('what decisions refer to is there', () => {
  const targets = names.flatMap((name) => [...read(name).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = '']) => target))
  expect(targets.filter((target) => target.endsWith('.md') && !readdirSync(path.join(folder, path.dirname(target))).includes(path.basename(target)))).toEqual(
    [],
  )
})
