import { expect, it } from 'vitest'
import { enumerate } from './enumerate.ts'
import { SCENARIOS } from './scenario.ts'
import { thinned } from './thinned.ts'

const { overlap, noOverlap, turns, oneOutput } = SCENARIOS
const kinds = [overlap, noOverlap, turns, oneOutput]

it.each(kinds)('$name: killed at any point and then rolled back by a person, one value is left and it works', async (scenario) => {
  expect((await enumerate(scenario, 'rollback', { every: thinned(3) })).bad).toEqual([])
})

it.each(kinds)('$name: killed at any point and then called compromised, the old value is dead', async (scenario) => {
  expect((await enumerate(scenario, 'compromised', { every: thinned(3) })).bad).toEqual([])
})
