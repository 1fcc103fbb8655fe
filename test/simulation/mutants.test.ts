import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { MUTANTS } from './mutants.ts'

const root = path.join(import.meta.dirname, '../..')
const tests = ['rules.test.ts', 'rules-health.test.ts'].map((file) => readFileSync(path.join(import.meta.dirname, file), 'utf8')).join('\n')

it.each(MUTANTS)('$rule ($what) still fits the source, so that test:mutants can take it out', ({ rule, file, search, replace }) => {
  expect(readFileSync(path.join(root, file), 'utf8').split(search)).toHaveLength(2)
  expect(replace).not.toBe(search)
  expect(tests).toContain(`it('${rule}`)
})

it('every failure rule has a mutant', () => {
  const numbers = new Set(MUTANTS.map(({ rule }) => Number(/^rule (\d+)/.exec(rule)?.[1])))
  expect([...numbers].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
})
